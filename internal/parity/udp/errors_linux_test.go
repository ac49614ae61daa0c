package udp

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// udpMethods are calls of all methods of a UDPConn.
var udpMethods = []struct {
	name string
	call func(c both.UDPConn, to *net.UDPAddr) []any
}{
	{"Read", func(c both.UDPConn, _ *net.UDPAddr) []any {
		b := make([]byte, 8)
		n, err := c.Read(b)
		return both.Results(n, b, err)
	}},
	{"Read nothing", func(c both.UDPConn, _ *net.UDPAddr) []any { n, err := c.Read(nil); return both.Results(n, err) }},
	{"Read less", func(c both.UDPConn, _ *net.UDPAddr) []any {
		b := make([]byte, 2)
		n, err := c.Read(b)
		return both.Results(n, b, err)
	}},
	{"ReadFrom", func(c both.UDPConn, _ *net.UDPAddr) []any {
		b := make([]byte, 8)
		n, addr, err := c.ReadFrom(b)
		return both.Results(n, b, both.Exact(addr), err)
	}},
	{"ReadFrom nothing", func(c both.UDPConn, _ *net.UDPAddr) []any {
		n, addr, err := c.ReadFrom(nil)
		return both.Results(n, both.Exact(addr), err)
	}},
	{"ReadFromUDP", func(c both.UDPConn, _ *net.UDPAddr) []any {
		b := make([]byte, 2)
		n, addr, err := c.ReadFromUDP(b)
		return both.Results(n, b, both.Exact(addr), err)
	}},
	{"ReadFromUDPAddrPort", func(c both.UDPConn, _ *net.UDPAddr) []any {
		b := make([]byte, 8)
		n, addr, err := c.ReadFromUDPAddrPort(b)
		return both.Results(n, b, both.Exact(addr), err)
	}},
	{"ReadMsgUDP", func(c both.UDPConn, _ *net.UDPAddr) []any {
		b := make([]byte, 8)
		n, oobn, flags, addr, err := c.ReadMsgUDP(b, make([]byte, 8))
		return both.ReadMsgResults(n, b, oobn, flags, addr, err)
	}},
	{"ReadMsgUDP less", func(c both.UDPConn, _ *net.UDPAddr) []any {
		b := make([]byte, 2)
		n, oobn, flags, addr, err := c.ReadMsgUDP(b, nil)
		return both.ReadMsgResults(n, b, oobn, flags, addr, err)
	}},
	{"ReadMsgUDPAddrPort", func(c both.UDPConn, _ *net.UDPAddr) []any {
		b := make([]byte, 8)
		n, oobn, flags, addr, err := c.ReadMsgUDPAddrPort(b, []byte{})
		return both.ReadMsgResults(n, b, oobn, flags, addr, err)
	}},
	{"ReadMsgUDPAddrPort nothing", func(c both.UDPConn, _ *net.UDPAddr) []any {
		n, oobn, flags, addr, err := c.ReadMsgUDPAddrPort(nil, make([]byte, 8))
		return both.ReadMsgResults(n, nil, oobn, flags, addr, err)
	}},
	{"Write", func(c both.UDPConn, _ *net.UDPAddr) []any {
		n, err := c.Write([]byte("data"))
		return both.Results(n, err)
	}},
	{"Write nothing", func(c both.UDPConn, _ *net.UDPAddr) []any { n, err := c.Write(nil); return both.Results(n, err) }},
	{"Write too much", func(c both.UDPConn, _ *net.UDPAddr) []any {
		n, err := c.Write(make([]byte, 1<<16))
		return both.Results(n, err)
	}},
	{"WriteTo", func(c both.UDPConn, to *net.UDPAddr) []any {
		n, err := c.WriteTo([]byte("data"), to)
		return both.Results(n, err)
	}},
	{"WriteTo nothing", func(c both.UDPConn, to *net.UDPAddr) []any { n, err := c.WriteTo(nil, to); return both.Results(n, err) }},
	{"WriteTo too much", func(c both.UDPConn, to *net.UDPAddr) []any {
		n, err := c.WriteTo(make([]byte, 1<<16), to)
		return both.Results(n, err)
	}},
	{"WriteTo nobody", func(c both.UDPConn, _ *net.UDPAddr) []any {
		n, err := c.WriteTo([]byte("data"), nil)
		return both.Results(n, err)
	}},
	{"WriteTo nil", func(c both.UDPConn, _ *net.UDPAddr) []any {
		n, err := c.WriteTo([]byte("data"), (*net.UDPAddr)(nil))
		return both.Results(n, err)
	}},
	{"WriteTo TCP", func(c both.UDPConn, to *net.UDPAddr) []any {
		n, err := c.WriteTo([]byte("data"), &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9})
		return both.Results(n, err)
	}},
	{"WriteToUDP", func(c both.UDPConn, to *net.UDPAddr) []any {
		n, err := c.WriteToUDP([]byte("data"), to)
		return both.Results(n, err)
	}},
	{"WriteToUDP nil", func(c both.UDPConn, _ *net.UDPAddr) []any {
		n, err := c.WriteToUDP([]byte("data"), nil)
		return both.Results(n, err)
	}},
	{"WriteToUDP port 0", func(c both.UDPConn, _ *net.UDPAddr) []any {
		n, err := c.WriteToUDP([]byte("data"), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		return both.Results(n, err)
	}},
	{"WriteToUDP bad IP", func(c both.UDPConn, _ *net.UDPAddr) []any {
		n, err := c.WriteToUDP([]byte("data"), &net.UDPAddr{IP: net.IP{1, 2, 3}, Port: 9})
		return both.Results(n, err)
	}},
	{"WriteToUDP IPv6", func(c both.UDPConn, _ *net.UDPAddr) []any {
		n, err := c.WriteToUDP([]byte("data"), &net.UDPAddr{IP: net.IPv6loopback, Port: 9})
		return both.Results(n, err)
	}},
	{"WriteToUDPAddrPort", func(c both.UDPConn, to *net.UDPAddr) []any {
		n, err := c.WriteToUDPAddrPort([]byte("data"), to.AddrPort())
		return both.Results(n, err)
	}},
	{"WriteToUDPAddrPort none", func(c both.UDPConn, _ *net.UDPAddr) []any {
		n, err := c.WriteToUDPAddrPort([]byte("data"), netip.AddrPort{})
		return both.Results(n, err)
	}},
	{"WriteToUDPAddrPort IPv6", func(c both.UDPConn, _ *net.UDPAddr) []any {
		n, err := c.WriteToUDPAddrPort([]byte("data"), netip.MustParseAddrPort("[::1]:9"))
		return both.Results(n, err)
	}},
	{"WriteToUDPAddrPort 4in6", func(c both.UDPConn, _ *net.UDPAddr) []any {
		n, err := c.WriteToUDPAddrPort([]byte("data"), netip.MustParseAddrPort("[::ffff:127.0.0.1]:9"))
		return both.Results(n, err)
	}},
	{"WriteMsgUDP", func(c both.UDPConn, to *net.UDPAddr) []any {
		n, oobn, err := c.WriteMsgUDP([]byte("data"), nil, to)
		return both.Results(n, oobn, err)
	}},
	{"WriteMsgUDP nil", func(c both.UDPConn, _ *net.UDPAddr) []any {
		n, oobn, err := c.WriteMsgUDP([]byte("data"), []byte{}, nil)
		return both.Results(n, oobn, err)
	}},
	{"WriteMsgUDP bad control", func(c both.UDPConn, to *net.UDPAddr) []any {
		n, oobn, err := c.WriteMsgUDP([]byte("data"), make([]byte, 24), to)
		return both.Results(n, oobn, err)
	}},
	{"WriteMsgUDP bad IP", func(c both.UDPConn, _ *net.UDPAddr) []any {
		n, oobn, err := c.WriteMsgUDP([]byte("data"), nil, &net.UDPAddr{IP: make(net.IP, 17), Port: 9})
		return both.Results(n, oobn, err)
	}},
	{"WriteMsgUDPAddrPort", func(c both.UDPConn, to *net.UDPAddr) []any {
		n, oobn, err := c.WriteMsgUDPAddrPort([]byte("data"), nil, to.AddrPort())
		return both.Results(n, oobn, err)
	}},
	{"WriteMsgUDPAddrPort none", func(c both.UDPConn, _ *net.UDPAddr) []any {
		n, oobn, err := c.WriteMsgUDPAddrPort([]byte("data"), nil, netip.AddrPort{})
		return both.Results(n, oobn, err)
	}},
	{"WriteMsgUDPAddrPort 4in6", func(c both.UDPConn, _ *net.UDPAddr) []any {
		n, oobn, err := c.WriteMsgUDPAddrPort([]byte("data"), nil, netip.MustParseAddrPort("[::ffff:127.0.0.1]:9"))
		return both.Results(n, oobn, err)
	}},
	{"WriteMsgUDPAddrPort IPv6", func(c both.UDPConn, _ *net.UDPAddr) []any {
		n, oobn, err := c.WriteMsgUDPAddrPort(nil, nil, netip.MustParseAddrPort("[::1]:9"))
		return both.Results(n, oobn, err)
	}},
	{"SetDeadline", func(c both.UDPConn, _ *net.UDPAddr) []any { return both.Results(c.SetDeadline(time.Time{})) }},
	{"SetReadDeadline", func(c both.UDPConn, _ *net.UDPAddr) []any { return both.Results(c.SetReadDeadline(nettest.LongAgo)) }},
	{"SetWriteDeadline", func(c both.UDPConn, _ *net.UDPAddr) []any { return both.Results(c.SetWriteDeadline(nettest.LongAgo)) }},
	{"SetReadBuffer", func(c both.UDPConn, _ *net.UDPAddr) []any { return both.Results(c.SetReadBuffer(4096)) }},
	{"SetWriteBuffer", func(c both.UDPConn, _ *net.UDPAddr) []any { return both.Results(c.SetWriteBuffer(4096)) }},
	{"LocalAddr", func(c both.UDPConn, _ *net.UDPAddr) []any { return both.Results(both.Exact(c.LocalAddr())) }},
	{"RemoteAddr", func(c both.UDPConn, _ *net.UDPAddr) []any { return both.Results(both.Exact(c.RemoteAddr())) }},
	{"Close", func(c both.UDPConn, _ *net.UDPAddr) []any { return both.Results(c.Close()) }},
	{"Close twice", func(c both.UDPConn, _ *net.UDPAddr) []any { return both.Results(c.Close(), c.Close()) }},
	{"File", func(c both.UDPConn, _ *net.UDPAddr) []any {
		f, err := c.File()
		if err != nil {
			return both.Results(f == nil, err)
		}
		defer f.Close()
		return both.Results(both.NameOf(f, true))
	}},
	{"SyscallConn", func(c both.UDPConn, _ *net.UDPAddr) []any {
		raw, err := c.SyscallConn()
		if err != nil {
			return both.Results(raw == nil, err)
		}
		calls := 0
		once := func(uintptr) bool { calls++; return true }
		return both.Results(raw.Control(func(uintptr) { calls++ }), raw.Read(once), raw.Write(once), calls)
	}},
}

