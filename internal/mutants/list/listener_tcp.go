package list

var listenerTcp = []Mutant{
	{
		Name: "what an accepted connection is told of keep-alive is the default",
		File: "listener/tcp_linux.go",
		Old:  `conn.NewTCPConn(f, l.lc.KeepAlive, l.lc.KeepAliveConfig)`, New: `conn.NewTCPConn(f, 0, l.lc.KeepAliveConfig)`,
		Breaks: "ListenConfig.KeepAlive",
		Tests:  []string{"./internal/parity/options -run TestSocketOptions"},
	},
	{
		Name: "a KeepAliveConfig is not that of accepted connections",
		File: "listener/tcp_linux.go",
		Old:  `conn.NewTCPConn(f, l.lc.KeepAlive, l.lc.KeepAliveConfig)`, New: `conn.NewTCPConn(f, l.lc.KeepAlive, net.KeepAliveConfig{})`,
		Breaks: "ListenConfig.KeepAliveConfig",
		Tests:  []string{"./internal/parity/options -run TestSocketOptions"},
	},
	{
		Name: "a network that is not TCP's is listened on",
		File: "listener/tcp_linux.go",
		Old: `	case "tcp", "tcp4", "tcp6":
	default:`,
		New: `	case "tcp", "tcp4", "tcp6", "udp":
	default:`,
		Breaks: "the same calls fail with the same errors as net's",
		Tests:  []string{"./internal/parity/errors -run TestErrorsOfListenTCP"},
	},
}
