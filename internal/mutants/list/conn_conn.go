package list

var connConn = []Mutant{
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
		Old:  `return f.OpError(op, f.laddr, f.raddr, err)`, New: `return f.OpError(op, f.raddr, f.laddr, err)`,
		Breaks: "the same calls fail with the same errors as net's",
		Tests:  []string{"./internal/parity/errors -run TestErrorsOfConn"},
	},
	{
		Name: "a connection that is none panics",
		File: "conn/conn_linux.go",
		Old: `	if !c.ok() {
		return uninitialized
	}
	return c.fd`,
		New:    `	return c.fd`,
		Breaks: "methods of a zero connection return syscall.EINVAL",
		Tests:  []string{"./internal/parity/errors -run TestErrorsOfNil", "./internal/parity/ip -run TestErrorsOfNil", "./internal/parity/udp -run TestErrorsOfNil"},
	},
	{
		Name: "SetWriteDeadline sets the read deadline",
		File: "conn/conn_linux.go",
		Old:  `c.netFD().setWriteDeadline(t)`, New: `c.netFD().setReadDeadline(t)`,
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
