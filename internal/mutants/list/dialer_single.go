package list

var dialerSingle = []Mutant{
	{
		Name: "a typed nil connection comes with the error",
		File: "dialer/single_linux.go",
		Old:  `c, err = nil, t.opError(ra, err)`, New: `err = t.opError(ra, err)`,
		Breaks:     "a dial that fails returns nil",
		Tests:      []string{"./internal/parity/errors -run TestErrorsOfBadDial|TestErrorsOfDial", "./internal/parity/unix -run TestErrorsOfDial"},
		Equivalent: "serial returns no connection with an error",
	},
	{
		Name: "Control comes before ControlContext",
		File: "dialer/single_linux.go",
		Old:  `if s.Control == nil && t.Control != nil {`, New: `if t.Control != nil {`,
		Breaks: "Control is ignored if ControlContext is not nil",
		Tests:  []string{"./dialer -run TestControl", "./internal/parity/unix -run TestControlContextOfEveryDial"},
	},
	{
		Name: "a dialer's Group is lost on the way",
		File: "dialer/single_linux.go",
		Old:  `Group: t.Poller, `, New: ``,
		Breaks: "Dialer.Poller",
		Tests:  []string{"./dialer -run TestPollerOfDialer"},
	},
	{
		Name: "an error has its addresses the wrong way round",
		File: "dialer/single_linux.go",
		Old:  `Source: laddr, Addr: raddr, Err: err}`, New: `Source: raddr, Addr: laddr, Err: err}`,
		Breaks: "the same calls fail with the same errors as net's",
		Tests:  []string{"./internal/parity/errors -run TestErrorsOfBadDial|TestErrorsOfLocalAddr"},
	},
	{
		Name: "the local address is not that of UDP",
		File: "dialer/single_linux.go",
		Old: `		la, _ := t.LocalAddr.(*net.UDPAddr)
`,
		New: `		var la *net.UDPAddr
`,
		Breaks: "Dialer.LocalAddr",
		Tests:  []string{"./internal/parity/udp -run TestUDPDialLocalAddr"},
	},
}
