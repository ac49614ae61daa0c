package list

var sysEpoll = []Mutant{
	{
		Name: "an epoll instance survives exec",
		File: "internal/sys/epoll_linux.go",
		Old:  `unix.EpollCreate1(unix.EPOLL_CLOEXEC)`, New: `unix.EpollCreate1(0)`,
		Breaks: "descriptors are close-on-exec",
		Tests:  []string{"./internal/sys -run TestDescriptorFlags"},
	},
	{
		Name: "a wait for less than a millisecond is none",
		File: "internal/sys/epoll_linux.go",
		Old: `	if d%time.Millisecond != 0 {
		ms++
	}
`,
		New:    "",
		Breaks: "timeoutMillis rounds up, so that a wait is never short",
		Tests:  []string{"./internal/sys -run TestTimeoutMillis"},
	},
	{
		Name: "a wait for a month overflows",
		File: "internal/sys/epoll_linux.go",
		Old:  `return int(min(ms, math.MaxInt32))`, New: `return int(int32(min(ms, math.MaxInt64)))`,
		Breaks: "timeoutMillis rounds down to what an int32 holds",
		Tests:  []string{"./internal/sys -run TestTimeoutMillis"},
	},
	{
		Name: "a kernel without epoll_pwait2 ends the program",
		File: "internal/sys/epoll_linux.go",
		Old:  `if errno == 0 || errno == unix.EINTR {`, New: `if true {`,
		Breaks: "the kernel may lack epoll_pwait2, or a filter deny it",
		Tests:  []string{"./poller -run TestWithoutPwait2"},
	},
	{
		Name: "a filter that comes to deny epoll_pwait2 ends the program",
		File: "internal/sys/epoll_linux.go",
		Old:  `if errno == 0 || errno == unix.EINTR {`, New: `if errno != unix.ENOSYS {`,
		Breaks: "the kernel may lack epoll_pwait2, or a filter deny it",
		Tests:  []string{"./internal/sys -run TestEpollWaitIsDeniedLater"},
	},
	{
		Name: "a wait that a signal interrupts ends the program",
		File: "internal/sys/epoll_linux.go",
		Old: `	case unix.EINTR:
		return 0
	}`,
		New:    `	}`,
		Breaks: "EINTR ends an EpollWait early",
		Tests:  []string{"./internal/sys -run TestInterruptedWait"},
	},
	{
		Name: "a wake-up that a signal interrupts is lost",
		File: "internal/sys/epoll_linux.go",
		Old: `	case unix.EINTR:
		return false
	}
	panic(fmt.Sprintf("eventfd`,
		New: `	case unix.EINTR:
		return true
	}
	panic(fmt.Sprintf("eventfd`,
		Breaks: "a call that is lost is a goroutine that sleeps on",
		Tests:  []string{"./internal/sys -run TestEventfdErrors"},
	},
	{
		Name: "a wake-up through a descriptor that was closed is lost in silence",
		File: "internal/sys/epoll_linux.go",
		Old:  `	panic(fmt.Sprintf("eventfd %d: %v", fd, errno)) // a bug: it is closed`, New: `	_ = fmt.Sprintf
	return true`,
		Breaks: "an error that should not be does not pass in silence",
		Tests:  []string{"./internal/sys -run TestEventfdErrors"},
	},
	{
		Name: "the words of user data change places",
		File: "internal/sys/epoll_linux.go",
		Old: `	err := failed(CallEpollCtl, fd)
	if err == nil {
		ev := EpollEvent{Events: events, Fd: lo, Pad: hi}
		err = unix.EpollCtl(epfd`,
		New: `	err := failed(CallEpollCtl, fd)
	if err == nil {
		ev := EpollEvent{Events: events, Fd: hi, Pad: lo}
		err = unix.EpollCtl(epfd`,
		Breaks: "golang/go#72900: what epoll carries for us",
		Tests:  []string{"./fd -run TestEPOLLOUT"},
	},
	{
		Name: "a timeout of a negative time is none",
		File: "internal/sys/epoll_linux.go",
		Old: `	if timeout >= 0 {
		ts = &`,
		New: `	if true {
		ts = &`,
		Breaks: "EpollWait: a negative timeout never passes",
		Tests:  []string{"./internal/sys -run TestEpollWait"},
	},
	{
		Name: "a wake-up is lost in a full counter",
		File: "internal/sys/epoll_linux.go",
		Old:  `errno == unix.EAGAIN && emptied < mostEmptied`, New: `errno == unix.EAGAIN && emptied > mostEmptied`,
		Breaks: "Notify: one that is full is emptied first",
		Tests:  []string{"./internal/sys -run TestNotifyOfFullCounter"},
	},
}
