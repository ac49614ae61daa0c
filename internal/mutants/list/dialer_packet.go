package list

var dialerPacket = []Mutant{
	{
		Name: "a Unix address without a name is one",
		File: "dialer/packet_linux.go",
		Old: `	if raddr != nil && raddr.Name == "" {
		raddr = nil
	}
`,
		New:    "",
		Breaks: "an address without a name is none",
		Tests:  []string{"./internal/parity/unix -run TestErrorsOfUnixDial|TestErrorsOfDialUnix"},
	},
	{
		Name: "a stream may have no peer",
		File: "dialer/packet_linux.go",
		Old:  `if raddr == nil && (laddr == nil || sotype != syscall.SOCK_DGRAM) {`, New: `if raddr == nil && laddr == nil {`,
		Breaks: "a unixgram socket may have laddr only",
		Tests:  []string{"./internal/parity/unix -run TestErrorsOfUnixDial|TestErrorsOfDialUnix"},
	},
}
