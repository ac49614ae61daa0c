package list

var sysBulk = []Mutant{
	{
		Name: "buffers that are sent at once block where O_NONBLOCK was cleared",
		File: "internal/sys/bulk_linux.go",
		Old:  `c.message(unix.SYS_SENDMSG, fd, &msg, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, size)`, New: `c.message(unix.SYS_SENDMSG, fd, &msg, unix.MSG_NOSIGNAL, size)`,
		Breaks: "golang/go#43894: O_NONBLOCK may be cleared",
		Tests:  []string{"./internal/sys -run TestNeverBlocks"},
	},
	{
		Name: "a splice that a signal interrupts fails",
		File: "internal/sys/bulk_linux.go",
		Old: `			return moved, nil
		}
		if err != syscall.EINTR {
			return 0, err
		}`,
		New: `			return moved, nil
		}
		return 0, err`,
		Breaks: "cloudwego/netpoll#212: Splice never returns EINTR",
		Tests:  []string{"./fd -run TestBulkInterrupted"},
	},
	{
		Name: "a pipe survives exec",
		File: "internal/sys/bulk_linux.go",
		Old:  `unix.O_CLOEXEC|unix.O_NONBLOCK`, New: `unix.O_NONBLOCK`,
		Breaks: "descriptors are close-on-exec",
		Tests:  []string{"./internal/sys -run TestDescriptorFlags"},
	},
	{
		Name: "a pipe blocks",
		File: "internal/sys/bulk_linux.go",
		Old:  `unix.O_CLOEXEC|unix.O_NONBLOCK`, New: `unix.O_CLOEXEC`,
		Breaks: "Pipe returns non-blocking ends",
		Tests:  []string{"./internal/sys -run TestDescriptorFlags"},
	},
}
