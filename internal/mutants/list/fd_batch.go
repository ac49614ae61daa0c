package list

var fdBatch = []Mutant{
	{
		Name: "a batch that must not wait waits",
		File: "fd/batch_linux.go",
		Old: `		n, err = sys.RecvBatch(fd.sysfd, b, flags)
		fd.note(tracer.Recv, n, err)
		if err == syscall.EAGAIN && flags&syscall.MSG_DONTWAIT == 0 {`,
		New: `		n, err = sys.RecvBatch(fd.sysfd, b, flags)
		fd.note(tracer.Recv, n, err)
		if err == syscall.EAGAIN {`,
		Breaks: "ReadBatch with MSG_DONTWAIT fails with EAGAIN instead",
		Tests:  []string{"./fd -run TestBatchesThatDoNotWait"},
	},
	{
		Name: "a batch that waits for room watches the reading side",
		File: "fd/batch_linux.go",
		Old:  `fd.waitEdge(polldesc.Write)`, New: `fd.waitEdge(polldesc.Read)`,
		Breaks: "I1: one owner a side",
		Tests:  []string{"./fd -run TestBatchesWhileParking|TestWriteBatch"},
	},
}
