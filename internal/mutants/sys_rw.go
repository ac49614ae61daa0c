package main

var sysRw = []Mutant{
	{
		Name: "a read that a signal interrupts fails",
		File: "internal/sys/rw_linux.go",
		Old: `			raceReadDone(fd, p[:n])
			return n, nil
		}
		if err != syscall.EINTR {
			return 0, err
		}`,
		New: `			raceReadDone(fd, p[:n])
			return n, nil
		}
		return 0, err`,
		Breaks: "Read never returns EINTR",
		Tests:  []string{"./internal/sys"},
	},
	{
		Name: "a write that a signal interrupts fails",
		File: "internal/sys/rw_linux.go",
		Old: `		if err == nil {
			return n, nil
		}
		if err != syscall.EINTR {
			return 0, err
		}`,
		New:    `		return n, err`,
		Breaks: "Write never returns EINTR",
		Tests:  []string{"./internal/sys"},
	},
	{
		Name: "a read blocks where O_NONBLOCK was cleared",
		File: "internal/sys/rw_linux.go",
		Old:  `c.transfer(unix.SYS_RECVFROM, fd, p, unix.MSG_DONTWAIT)`, New: `c.transfer(unix.SYS_RECVFROM, fd, p, 0)`,
		Breaks: "golang/go#43894: O_NONBLOCK may be cleared",
		Tests:  []string{"./internal/sys -run TestNeverBlocks"},
	},
	{
		Name: "a write blocks where O_NONBLOCK was cleared",
		File: "internal/sys/rw_linux.go",
		Old:  `unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL) // DOC: sendto`, New: `unix.MSG_NOSIGNAL) // DOC: sendto`,
		Breaks: "golang/go#43894: O_NONBLOCK may be cleared",
		Tests:  []string{"./internal/sys -run TestNeverBlocks"},
	},
	{
		Name: "a write to a broken connection raises SIGPIPE",
		File: "internal/sys/rw_linux.go",
		Old:  `unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL) // DOC: sendto`, New: `unix.MSG_DONTWAIT) // DOC: sendto`,
		Breaks: "a broken connection raises no SIGPIPE",
		Tests:  []string{"./internal/sys -run TestNoSIGPIPE"},
	},
	{
		Name: "a large transfer is raw",
		File: "internal/sys/rw_linux.go",
		Old:  `RawCalls Calls = 16 << 10`, New: `RawCalls Calls = 16 << 20`,
		Breaks: "raw calls are up to 16 KiB only",
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
}
