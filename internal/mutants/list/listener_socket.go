package list

var listenerSocket = []Mutant{
	{
		Name: "an error of Accept says that it comes from the address",
		File: "listener/socket_linux.go",
		Old:  `f.OpError(op, nil, f.LocalAddr(), err)`, New: `f.OpError(op, f.LocalAddr(), nil, err)`,
		Breaks: "the same calls fail with the same errors as net's",
		Tests:  []string{"./listener -run TestAcceptReturns"},
	},
	{
		Name: "a listener's deadline ends no Accept",
		File: "listener/socket_linux.go",
		Old:  `return s.fd.SetDeadline(t)`, New: `return nil`,
		Breaks: "SetDeadline sets when Accept fails",
		Tests:  []string{"./listener -run TestSetDeadline"},
	},
	{
		Name: "a nil listener panics",
		File: "listener/socket_linux.go",
		Old:  `func (s *socket) ok() bool { return s != nil && s.fd != nil }`, New: `func (s *socket) ok() bool { return s.fd != nil }`,
		Breaks: "methods of a nil listener return syscall.EINVAL",
		Tests:  []string{"./internal/parity/errors -run TestErrorsOfListener|TestErrorsOfNil", "./internal/parity/ip -run TestErrorsOfNil", "./internal/parity/udp -run TestErrorsOfNil"},
	},
}
