package list

var fdBulk = []Mutant{
	{
		Name: "a buffer that is done is kept, empty",
		File: "fd/bulk_linux.go",
		Old:  `if int64(len(*first)) > n {`, New: `if int64(len(*first)) >= n {`,
		Breaks: "Writev: buffers that are done are dropped",
		Tests:  []string{"./fd -run TestWritev"},
	},
	{
		Name: "Writev takes nothing off its buffers",
		File: "fd/bulk_linux.go",
		Old: `		consume(v, int64(n))
`,
		New:    "",
		Breaks: "Writev takes what was written off v",
		Tests:  []string{"./fd -run TestWritev"},
	},
	{
		Name: "Writev gives the kernel more buffers than it takes",
		File: "fd/bulk_linux.go",
		Old:  `len(iovs) == sys.MaxIovecs || `, New: ``,
		Breaks: "UIO_MAXIOV",
		Tests:  []string{"./fd -run TestWritev"},
	},
	{
		Name: "Writev does not know how many bytes it has gathered",
		File: "fd/bulk_linux.go",
		Old: `		size += n
`,
		New:    "",
		Breaks: "a large call is not raw, and no call takes more than 1 GiB",
		Tests:  []string{"./fd -run TestGather"},
	},
	{
		Name:   "SendFile sends more than the limit",
		File:   "fd/bulk_linux.go",
		Old:    `n, err := sys.SendFile(fd.sysfd, file, int(min(limit-nn, maxTransfer)))`,
		New:    `n, err := sys.SendFile(fd.sysfd, file, int(min(limit, maxTransfer)))`,
		Breaks: "SendFile: up to limit bytes",
		Tests:  []string{"./fd -run TestSendFile"},
	},
	{
		Name: "SendFile blocks where O_NONBLOCK was cleared",
		File: "fd/bulk_linux.go",
		Old: `		if fd.mayBlock() {
			return nn, false, nil
		}
		n, err := sys.SendFile`,
		New:    `		n, err := sys.SendFile`,
		Breaks: "SendFile leaves to Write what would block",
		Tests:  []string{"./internal/parity/file -run TestCopyWhenItWouldBlock"},
	},
	{
		Name: "a file that the kernel cannot send from is not sent",
		File: "fd/bulk_linux.go",
		Old:  `return nn, nn > 0, err`, New: `return nn, true, err`,
		Breaks: "SendFile reports handled false if the kernel cannot send from such a file",
		Tests:  []string{"./fd -run TestSendFile", "./conn -run TestCopyFallsBack"},
	},
	{
		Name: "SendFile passes over the error that a wait has kept",
		File: "fd/bulk_linux.go",
		Old: `	if err := fd.owed(polldesc.Write); err != nil {
		return 0, true, err // no later Write will return it
	}
`,
		New:    "",
		Breaks: "WaitWritable keeps an error for the next call that writes",
		Tests:  []string{"./fd -run TestKeptErrorIsToldBySendFile"},
	},
	{
		Name: "a pipe that holds what nobody took is used again",
		File: "fd/bulk_linux.go",
		Old: `		p.full = true
`,
		New:    "",
		Breaks: "put gives an empty pipe back: no byte of one connection gets into another",
		Tests:  []string{"./fd -run TestSplice|TestPipes"},
	},
	{
		Name: "a pipe that was emptied counts as full",
		File: "fd/bulk_linux.go",
		Old: `		p.full = false
`,
		New:    "",
		Breaks: "pipes keeps empty pipes for the next Splice",
		Tests:  []string{"./fd -run TestPipesAreKept"},
	},
	{
		Name: "a full pipe is dropped and not closed",
		File: "fd/bulk_linux.go",
		Old: `		closePipe([2]int{p.r, p.w})
		return`,
		New:    `		return`,
		Breaks: "no descriptor is left",
		Tests:  []string{"./fd -run TestFailedSplice"},
	},
	{
		Name: "a full pipe is closed twice",
		File: "fd/bulk_linux.go",
		Old: `		p.drop.Stop()
`,
		New:    "",
		Breaks: "HB-6: no system call meets a number that was given away",
		Tests:  []string{"./fd -run TestFailedSplice"},
	},
	{
		Name:   "Splice asks about a descriptor that may be closed",
		File:   "fd/bulk_linux.go",
		Old:    `if src.mayBlockUnlocked() || dst.mayBlockUnlocked() {`,
		New:    `if src.mayBlock() || dst.mayBlockUnlocked() {`,
		Breaks: "HB-6: no system call meets a number that was given away",
		Tests:  []string{"./fd -run TestSpliceAsksNoClosedSource"},
	},
	{
		Name: "Splice moves more than the limit",
		File: "fd/bulk_linux.go",
		Old:  `int(min(limit-nn, pipeSize))`, New: `int(min(limit, pipeSize))`,
		Breaks: "Splice: up to limit bytes",
		Tests:  []string{"./fd -run TestSpliceKeepsItsLimit"},
	},
	{
		Name: "Splice stops at an urgent byte",
		File: "fd/bulk_linux.go",
		Old:  `return (end || err == syscall.EAGAIN && fd.mayBeAtMark()) && sys.AtMark(fd.sysfd)`, New: `return false && end`,
		Breaks: "a splice passes over the urgent byte",
		Tests:  []string{"./fd -run TestSplice.*Urgent"},
	},
	{
		Name: "Splice reads where O_NONBLOCK was cleared, and blocks",
		File: "fd/bulk_linux.go",
		Old: `	if fd.mayBlock() {
		return fd.fillByRead(p, n)
	}
`,
		New:    "",
		Breaks: "golang/go#43894: O_NONBLOCK may be cleared",
		Tests:  []string{"./fd -run TestSpliceDoesNotBlock"},
	},
	{
		Name: "what is left in the pipe is counted wrong",
		File: "fd/bulk_linux.go",
		Old:  `return nn + rest, err`, New: `return rest, err`,
		Breaks: "Splice returns how much was moved",
		Tests:  []string{"./fd -run TestSpliceCountsWhatItMovedBefore"},
	},
}
