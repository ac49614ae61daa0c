package main

var listenerSocket = []Mutant{
	{
		Name: "an error of Accept says that it comes from the address",
		File: "listener/socket_linux.go",
		Old:  `Source: nil, Addr: l.fd.LocalAddr(), Err: err}`, New: `Source: l.fd.LocalAddr(), Addr: nil, Err: err}`,
		Breaks: "the same calls fail with the same errors as net's",
		Tests:  []string{"./listener -run TestAcceptReturns"},
	},
	{
		Name: "a listener may be garbage while its deadline is set",
		File: "listener/socket_linux.go",
		Old: `	defer runtime.KeepAlive(l.fd)
	return l.fd`,
		New:        `	return l.fd`,
		Breaks:     "a socket is closed by the garbage collector only when nobody refers to it",
		Tests:      []string{"./listener -run TestSetDeadline"},
		Equivalent: "a deadline of a listener that is garbage is nobody's, and on one that is closed it fails as it does with net",
	},
	{
		Name: "a listener's deadline ends no Accept",
		File: "listener/socket_linux.go",
		Old:  `return l.fd.FD().SetDeadline(t)`, New: `return l.fd.FD().SetWriteDeadline(t)`,
		Breaks: "SetDeadline sets when Accept fails",
		Tests:  []string{"./listener -run TestSetDeadline"},
	},
	{
		Name: "a nil listener panics",
		File: "listener/socket_linux.go",
		Old:  `func (l *socket) ok() bool { return l != nil && l.fd != nil }`, New: `func (l *socket) ok() bool { return l.fd != nil }`,
		Breaks: "methods of a nil listener return syscall.EINVAL",
		Tests:  []string{"./internal/parity/errors -run TestErrorsOfListener|TestErrorsOfNil", "./internal/parity/ip -run TestErrorsOfNil", "./internal/parity/udp -run TestErrorsOfNil"},
	},
}
