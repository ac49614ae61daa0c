package list

var listenerPacket = []Mutant{
	{
		Name: "a socket that cannot join its group stays open",
		File: "listener/packet_linux.go",
		Old: `		if err = join(f, ifi, group.IP); err != nil {
			f.Close()
		}`,
		New:    `		err = join(f, ifi, group.IP)`,
		Breaks: "no descriptor is left",
		Tests:  []string{"./internal/parity/udp -run TestFailedMulticastIsClosed"},
	},
	{
		Name: "what is sent to a multicast group is heard here",
		File: "listener/packet_linux.go",
		Old:  `unix.IP_MULTICAST_LOOP, 0)`, New: `unix.IP_MULTICAST_LOOP, 1)`,
		Breaks: "ListenMulticastUDP: what is sent from here is not heard here",
		Tests:  []string{"./internal/parity/udp -run Multicast"},
	},
	{
		Name: "what is sent to an IPv6 multicast group is heard here",
		File: "listener/packet_linux.go",
		Old:  `unix.IPV6_MULTICAST_LOOP, 0)`, New: `unix.IPV6_MULTICAST_LOOP, 1)`,
		Breaks: "ListenMulticastUDP: what is sent from here is not heard here",
		Tests:  []string{"./internal/parity/udp -run Multicast"},
	},
	{
		Name: "a multicast group is joined on the interface that the system chooses",
		File: "listener/packet_linux.go",
		Old: `		index = ifi.Index
`,
		New: `		_ = index
`,
		Breaks: "ListenMulticastUDP joins the group on an interface",
		Tests:  []string{"./internal/parity/udp -run Multicast"},
	},
	{
		Name: "a raw socket is for every protocol",
		File: "listener/packet_linux.go",
		Old: `	s.Proto = proto
`,
		New: `	_ = proto
`,
		Breaks: "ListenIP: packets of the network's protocol",
		Tests:  []string{"./internal/parity/ip -run TestIP"},
	},
}
