package list

var sysBatch = []Mutant{
	{
		Name: "a batch keeps its caller's buffers",
		File: "internal/sys/batch_linux.go",
		Old: `	clear(b.iovs)
`,
		New:    "",
		Breaks: "Free leaves no pointer to anybody's buffers",
		Tests:  []string{"./internal/sys -run TestFreedBatchIsClean"},
	},
	{
		Name: "a batch has room for fewer buffers than it is asked for",
		File: "internal/sys/batch_linux.go",
		Old:  `b.iovs = slices.Grow(b.iovs, buffers)`, New: `b.iovs = slices.Grow(b.iovs, buffers/2)`,
		Breaks:     "the packets of a batch point to each other",
		Tests:      []string{"./internal/sys -run TestBatches", "./conn -run TestBatch"},
		Equivalent: "a packet keeps the array that it points to",
	},
	{
		Name: "a batch is received without room for addresses the second time",
		File: "internal/sys/batch_linux.go",
		Old: `	for i := range b.hdrs {
		b.hdrs[i].hdr.Namelen = uint32(unsafe.Sizeof(b.addrs[i].any))
	}
`,
		New:    "",
		Breaks: "RecvBatch: the address of each packet",
		Tests:  []string{"./internal/sys -run TestBatches"},
	},
	{
		Name: "a batch to a broken connection raises SIGPIPE",
		File: "internal/sys/batch_linux.go",
		Old:  `uintptr(flags|unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL), 0, 0)`, New: `uintptr(flags|unix.MSG_DONTWAIT), 0, 0)`,
		Breaks:     "a broken connection raises no SIGPIPE",
		Tests:      []string{"./internal/sys -run TestBatches"},
		Equivalent: "a socket of packets has no SIGPIPE",
	},
}
