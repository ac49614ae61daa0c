package list

var sysSocket = []Mutant{
	{
		Name: "a socket survives exec",
		File: "internal/sys/socket_linux.go",
		Old:  `sotype|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC`, New: `sotype|unix.SOCK_NONBLOCK`,
		Breaks: "panjf2000/gnet 58d255ff: descriptors are close-on-exec",
		Tests:  []string{"./internal/sys -run TestDescriptorFlags"},
	},
	{
		Name: "an accepted connection survives exec",
		File: "internal/sys/socket_linux.go",
		Old:  `flags = syscall.SOCK_NONBLOCK | syscall.SOCK_CLOEXEC`, New: `flags = syscall.SOCK_NONBLOCK`,
		Breaks: "panjf2000/gnet 58d255ff: descriptors are close-on-exec",
		Tests:  []string{"./internal/sys -run TestDescriptorFlags"},
	},
	{
		Name: "an accepted connection blocks",
		File: "internal/sys/socket_linux.go",
		Old:  `flags = syscall.SOCK_NONBLOCK | syscall.SOCK_CLOEXEC`, New: `flags = syscall.SOCK_CLOEXEC`,
		Breaks: "sockets are created non-blocking",
		Tests:  []string{"./internal/sys -run TestDescriptorFlags"},
	},
	{
		Name: "an accept that a signal interrupts fails",
		File: "internal/sys/socket_linux.go",
		Old: `		if err != syscall.EINTR {
			return nfd, peer, err
		}`,
		New:    `		return nfd, peer, err`,
		Breaks: "Accept never returns EINTR",
		Tests:  []string{"./internal/sys -run TestEINTR"},
	},
	{
		Name: "a close that a signal interrupts fails",
		File: "internal/sys/socket_linux.go",
		Old: `	if err != syscall.EINTR {
		return err
	}
	return nil
`,
		New: `	return err
`,
		Breaks: "Linux has closed the descriptor even when it says EINTR",
		Tests:  []string{"./internal/sys -run TestCloseFD"},
	},
	{
		Name: "a duplicate survives exec",
		File: "internal/sys/socket_linux.go",
		Old:  `unix.F_DUPFD_CLOEXEC`, New: `unix.F_DUPFD`,
		Breaks: "Dup returns a duplicate, close-on-exec",
		Tests:  []string{"./internal/sys -run TestDescriptorFlags"},
	},
}
