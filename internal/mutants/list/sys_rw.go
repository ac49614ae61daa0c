package list

var sysRw = []Mutant{
	{
		Name: "a read that a signal interrupts fails",
		File: "internal/sys/rw_linux.go",
		Old: `			return n, nil
		}
		if err != syscall.EINTR {
			if`,
		New: `			return n, nil
		}
		{
			if`,
		Breaks: "RecvFrom never returns EINTR",
		Tests:  []string{"./internal/sys"},
	},
	{
		Name: "a write that a signal interrupts fails",
		File: "internal/sys/rw_linux.go",
		Old: `		if err != syscall.EINTR {
			if to == nil {`,
		New: `		{
			if to == nil {`,
		Breaks: "SendTo never returns EINTR",
		Tests:  []string{"./internal/sys"},
	},
	{
		Name: "a read blocks where O_NONBLOCK was cleared",
		File: "internal/sys/rw_linux.go",
		Old: `				r, _, errno = syscall.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd),
					uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), unix.MSG_DONTWAIT,`,
		New: `				r, _, errno = syscall.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd),
					uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), 0,`,
		Breaks: "golang/go#43894: O_NONBLOCK may be cleared",
		Tests:  []string{"./internal/sys -run TestNeverBlocks"},
	},
	{
		Name: "a write blocks where O_NONBLOCK was cleared",
		File: "internal/sys/rw_linux.go",
		Old:  `const flags = unix.MSG_DONTWAIT | unix.MSG_NOSIGNAL`, New: `const flags = unix.MSG_NOSIGNAL`,
		Breaks: "golang/go#43894: O_NONBLOCK may be cleared",
		Tests:  []string{"./internal/sys -run TestNeverBlocks"},
	},
	{
		Name: "a write to a broken connection raises SIGPIPE",
		File: "internal/sys/rw_linux.go",
		Old:  `const flags = unix.MSG_DONTWAIT | unix.MSG_NOSIGNAL`, New: `const flags = unix.MSG_DONTWAIT`,
		Breaks: "a broken connection raises no SIGPIPE",
		Tests:  []string{"./internal/sys -run TestNoSIGPIPE"},
	},
	{
		Name: "a large transfer is raw",
		File: "internal/sys/rw_linux.go",
		Old:  `RawCalls Calls = 64 << 10`, New: `RawCalls Calls = 16 << 20`,
		Breaks: "raw calls are up to 64 KiB only",
		Tests:  []string{"./internal/sys -run TestTransferSizes"},
	},
	{
		Name: "an empty transfer is raw where memory may fault",
		File: "internal/sys/rw_linux.go",
		Old:  `OrdinaryCalls Calls = -1`, New: `OrdinaryCalls Calls = 0`,
		Breaks:     "OrdinaryCalls are never raw",
		Tests:      []string{"./internal/sys -run TestTransferSizes"},
		Equivalent: "a transfer of nothing touches no memory",
	},
	{
		Name: "a packet that cannot be received has the sender of the last one",
		File: "internal/sys/rw_linux.go",
		Old: `			if size != nil {
				*size = 0
			}
			return 0, err`,
		New:    `			return 0, err`,
		Breaks: "RecvFrom that fails returns no address",
		Tests:  []string{"./internal/sys -run TestPacketsNeverBlock"},
	},
}