// udpStates are what a UDP socket may have come to. In each there is something to read,
// or to fail with.
var udpStates = []struct {
	name  string
	reach func(s *both.Side, peer both.UDPConn) both.UDPConn
}{
	{"open", func(s *both.Side, peer both.UDPConn) both.UDPConn {
		c := s.UDP("udp4", "127.0.0.1:0", "OURS")
		both.Send(s, peer, c, "hello")
		return c
	}},
	{"open to all", func(s *both.Side, peer both.UDPConn) both.UDPConn {
		c := s.UDP("udp", ":0", "OURS")
		to := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: c.LocalAddr().(*net.UDPAddr).Port}
		_, err := peer.WriteTo([]byte("hello"), to)
		require.NoError(s, err)
		nettest.AwaitEvents(s, c, unix.POLLIN)
		return c
	}},
	{"empty packet", func(s *both.Side, peer both.UDPConn) both.UDPConn {
		c := s.UDP("udp4", "127.0.0.1:0", "OURS")
		both.Send(s, peer, c, "")
		return c
	}},
	{"connected", func(s *both.Side, peer both.UDPConn) both.UDPConn {
		c := s.ConnectedUDP("udp", peer.LocalAddr(), "OURS")
		both.Send(s, peer, c, "hello")
		return c
	}},
	{"connected, empty packet", func(s *both.Side, peer both.UDPConn) both.UDPConn {
		c := s.ConnectedUDP("udp4", peer.LocalAddr(), "OURS")
		both.Send(s, peer, c, "")
		return c
	}},
	{"closed", func(s *both.Side, peer both.UDPConn) both.UDPConn {
		c := s.UDP("udp4", "127.0.0.1:0", "OURS")
		require.NoError(s, c.Close())
		return c
	}},
	{"connected and closed", func(s *both.Side, peer both.UDPConn) both.UDPConn {
		c := s.ConnectedUDP("udp", peer.LocalAddr(), "OURS")
		require.NoError(s, c.Close())
		return c
	}},
	{"past deadline", func(s *both.Side, peer both.UDPConn) both.UDPConn {
		c := s.UDP("udp4", "127.0.0.1:0", "OURS")
		both.Send(s, peer, c, "hello")
		require.NoError(s, c.SetDeadline(nettest.LongAgo))
		return c
	}},
	{"connected, past deadline", func(s *both.Side, peer both.UDPConn) both.UDPConn {
		c := s.ConnectedUDP("udp", peer.LocalAddr(), "OURS")
		both.Send(s, peer, c, "hello")
		require.NoError(s, c.SetDeadline(nettest.LongAgo))
		return c
	}},
	{"refused", func(s *both.Side, peer both.UDPConn) both.UDPConn {
		c := s.ConnectedUDP("udp", s.Deaf("udp4", "127.0.0.1"), "OURS")
		_, err := c.Write([]byte("anybody?"))
		require.NoError(s, err)
		nettest.AwaitEvents(s, c, unix.POLLERR)
		return c
	}},
	{"refused, IPv6", func(s *both.Side, peer both.UDPConn) both.UDPConn {
		c := s.ConnectedUDP("udp", s.Deaf("udp6", "::1"), "OURS")
		_, err := c.Write(nil)
		require.NoError(s, err)
		nettest.AwaitEvents(s, c, unix.POLLERR)
		return c
	}},
	{"refused and told so", func(s *both.Side, peer both.UDPConn) both.UDPConn {
		c := s.ConnectedUDP("udp", s.Deaf("udp4", "127.0.0.1"), "OURS")
		_, err := c.Write([]byte("anybody?"))
		require.NoError(s, err)
		nettest.AwaitEvents(s, c, unix.POLLERR)
		_, err = c.Read(make([]byte, 8))
		require.ErrorIs(s, err, unix.ECONNREFUSED)
		require.NoError(s, c.SetReadDeadline(nettest.LongAgo))
		return c
	}},
}

