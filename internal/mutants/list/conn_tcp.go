package list

var connTcp = []Mutant{
	{
		Name: "CloseWrite shuts down the reading side",
		File: "conn/tcp_linux.go",
		Old:  `func (c *TCPConn) CloseWrite() error { return c.shutdown(syscall.SHUT_WR) }`, New: `func (c *TCPConn) CloseWrite() error { return c.shutdown(syscall.SHUT_RD) }`,
		Breaks: "CloseWrite: the peer reads io.EOF",
		Tests:  []string{"./conn -run TestCloseWrite"},
	},
	{
		Name: "a TCP connection has Nagle's algorithm",
		File: "conn/tcp_linux.go",
		Old: `	err := c.SetNoDelay(true)
`,
		New: `	var err error
`,
		Breaks: "NewTCPConn: Nagle's algorithm off",
		Tests:  []string{"./internal/parity/options -run TestSocketOptions"},
	},
	{
		Name: "a connection of an exposed listener keeps what others have set",
		File: "conn/tcp_linux.go",
		Old:  `if !f.passesOn || f.pfd.InheritsExposed() {`, New: `if !f.passesOn {`,
		Breaks: "NewTCPConn: anyone may have changed the options of an exposed listener",
		Tests:  []string{"./internal/parity/options -run TestOptionsThatOthersSet"},
	},
	{
		Name: "options that the listener has not are left out",
		File: "conn/tcp_linux.go",
		Old:  `	f.passesOn = (&TCPConn{conn{f}}).setOptions(idle, config) == nil // DOC: pass-on`,
		New: `	_ = (&TCPConn{conn{f}}).setOptions(idle, config) // DOC: pass-on
	f.passesOn = true`,
		Breaks: "passOn: each connection is given its own",
		Tests:  []string{"./conn -run TestOptionsThatTheListenerCannotHave"},
	},
	{
		Name: "each connection is given the options that it has",
		File: "conn/tcp_linux.go",
		Old:  `if !f.passesOn || f.pfd.InheritsExposed() {`, New: `if true {`,
		Breaks: "passOn: the connections inherit them",
		Tests:  []string{"./conn -run TestOptionsAreInherited"},
	},
	{
		Name: "a negative KeepAlive sends probes",
		File: "conn/tcp_linux.go",
		Old:  `if !config.Enable && idle >= 0 {`, New: `if !config.Enable {`,
		Breaks: "KeepAlive: a negative value means no probes",
		Tests:  []string{"./internal/parity/options -run TestSocketOptions"},
	},
	{
		Name: "a keep-alive time is rounded down",
		File: "conn/tcp_linux.go",
		Old:  `int((d+time.Second-1)/time.Second)`, New: `int(d/time.Second)`,
		Breaks: "SetKeepAlivePeriod: rounded up to seconds",
		Tests:  []string{"./internal/parity/options -run TestSetters|TestSocketOptions"},
	},
	{
		Name: "a keep-alive count of 0 is none",
		File: "conn/tcp_linux.go",
		Old: `		count = defaultKeepAliveCount
`,
		New: `		return nil
`,
		Breaks: "SetKeepAliveConfig: in each field 0 means the default",
		Tests:  []string{"./internal/parity/options -run TestKeepAliveCountOfZero"},
	},
	{
		Name: "a linger of 0 is none",
		File: "conn/tcp_linux.go",
		Old:  `if sec < 0 {`, New: `if sec <= 0 {`,
		Breaks: "SetLinger: 0 discards what was not sent and resets the connection",
		Tests:  []string{"./conn -run TestCloseResets"},
	},
}
