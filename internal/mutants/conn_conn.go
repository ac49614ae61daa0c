package main

var connConn = []Mutant{
	{
		Name: "a connection that is read is garbage",
		File: "conn/conn_linux.go",
		Old: `	n, err := c.fd.pfd.Read(b)
	runtime.KeepAlive(c.fd)
`,
		New: `	n, err := c.fd.pfd.Read(b)
`,
		Breaks:     "a socket is closed by the garbage collector only when nobody refers to it",
		Tests:      []string{"./conn -run TestReadKeepsAlive"},
		Equivalent: "the error path refers to it, so the compiler keeps it",
	},
	{
		Name: "the end of a stream comes in a net.OpError",
		File: "conn/conn_linux.go",
		Old: `	if err != nil && err != io.EOF {
		err = c.opError("read"`,
		New: `	if err != nil {
		err = c.opError("read"`,
		Breaks: "io.EOF comes bare, as net's",
		Tests:  []string{"./internal/parity/errors -run TestErrorsOfConn", "./internal/parity/file -run TestFileOfEveryKind"},
	},
	{
		Name: "an error has its addresses the wrong way round",
		File: "conn/conn_linux.go",
		Old:  `Net: c.fd.network, Source: c.fd.laddr, Addr: c.fd.raddr, Err: err}`, New: `Net: c.fd.network, Source: c.fd.raddr, Addr: c.fd.laddr, Err: err}`,
		Breaks: "the same calls fail with the same errors as net's",
		Tests:  []string{"./internal/parity/errors -run TestErrorsOfConn"},
	},
	{
		Name: "SetWriteDeadline sets the read deadline",
		File: "conn/conn_linux.go",
		Old:  `return c.set((*fd.FD).SetWriteDeadline, t)`, New: `return c.set((*fd.FD).SetReadDeadline, t)`,
		Breaks: "SetWriteDeadline sets the deadline of Write",
		Tests:  []string{"./internal/parity/errors -run TestErrorsOfWaiting|TestCountOfWriteTimeout"},
	},
	{
		Name: "SetWriteBuffer sets the receive buffer",
		File: "conn/conn_linux.go",
		Old:  `c.setBuffer(syscall.SO_SNDBUF, bytes)`, New: `c.setBuffer(syscall.SO_RCVBUF, bytes)`,
		Breaks: "SO_SNDBUF",
		Tests:  []string{"./internal/parity/options -run TestSetBuffers"},
	},
}
