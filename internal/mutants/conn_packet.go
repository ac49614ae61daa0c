package main

var connPacket = []Mutant{
	{
		Name: "a port of 65535 is none",
		File: "conn/packet_linux.go",
		Old:  `port > math.MaxUint16`, New: `port >= math.MaxUint16`,
		Breaks: "checkPort refuses a number that is no port",
		Tests:  []string{"./internal/parity/udp -run TestHighestPort"},
	},
	{
		Name: "a negative port is one",
		File: "conn/packet_linux.go",
		Old:  `if port < 0 || port > `, New: `if port > `,
		Breaks: "checkPort refuses a number that is no port",
		Tests:  []string{"./internal/parity/udp -run TestPortOutOfRange|TestErrorsOfUDPConn"},
	},
	{
		Name: "a connected UDP socket writes to another address",
		File: "conn/packet_linux.go",
		Old: `	switch {
	case f.connected:
		return net.ErrWriteToConnected
	case a == nil:`,
		New: `	switch {
	case a == nil:`,
		Breaks: "net.ErrWriteToConnected",
		Tests:  []string{"./internal/parity/udp -run TestErrorsOfUDPConn"},
	},
}
