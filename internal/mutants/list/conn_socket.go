package list

var connSocket = []Mutant{
	{
		Name: "a socket that cannot be set up stays open",
		File: "conn/socket_linux.go",
		Old: `			f.pfd.Close()
		}
	}()
	hint := raddr`,
		New: `			_ = f
		}
	}()
	hint := raddr`,
		Breaks: "Dial closes a socket that is not set up",
		Tests:  []string{"./dialer -run TestNothingLeft|TestNoSocket", "./internal/parity/tcp -run TestNothingAfterClose", "./internal/parity/errors -run TestControlThatDoesNotReturn"},
	},
	{
		Name: "a socket that cannot listen stays open",
		File: "conn/socket_linux.go",
		Old: `			f.pfd.Close()
		}
	}()
	listens :=`,
		New: `			_ = f
		}
	}()
	listens :=`,
		Breaks: "Listen closes a socket that is not set up",
		Tests:  []string{"./internal/parity/errors -run TestControlThatDoesNotReturn"},
	},
	{
		Name: "a socket whose Control hook panics stays open",
		File: "conn/socket_linux.go",
		Old:  `	if err := s.control(ctx, f, hint); err != nil {`,
		New: `	done = true
	err = s.control(ctx, f, hint)
	done = false
	if err != nil {`,
		Breaks: "Dial closes a socket also where a Control hook panics or ends its goroutine",
		Tests:  []string{"./internal/parity/errors -run TestControlThatDoesNotReturn"},
	},
	{
		Name: "a connected socket does not know its peer",
		File: "conn/socket_linux.go",
		Old: `	f.connected = true
`,
		New:    "",
		Breaks: "net.ErrWriteToConnected",
		Tests:  []string{"./internal/parity/udp -run TestErrorsOfUDPConn"},
	},
	{
		Name: "a connection that was made at once has the address that was dialed",
		File: "conn/socket_linux.go",
		Old: `	if f.pfd.PeerName(&peer) == nil {
		raddr = addrOf(f.sotype, &peer)
	}
`,
		New:    "",
		Breaks: "RemoteAddr is what the kernel says",
		Tests:  []string{"./internal/parity/udp -run TestUDPDialWildcard"},
	},
	{
		Name: "a listener must wait for the connections of the last one",
		File: "conn/socket_linux.go",
		Old:  `s.reuse(f, listens || isGroup)`, New: `s.reuse(f, isGroup)`,
		Breaks: "SO_REUSEADDR",
		Tests:  []string{"./internal/parity/tcp -run TestListenBesideTimeWait"},
	},
	{
		Name: "every datagram socket can be bound twice",
		File: "conn/socket_linux.go",
		Old:  `s.reuse(f, listens || isGroup)`, New: `s.reuse(f, true)`,
		Breaks: "SO_REUSEADDR is for multicast groups",
		Tests:  []string{"./internal/parity/tcp -run TestTwoOnOnePort", "./internal/parity/udp -run TestErrorsOfListenPacketInUse"},
	},
	{
		Name: "a listener's backlog is the kernel's",
		File: "conn/socket_linux.go",
		Old: `	if backlog == 0 {
		backlog`,
		New: `	if true {
		backlog`,
		Breaks: "ListenConfig.Backlog",
		Tests:  []string{"./listener -run TestBacklog"},
	},
	{
		Name: "ReusePort does nothing",
		File: "conn/socket_linux.go",
		Old:  `	if s.ReusePort {`, New: `	if false {`,
		Breaks: "ListenConfig.ReusePort",
		Tests:  []string{"./internal/parity/options -run TestReusePort"},
	},
	{
		Name: "an address that does not fit is reported after Control was called",
		File: "conn/socket_linux.go",
		Old: `	// As in package net, an address of another family fails before Control is called.
	if _, err := sockaddr(f.family, laddr); err != nil {
		return nil, err
	}
	if err := s.control(ctx, f, laddr); err != nil {
		return nil, err
	}
`,
		New: `	if err := s.control(ctx, f, laddr); err != nil {
		return nil, err
	}
`,
		Breaks:     "Control is called as net calls it",
		Tests:      []string{"./internal/parity/errors -run TestErrorsOfControl", "./internal/parity/unix -run TestUnixControl", "./internal/parity/udp -run TestUDPControlHook"},
		Equivalent: "no caller has both a hook and an address that does not fit",
	},
	{
		Name: "a Control hook is called after bind",
		File: "conn/socket_linux.go",
		Old: `	if err := s.control(ctx, f, laddr); err != nil {
		return nil, err
	}
	if err := bind(f, laddr); err != nil {
		return nil, err
	}
	if listens`,
		New: `	if err := bind(f, laddr); err != nil {
		return nil, err
	}
	if err := s.control(ctx, f, laddr); err != nil {
		return nil, err
	}
	if listens`,
		Breaks: "Control is called before the socket is bound",
		Tests:  []string{"./internal/parity/errors -run TestErrorsOfControl", "./internal/parity/unix -run TestUnixControl", "./internal/parity/udp -run TestUDPControlHook", "./listener -run TestControl"},
	},
	{
		Name: "an IPv6 socket has the system's default for IPv4",
		File: "conn/socket_linux.go",
		Old:  `boolInt(v6only))`, New: `0)`,
		Breaks: "IPV6_V6ONLY: tcp6 takes no IPv4",
		Tests:  []string{"./internal/parity/options -run TestSocketOptions", "./internal/parity/tcp -run TestListenFamilies"},
	},
	{
		Name: "a packet socket must not broadcast",
		File: "conn/socket_linux.go",
		Old:  `if family != syscall.AF_UNIX && (s.Type == syscall.SOCK_DGRAM || s.Type == syscall.SOCK_RAW) {`, New: `if false {`,
		Breaks: "SO_BROADCAST",
		Tests:  []string{"./internal/parity/udp -run TestBroadcastIsAllowed"},
	},
}