// In every state, every method must return what package net's does: values, text,
// types and fields of the whole chain.
func TestErrorsOfUDPConn(t *testing.T) {
	for _, state := range udpStates {
		for _, m := range udpMethods {
			t.Run(state.name+"/"+m.name, func(t *testing.T) {
				both.Compare(t, func(s *both.Side) []any {
					peer := s.UDP("udp4", "127.0.0.1:0", "PEER")
					c := state.reach(s, peer)
					return m.call(c, peer.LocalAddr().(*net.UDPAddr))
				})
			})
		}
	}
}

// A nil or a zero UDPConn must be refused, or panic, as package net's.
func TestErrorsOfNilUDPConn(t *testing.T) {
	to := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9}
	for _, zero := range []bool{false, true} {
		for _, m := range udpMethods {
			t.Run(m.name, func(t *testing.T) {
				both.Compare(t, func(s *both.Side) (r []any) {
					p := both.Panics(func() { r = m.call(s.BrokenUDPConn(zero), to) })
					return append(r, p)
				})
			})
		}
	}
}

// badPackets are calls of ListenPacket that fail, or may.
var badPackets = []struct{ network, address string }{
	{"", "127.0.0.1:0"}, {"udp7", "127.0.0.1:0"}, {"udp:", "127.0.0.1:0"}, {"tcp", "127.0.0.1:0"}, {"tcp4", ""},
	{"unix", "/nonexistent/socket"}, {"unixpacket", "/nonexistent/socket"}, {"unixgram", "/nonexistent/socket"},
	{"udp", "127.0.0.1"}, {"udp", ":99999"}, {"udp", "127.0.0.1:-1"}, {"udp", "[::1"}, {"udp", "::1:80"},
	{"udp", "127.0.0.1:nosuchservice"}, {"udp", "127.0.0.1%lo:0"}, {"udp", "[::1%nosuchzone]:0"}, {"udp", "..:0"},
	{"udp4", "[::1]:0"}, {"udp4", "[::]:0"}, {"udp6", "127.0.0.1:0"}, {"udp6", "0.0.0.0:0"}, {"udp6", "[::ffff:127.0.0.1]:0"},
	{"udp", "192.0.2.1:0"}, {"udp", "[2001:db8::1]:0"}, {"udp", "[fe80::1]:0"}, {"udp", "[fe80::1%nosuchzone]:0"},
	{"ip", "127.0.0.1"}, {"ip4", "127.0.0.1"}, {"ip4:", "127.0.0.1"}, {"ip4:nosuchproto", "127.0.0.1"}, {"ip7:1", "127.0.0.1"},
	{"ip4:256", "127.0.0.1"}, {"ip4:99999999", "127.0.0.1"}, {"ip4:-1", "127.0.0.1"}, {"ip4:1x", "127.0.0.1"}, {"ip4:icmp:1", "127.0.0.1"},
	{"ip4:icmp", "::1"}, {"ip6:icmp", "127.0.0.1"}, {"ip4:icmp", "127.0.0.1:0"}, {"ip4:icmp", "nosuchhost.invalid."},
}

