package main

var fdConnect = []Mutant{
	{
		Name: "the socket is registered before connect",
		File: "fd/connect_linux.go",
		Old: `	switch err := sys.Connect(fd.sysfd, sa); err {
	case syscall.EINPROGRESS, syscall.EALREADY, syscall.EINTR:
	case nil, syscall.EISCONN:
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return nil, fd.Init(g)
	default:
		return nil, os.NewSyscallError("connect", err)
	}
	if err := fd.Init(g); err != nil {
		return nil, err
	}
`,
		New: `	if err := fd.Init(g); err != nil {
		return nil, err
	}
	switch err := sys.Connect(fd.sysfd, sa); err {
	case syscall.EINPROGRESS, syscall.EALREADY, syscall.EINTR:
	case nil, syscall.EISCONN:
		return nil, ctx.Err()
	default:
		return nil, os.NewSyscallError("connect", err)
	}
`,
		Breaks: "FD.Init: a socket that is not connected yet reports a hang-up",
		Tests:  []string{"./fd -run TestConnectedHoldsTheRule"},
	},
	{
		Name: "connect that a signal interrupts fails",
		File: "fd/connect_linux.go",
		Old: `	case syscall.EINPROGRESS, syscall.EALREADY, syscall.EINTR:
	case nil`,
		New: `	case syscall.EINPROGRESS, syscall.EALREADY:
	case nil`,
		Breaks: "EINTR means that the connection is being made",
		Tests:  []string{"./fd -run TestConnectInterrupted"},
	},
	{
		Name: "connect that says EISCONN fails",
		File: "fd/connect_linux.go",
		Old:  `case nil, syscall.EISCONN:`, New: `case nil:`,
		Breaks: "a socket that is connected is connected",
		Tests:  []string{"./dialer -run TestOddConnectResults"},
	},
	{
		Name: "a connection that is made at once passes over its context",
		File: "fd/connect_linux.go",
		Old: `		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return nil, fd.Init(g)`,
		New:    `		return nil, fd.Init(g)`,
		Breaks: "Connect: the error is ctx's if that is what ended it",
		Tests:  []string{"./internal/parity/errors -run TestDialCanceledByItsHook"},
	},
	{
		Name:   "a connection that its context came too late for keeps the deadline in the past",
		File:   "fd/connect_linux.go",
		Old:    `if !stop() && (err == nil || err == os.ErrDeadlineExceeded) { // DOC: dial-too-late`,
		New:    `if !stop() && err == os.ErrDeadlineExceeded { // DOC: dial-too-late`,
		Breaks: "golang/go#16523, golang/go#15035",
		Tests:  []string{"./dialer -run TestCancel|TestContextEndsLater|TestNoSuccess", "./fd -run TestConnectCancelAtAnyMoment"},
	},
	{
		Name: "a dial that its context ends says that a deadline passed",
		File: "fd/connect_linux.go",
		Old:  `(err == nil || err == os.ErrDeadlineExceeded)`, New: `(err == nil)`,
		Breaks: "Connect: the error is ctx's if that is what ended it",
		Tests:  []string{"./fd -run TestConnectContext"},
	},
	{
		Name:   "an edge is taken for a connection",
		File:   "fd/connect_linux.go",
		Old:    `known, _, err := sys.Writable(fd.sysfd) // DOC: really-connected`,
		New:    `known, err := true, error(nil) // DOC: really-connected`,
		Breaks: "golang/go#14548, golang/go#19289: an edge may be spurious (I6)",
		Tests:  []string{"./fd -run TestConnect"},
	},
	{
		Name: "connect believes an edge without asking for the peer's name",
		File: "fd/connect_linux.go",
		Old: `				if peer, err := sys.Getpeername(fd.sysfd); err == nil {
					return peer, nil
				}`,
		New:    `				return nil, nil`,
		Breaks: "golang/go#14548: SO_ERROR is 0 while the connection is being made",
		Tests:  []string{"./fd -run TestConnect", "./dialer -run TestSpurious|TestNoSpurious|TestSocketError|TestOdd"},
	},
	{
		Name: "a process without poll believes that it is connected at once",
		File: "fd/connect_linux.go",
		Old:  `known = edge //`, New: `known = edge || true //`,
		Breaks:     "golang/go#14548: SO_ERROR is 0 while the connection is being made",
		Tests:      []string{"./fd -run TestConnectWithoutPoll"},
		Equivalent: "the peer's name is asked for next, and there is none yet",
	},
	{
		Name: "a blocking socket from a Control hook stays so",
		File: "fd/connect_linux.go",
		Old:  `	if fd.mayBlock() { // by a Control hook`, New: `	if false { // by a Control hook`,
		Breaks: "Connect ends when its context does",
		Tests:  []string{"./internal/parity/file -run TestDialWhenItWouldBlock"},
	},
	{
		Name:       "a connection in progress that SO_ERROR tells of fails the dial",
		File:       "fd/connect_linux.go",
		Old:        `case errno != syscall.EINPROGRESS && errno != syscall.EALREADY && errno != syscall.EINTR:`,
		New:        `default:`,
		Breaks:     "golang/go#14548",
		Tests:      []string{"./fd -run TestConnect", "./dialer -run TestSocketError|TestOdd"},
		Equivalent: "Linux keeps none of these errors in a socket",
	},
}
