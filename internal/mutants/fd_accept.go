package main

var fdAccept = []Mutant{
	{
		Name: "an aborted connection fails Accept",
		File: "fd/accept_linux.go",
		Old: `		case syscall.ECONNABORTED:
`,
		New:    "",
		Breaks: "Accept passes over a connection that was aborted in the queue",
		Tests:  []string{"./fd -run TestAcceptFaults"},
	},
	{
		Name: "a listener that may block does not ask for a connection first",
		File: "fd/accept_linux.go",
		Old: `		return fd.calls.Accept(fd.sysfd)
	}
`,
		New: `		return fd.calls.Accept(fd.sysfd)
	}
	if true {
		return sys.OrdinaryCalls.Accept(fd.sysfd)
	}
`,
		Breaks: "golang/go#43894: O_NONBLOCK may be cleared",
		Tests:  []string{"./internal/parity/file -run TestAcceptWhenItWouldBlock"},
	},
}
