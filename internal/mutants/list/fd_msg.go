package list

var fdMsg = []Mutant{
	{
		Name: "the byte that carries control messages is counted",
		File: "fd/msg_linux.go",
		Old:  `return min(n, len(p)), len(oob), nil`, New: `return n, len(oob), nil`,
		Breaks: "WriteMsg returns how much of p was written",
		Tests:  []string{"./fd -run TestReadMsgTells|TestPackets", "./internal/parity/unix -run TestUnixRights", "./internal/parity/udp -run TestControlAlone"},
	},
	{
		Name: "an empty datagram with control messages becomes a byte",
		File: "fd/msg_linux.go",
		Old:  `len(p) == 0 && len(oob) > 0 && fd.kind != KindPacket`, New: `len(p) == 0 && len(oob) > 0`,
		Breaks: "datagrams may be empty",
		Tests:  []string{"./fd -run TestReadMsgTells|TestPackets", "./internal/parity/udp -run TestUDPControlMessages|TestControlAlone", "./internal/parity/unix -run TestUnixRights"},
	},
}
