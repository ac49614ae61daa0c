package list

var connPacket = []Mutant{
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
