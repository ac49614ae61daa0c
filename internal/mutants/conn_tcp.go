package main

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
		Old: `	_ = c.SetNoDelay(true)
`,
		New:    "",
		Breaks: "NewTCPConn: Nagle's algorithm off",
		Tests:  []string{"./internal/parity/options -run TestSocketOptions"},
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
