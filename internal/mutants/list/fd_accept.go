package list

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
		Old:  `!is && err == nil && sys.Listens(fd.sysfd)`, New: `is && !is && err == nil`,
		Breaks: "golang/go#43894: O_NONBLOCK may be cleared",
		Tests:  []string{"./internal/parity/file -run TestAcceptWhenItWouldBlock"},
	},
	{
		Name: "the accept4 of an exposed listener is raw",
		File: "fd/accept_linux.go",
		Old:  `	return sys.OrdinaryCalls.Accept`, New: `	return fd.calls.Accept`,
		Breaks: "accept: a raw call that blocks stops the program",
		Tests:  []string{searchFD},
	},
}
