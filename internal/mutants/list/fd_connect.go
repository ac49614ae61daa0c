package list

var fdConnect = []Mutant{
	{
		Name: "the socket is registered before connect",
		File: "fd/connect_linux.go",
		Old: `	done, err := fd.connect(sa)
	if err == nil {
		err = ctx.Err() // even if the peer has refused meanwhile, as in package net
	}
	if err != nil {
		return err
	}
	if err := fd.Init(g); err != nil {
		return err
	}
`,
		New: `	if err := fd.Register(g); err != nil {
		return err
	}
	done, err := fd.connect(sa)
	if err == nil {
		err = ctx.Err() // even if the peer has refused meanwhile, as in package net
	}
	if err != nil {
		return err
	}
`,
		Breaks: "FD.Init: a socket that is not connected yet reports a hang-up",
		Tests:  []string{"./fd -run TestConnectedHoldsTheRule"},
	},
	{
		Name:   "connect that a signal interrupts fails",
		File:   "fd/connect_linux.go",
		Old:    `	case syscall.EINPROGRESS, syscall.EALREADY, syscall.EINTR:`,
		New:    `	case syscall.EINPROGRESS, syscall.EALREADY:`,
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
		Name: "a connection that is made or refused at once passes over its context",
		File: "fd/connect_linux.go",
		Old: `		err = ctx.Err() // even if the peer has refused meanwhile, as in package net
`,
		New:    "",
		Breaks: "Connect: the error is ctx's if that is what ended it",
		Tests:  []string{"./dialer -run TestCanceledBeforeItIsRefused", "./internal/parity/errors -run TestDialCanceledByItsHook"},
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
		Name: "an edge is taken for a connection",
		File: "fd/connect_linux.go",
		Old: `		if err := fd.waitEdge(polldesc.Write); err != nil {
			return err
		}
`,
		New: `		return fd.waitEdge(polldesc.Write)
`,
		Breaks: "golang/go#14548, golang/go#19289: an edge may be spurious (I6)",
		Tests:  []string{"./fd -run TestConnect"},
	},
	{
		Name: "a blocking socket from a Control hook stays so",
		File: "fd/connect_linux.go",
		Old:  `	if fd.mayBlock() { // by a Control hook`, New: `	if false { // by a Control hook`,
		Breaks: "Connect ends when its context does",
		Tests:  []string{"./internal/parity/file -run TestDialWhenItWouldBlock"},
	},
}
