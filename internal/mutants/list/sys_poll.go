package list

var sysPoll = []Mutant{
	{
		Name: "a message in the error queue is something to read",
		File: "internal/sys/poll_linux.go",
		Old:  `return got&^unix.POLLERR != 0,`, New: `return got != 0,`,
		Breaks: "an error in the error queue is one of which a read takes no notice",
		Tests:  []string{"./fd -run TestTimeStamps"},
	},
	{
		Name: "the end of the stream is nothing to read",
		File: "internal/sys/poll_linux.go",
		Old:  `return ready(fd, unix.POLLIN|unix.POLLRDHUP)`, New: `return ready(fd, unix.POLLIN)`,
		Breaks:     "Readable: data, or an end",
		Tests:      []string{"./fd -run TestNotifyOfEverything|TestWaitReadable"},
		Equivalent: "Linux shows POLLIN at the end of a stream too",
	},
	{
		Name: "a hang-up is not one",
		File: "internal/sys/poll_linux.go",
		Old:  `return events&(unix.POLLRDHUP|unix.POLLHUP) != 0, err`, New: `return events&unix.POLLRDHUP != 0, err`,
		Breaks: "HungUp: or the connection is broken",
		Tests:  []string{"./fd -run TestPeerClosed"},
	},
	{
		Name: "a peek takes what is there",
		File: "internal/sys/poll_linux.go",
		Old:  `unix.MSG_PEEK|unix.MSG_DONTWAIT`, New: `unix.MSG_DONTWAIT`,
		Breaks: "Peek takes no data",
		Tests:  []string{"./internal/sys -run TestPeekTakesNothing"},
	},
	{
		Name: "a poll that a signal interrupts fails",
		File: "internal/sys/poll_linux.go",
		Old: `		case syscall.EINTR:
			continue
		}
`,
		New: `		}
`,
		Breaks:     "a call that a signal interrupts is made again",
		Tests:      []string{"./internal/sys -run TestEINTR", "./fd -run TestNotify"},
		Equivalent: "an epoll instance answers then, at more cost",
	},
	{
		Name: "a poll that is denied has no other way",
		File: "internal/sys/poll_linux.go",
		Old:  `epollNow(fd, events); err == nil {`, New: `epollNow(fd, events); err != nil {`,
		Breaks: "a filter may deny poll, but not epoll, which says the same",
		Tests:  []string{"./internal/sys -run TestWithoutPoll"},
	},
	{
		Name: "a poll by epoll leaves its descriptor",
		File: "internal/sys/poll_linux.go",
		Old: `	defer CloseFD(epfd)
`,
		New:    "",
		Breaks: "no descriptor is left",
		Tests:  []string{"./internal/sys -run TestWithoutPoll"},
	},
}
