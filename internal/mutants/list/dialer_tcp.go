package list

var dialerTcp = []Mutant{
	{
		Name: "a socket that is connected to itself is a connection",
		File: "dialer/tcp_linux.go",
		Old:  `(selfConnected(f, err) || errors.Is(err, syscall.EADDRNOTAVAIL))`, New: `errors.Is(err, syscall.EADDRNOTAVAIL)`,
		Breaks: "a self-connect is tried again",
		Tests:  []string{"./dialer -run TestSelfConnect"},
	},
	{
		Name: "a port that turned out to be taken fails the dial",
		File: "dialer/tcp_linux.go",
		Old:  `(selfConnected(f, err) || errors.Is(err, syscall.EADDRNOTAVAIL))`, New: `selfConnected(f, err)`,
		Breaks: "EADDRNOTAVAIL is tried again",
		Tests:  []string{"./dialer -run TestAddrNotAvailAgain"},
	},
	{
		Name: "a socket that was connected to itself stays open",
		File: "dialer/tcp_linux.go",
		Old: `			if err == nil {
				f.Close()
			}
`,
		New:    "",
		Breaks: "no descriptor is left",
		Tests:  []string{"./dialer -run TestSelfConnect"},
	},
	{
		Name: "a bad port is tried again once",
		File: "dialer/tcp_linux.go",
		Old:  `i < 2 && (`, New: `i < 1 && (`,
		Breaks: "up to three times, as net does",
		Tests:  []string{"./dialer -run TestSelfConnectAgain|TestAddrNotAvailAgain"},
	},
	{
		Name: "a local port that was asked for is tried again",
		File: "dialer/tcp_linux.go",
		Old:  `if laddr == nil || laddr.Port == 0 {`, New: `if true {`,
		Breaks: "up to three times where the kernel chooses the local port",
		Tests:  []string{"./dialer -run TestSelfConnectOnPurpose"},
	},
	{
		Name: "ends with the same port are the same",
		File: "dialer/tcp_linux.go",
		Old:  `l.Port == r.Port && l.IP.Equal(r.IP)`, New: `l.Port == r.Port`,
		Breaks: "selfConnected reports whether both ends are the same",
		Tests:  []string{"./dialer -run TestSamePortIsNotItself"},
	},
	{
		Name: "what a connection is told of keep-alive is the default",
		File: "dialer/tcp_linux.go",
		Old:  `conn.NewTCPConn(f, t.KeepAlive, t.KeepAliveConfig)`, New: `conn.NewTCPConn(f, 0, t.KeepAliveConfig)`,
		Breaks: "Dialer.KeepAlive",
		Tests:  []string{"./internal/parity/options -run TestSocketOptions"},
	},
}
