package list

var connIp = []Mutant{
	{
		Name: "an IPv4 header is copied and counted",
		File: "conn/ip_linux.go",
		Old:  `return n - header`, New: `return n`,
		Breaks: "IPConn.ReadFrom takes the header off",
		Tests:  []string{"./internal/parity/ip -run TestIPEcho"},
	},
	{
		Name: "an IPv4 header of exactly the buffer is not taken off",
		File: "conn/ip_linux.go",
		Old:  `header > len(b)`, New: `header >= len(b)`,
		Breaks: "IPConn.ReadFrom takes the header off",
		Tests:  []string{"./internal/parity/ip -run TestIPSmallBuffers"},
	},
}
