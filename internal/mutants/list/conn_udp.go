package list

var connUdp = []Mutant{
	{
		Name: "a nil address in an interface is not nil",
		File: "conn/udp_linux.go",
		Old: `	if addr == nil {
		return n, nil, err
	}
	return n, addr, err`,
		New:    `	return n, addr, err`,
		Breaks: "ReadFrom that fails returns no address",
		Tests:  []string{"./internal/parity/udp -run TestErrorsOfUDP|TestUDPNothing"},
	},
}
