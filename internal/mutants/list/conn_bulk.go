package list

var connBulk = []Mutant{
	{
		Name: "a LimitedReader keeps what was sent in the kernel",
		File: "conn/bulk_linux.go",
		Old: `		defer func() { limited.N -= n }()
`,
		New:    "",
		Breaks: "ReadFrom takes what was written off an io.LimitedReader",
		Tests:  []string{"./internal/parity/copy -run TestReadFromLikeNet"},
	},
	{
		Name: "ReadFrom counts only what did not go through the kernel",
		File: "conn/bulk_linux.go",
		Old: `		rest, err = io.Copy(struct{ io.Writer }{c}, r)
		n += rest`,
		New: `		rest, err = io.Copy(struct{ io.Writer }{c}, r)
		n = rest`,
		Breaks: "ReadFrom returns how much was written",
		Tests:  []string{"./conn -run TestCountOfCopyThatLeavesTheKernel"},
	},
	{
		Name: "a LimitedReader of nothing sends all",
		File: "conn/bulk_linux.go",
		Old:  `if limited.N <= 0 {`, New: `if limited.N < 0 {`,
		Breaks:     "a limit of 0 is one",
		Tests:      []string{"./internal/parity/copy -run TestReadFromLikeNet"},
		Equivalent: "to move nothing moves nothing",
	},
	{
		Name: "packets of a Unix socket are spliced",
		File: "conn/bulk_linux.go",
		Old:  `if v.ok() && v.fd.sotype == syscall.SOCK_STREAM {`, New: `if v.ok() {`,
		Breaks: "the data of a Unix stream stays in the kernel",
		Tests:  []string{"./internal/parity/copy -run TestReadFromLikeNet|TestWriteToLikeNet"},
	},
	{
		Name: "a copy to a TimeoutConn leaves the kernel",
		File: "conn/bulk_linux.go",
		Old: `	case *TimeoutConn:
		return stream(v.Conn)
`,
		New:    "",
		Breaks: "the data stays in the kernel where it would without the limits",
		Tests:  []string{"./conn -run TestLimitedCopyStaysInKernel"},
	},
}