// A ListenPacket that cannot work must fail with package net's error, and return a nil
// PacketConn.
func TestErrorsOfBadListenPacket(t *testing.T) {
	if !nettest.RerunAlone(t) {
		return
	}
	for _, l := range badPackets {
		t.Run(l.network+" "+l.address, func(t *testing.T) {
			both.Compare(t, func(s *both.Side) []any {
				c, err := s.ListenPacket(net.ListenConfig{}, l.network, l.address)
				if err == nil {
					defer c.Close()
				}
				return both.Results(c == nil, err)
			})
		})
	}
}

// ListenUDP and DialUDP must check their arguments as package net does, and bind and
// connect to the same addresses.
func TestErrorsOfListenUDPAndDialUDP(t *testing.T) {
	v4, v6 := net.IPv4(127, 0, 0, 1), net.IPv6loopback
	networks := []string{"", "udp", "udp4", "udp6", "tcp", "ip4:icmp"}
	addrs := map[string]*net.UDPAddr{
		"nil":             nil,
		"zero":            {},
		"IPv4":            {IP: v4},
		"IPv4, 4 bytes":   {IP: v4.To4()},
		"IPv4 wildcard":   {IP: net.IPv4zero},
		"IPv6":            {IP: v6},
		"IPv6 wildcard":   {IP: net.IPv6zero},
		"not local":       {IP: net.IPv4(192, 0, 2, 1)},
		"too short":       {IP: net.IP{1, 2, 3}},
		"too long":        {IP: make(net.IP, 17)},
		"empty":           {IP: net.IP{}},
		"no such port":    {IP: v4, Port: 70000},
		"negative port":   {IP: v6, Port: -1},
		"no such zone":    {IP: v6, Zone: "nosuchzone"},
		"number for zone": {IP: net.ParseIP("fe80::1"), Zone: "99999"},
		"link-local":      {IP: net.ParseIP("fe80::1"), Port: 9},
		"multicast":       {IP: net.IPv4(224, 0, 0, 254)},
		"IPv6 multicast":  {IP: net.ParseIP("ff02::114")},
		"broadcast":       {IP: net.IPv4bcast, Port: 9},
	}
	if !nettest.RerunAlone(t) { // where no route leads anywhere
		return
	}
	for _, network := range networks {
		for name, a := range addrs {
			t.Run(network+" "+name, func(t *testing.T) {
				both.Compare(t, func(s *both.Side) (r []any) {
					tell := func(c both.UDPConn, err error) {
						if err != nil {
							r = append(r, err)
							return
						}
						defer c.Close()
						only := -1
						if nettest.Option(s, c, unix.SOL_SOCKET, unix.SO_DOMAIN) == unix.AF_INET6 {
							only = nettest.Option(s, c, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY)
						}
						r = append(r, both.Exact(c.LocalAddr()), both.Exact(c.RemoteAddr()), "only IPv6", only,
							"broadcast", nettest.Option(s, c, unix.SOL_SOCKET, unix.SO_BROADCAST),
							"reuse", nettest.Option(s, c, unix.SOL_SOCKET, unix.SO_REUSEADDR))
					}
					tell(s.ListenUDP(network, a))
					tell(s.DialUDP(network, nil, a))
					tell(s.DialUDP(network, a, &net.UDPAddr{IP: v4, Port: 9}))
					tell(s.DialUDP(network, a, &net.UDPAddr{IP: v6, Port: 9}))
					return r
				})
			})
		}
	}
}

// An address in use must be refused at bind, and a hook's error ahead of that.
func TestErrorsOfListenPacketInUse(t *testing.T) {
	both.Compare(t, func(s *both.Side) []any {
		c := s.UDP("udp4", "127.0.0.1:0", "OURS")
		_, err := s.ListenPacket(net.ListenConfig{}, "udp", c.LocalAddr().String())
		_, err2 := s.ListenUDP("udp4", &net.UDPAddr{Port: c.LocalAddr().(*net.UDPAddr).Port})
		_, err3 := s.DialUDP("udp", c.LocalAddr().(*net.UDPAddr), c.LocalAddr().(*net.UDPAddr))
		return both.Results(err, err2, err3)
	})
}
