package list

var connRaw = []Mutant{
	{
		Name: "Control of a raw connection names the peer in its error",
		File: "conn/raw_linux.go",
		Old:  `c.fd.OpError("raw-control", nil, c.fd.laddr, err)`, New: `c.fd.OpError("raw-control", c.fd.laddr, c.fd.raddr, err)`,
		Breaks: "the same calls fail with the same errors as net's",
		Tests:  []string{"./internal/parity/errors -run TestErrorsOfConn"},
	},
}
