package list

var connUnix = []Mutant{
	{
		Name: "CloseWrite of a Unix connection shuts down both sides",
		File: "conn/unix_linux.go",
		Old:  `func (c *UnixConn) CloseWrite() error { return c.shutdown(syscall.SHUT_WR) }`, New: `func (c *UnixConn) CloseWrite() error { return c.shutdown(syscall.SHUT_RDWR) }`,
		Breaks: "CloseWrite: what the peer sends can be read",
		Tests:  []string{"./internal/parity/unix -run TestUnixCloseWriteLeavesReads"},
	},
	{
		Name: "a Unix address of another network is taken",
		File: "conn/unix_linux.go",
		Old: `	if addr.Net != unixNetwork(f.sotype) {
		return syscall.EAFNOSUPPORT
	}
`,
		New:    "",
		Breaks: "the same calls fail with the same errors as net's",
		Tests:  []string{"./internal/parity/unix -run TestErrorsOfUnixConn"},
	},
	{
		Name: "descriptors that come along survive exec",
		File: "conn/unix_linux.go",
		Old:  `c.readMsg(b, oob, syscall.MSG_CMSG_CLOEXEC, &from)`, New: `c.readMsg(b, oob, 0, &from)`,
		Breaks: "ReadMsgUnix: descriptors that come along are close-on-exec",
		Tests:  []string{"./internal/parity/unix -run TestUnixRights"},
	},
}
