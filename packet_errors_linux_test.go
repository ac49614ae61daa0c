package netpoller_test

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// udpMethods are calls of all methods of a UDPConn.
var udpMethods = []struct {
	name string
	call func(c udpConn, to *net.UDPAddr) []any
}{
	{"Read", func(c udpConn, _ *net.UDPAddr) []any {
		b := make([]byte, 8)
		n, err := c.Read(b)
		return results(n, b, err)
	}},
	{"Read nothing", func(c udpConn, _ *net.UDPAddr) []any { n, err := c.Read(nil); return results(n, err) }},
	{"Read less", func(c udpConn, _ *net.UDPAddr) []any {
		b := make([]byte, 2)
		n, err := c.Read(b)
		return results(n, b, err)
	}},
	{"ReadFrom", func(c udpConn, _ *net.UDPAddr) []any {
		b := make([]byte, 8)
		n, addr, err := c.ReadFrom(b)
		return results(n, b, exact(addr), err)
	}},
	{"ReadFrom nothing", func(c udpConn, _ *net.UDPAddr) []any {
		n, addr, err := c.ReadFrom(nil)
		return results(n, exact(addr), err)
	}},
	{"ReadFromUDP", func(c udpConn, _ *net.UDPAddr) []any {
		b := make([]byte, 2)
		n, addr, err := c.ReadFromUDP(b)
		return results(n, b, exact(addr), err)
	}},
	{"ReadFromUDPAddrPort", func(c udpConn, _ *net.UDPAddr) []any {
		b := make([]byte, 8)
		n, addr, err := c.ReadFromUDPAddrPort(b)
		return results(n, b, exact(addr), err)
	}},
	{"ReadMsgUDP", func(c udpConn, _ *net.UDPAddr) []any {
		b := make([]byte, 8)
		n, oobn, flags, addr, err := c.ReadMsgUDP(b, make([]byte, 8))
		return readMsgResults(n, b, oobn, flags, addr, err)
	}},
	{"ReadMsgUDP less", func(c udpConn, _ *net.UDPAddr) []any {
		b := make([]byte, 2)
		n, oobn, flags, addr, err := c.ReadMsgUDP(b, nil)
		return readMsgResults(n, b, oobn, flags, addr, err)
	}},
	{"ReadMsgUDPAddrPort", func(c udpConn, _ *net.UDPAddr) []any {
		b := make([]byte, 8)
		n, oobn, flags, addr, err := c.ReadMsgUDPAddrPort(b, []byte{})
		return readMsgResults(n, b, oobn, flags, addr, err)
	}},
	{"ReadMsgUDPAddrPort nothing", func(c udpConn, _ *net.UDPAddr) []any {
		n, oobn, flags, addr, err := c.ReadMsgUDPAddrPort(nil, make([]byte, 8))
		return readMsgResults(n, nil, oobn, flags, addr, err)
	}},
	{"Write", func(c udpConn, _ *net.UDPAddr) []any { n, err := c.Write([]byte("data")); return results(n, err) }},
	{"Write nothing", func(c udpConn, _ *net.UDPAddr) []any { n, err := c.Write(nil); return results(n, err) }},
	{"Write too much", func(c udpConn, _ *net.UDPAddr) []any { n, err := c.Write(make([]byte, 1<<16)); return results(n, err) }},
	{"WriteTo", func(c udpConn, to *net.UDPAddr) []any {
		n, err := c.WriteTo([]byte("data"), to)
		return results(n, err)
	}},
	{"WriteTo nothing", func(c udpConn, to *net.UDPAddr) []any { n, err := c.WriteTo(nil, to); return results(n, err) }},
	{"WriteTo too much", func(c udpConn, to *net.UDPAddr) []any {
		n, err := c.WriteTo(make([]byte, 1<<16), to)
		return results(n, err)
	}},
	{"WriteTo nobody", func(c udpConn, _ *net.UDPAddr) []any {
		n, err := c.WriteTo([]byte("data"), nil)
		return results(n, err)
	}},
	{"WriteTo nil", func(c udpConn, _ *net.UDPAddr) []any {
		n, err := c.WriteTo([]byte("data"), (*net.UDPAddr)(nil))
		return results(n, err)
	}},
	{"WriteTo TCP", func(c udpConn, to *net.UDPAddr) []any {
		n, err := c.WriteTo([]byte("data"), &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9})
		return results(n, err)
	}},
	{"WriteToUDP", func(c udpConn, to *net.UDPAddr) []any {
		n, err := c.WriteToUDP([]byte("data"), to)
		return results(n, err)
	}},
	{"WriteToUDP nil", func(c udpConn, _ *net.UDPAddr) []any {
		n, err := c.WriteToUDP([]byte("data"), nil)
		return results(n, err)
	}},
	{"WriteToUDP port 0", func(c udpConn, _ *net.UDPAddr) []any {
		n, err := c.WriteToUDP([]byte("data"), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		return results(n, err)
	}},
	{"WriteToUDP bad IP", func(c udpConn, _ *net.UDPAddr) []any {
		n, err := c.WriteToUDP([]byte("data"), &net.UDPAddr{IP: net.IP{1, 2, 3}, Port: 9})
		return results(n, err)
	}},
	{"WriteToUDP IPv6", func(c udpConn, _ *net.UDPAddr) []any {
		n, err := c.WriteToUDP([]byte("data"), &net.UDPAddr{IP: net.IPv6loopback, Port: 9})
		return results(n, err)
	}},
	{"WriteToUDPAddrPort", func(c udpConn, to *net.UDPAddr) []any {
		n, err := c.WriteToUDPAddrPort([]byte("data"), to.AddrPort())
		return results(n, err)
	}},
	{"WriteToUDPAddrPort none", func(c udpConn, _ *net.UDPAddr) []any {
		n, err := c.WriteToUDPAddrPort([]byte("data"), netip.AddrPort{})
		return results(n, err)
	}},
	{"WriteToUDPAddrPort IPv6", func(c udpConn, _ *net.UDPAddr) []any {
		n, err := c.WriteToUDPAddrPort([]byte("data"), netip.MustParseAddrPort("[::1]:9"))
		return results(n, err)
	}},
	{"WriteToUDPAddrPort 4in6", func(c udpConn, _ *net.UDPAddr) []any {
		n, err := c.WriteToUDPAddrPort([]byte("data"), netip.MustParseAddrPort("[::ffff:127.0.0.1]:9"))
		return results(n, err)
	}},
	{"WriteMsgUDP", func(c udpConn, to *net.UDPAddr) []any {
		n, oobn, err := c.WriteMsgUDP([]byte("data"), nil, to)
		return results(n, oobn, err)
	}},
	{"WriteMsgUDP nil", func(c udpConn, _ *net.UDPAddr) []any {
		n, oobn, err := c.WriteMsgUDP([]byte("data"), []byte{}, nil)
		return results(n, oobn, err)
	}},
	{"WriteMsgUDP bad control", func(c udpConn, to *net.UDPAddr) []any {
		n, oobn, err := c.WriteMsgUDP([]byte("data"), make([]byte, 24), to)
		return results(n, oobn, err)
	}},
	{"WriteMsgUDP bad IP", func(c udpConn, _ *net.UDPAddr) []any {
		n, oobn, err := c.WriteMsgUDP([]byte("data"), nil, &net.UDPAddr{IP: make(net.IP, 17), Port: 9})
		return results(n, oobn, err)
	}},
	{"WriteMsgUDPAddrPort", func(c udpConn, to *net.UDPAddr) []any {
		n, oobn, err := c.WriteMsgUDPAddrPort([]byte("data"), nil, to.AddrPort())
		return results(n, oobn, err)
	}},
	{"WriteMsgUDPAddrPort none", func(c udpConn, _ *net.UDPAddr) []any {
		n, oobn, err := c.WriteMsgUDPAddrPort([]byte("data"), nil, netip.AddrPort{})
		return results(n, oobn, err)
	}},
	{"WriteMsgUDPAddrPort 4in6", func(c udpConn, _ *net.UDPAddr) []any {
		n, oobn, err := c.WriteMsgUDPAddrPort([]byte("data"), nil, netip.MustParseAddrPort("[::ffff:127.0.0.1]:9"))
		return results(n, oobn, err)
	}},
	{"WriteMsgUDPAddrPort IPv6", func(c udpConn, _ *net.UDPAddr) []any {
		n, oobn, err := c.WriteMsgUDPAddrPort(nil, nil, netip.MustParseAddrPort("[::1]:9"))
		return results(n, oobn, err)
	}},
	{"SetDeadline", func(c udpConn, _ *net.UDPAddr) []any { return results(c.SetDeadline(time.Time{})) }},
	{"SetReadDeadline", func(c udpConn, _ *net.UDPAddr) []any { return results(c.SetReadDeadline(longAgo)) }},
	{"SetWriteDeadline", func(c udpConn, _ *net.UDPAddr) []any { return results(c.SetWriteDeadline(longAgo)) }},
	{"SetReadBuffer", func(c udpConn, _ *net.UDPAddr) []any { return results(c.SetReadBuffer(4096)) }},
	{"SetWriteBuffer", func(c udpConn, _ *net.UDPAddr) []any { return results(c.SetWriteBuffer(4096)) }},
	{"LocalAddr", func(c udpConn, _ *net.UDPAddr) []any { return results(exact(c.LocalAddr())) }},
	{"RemoteAddr", func(c udpConn, _ *net.UDPAddr) []any { return results(exact(c.RemoteAddr())) }},
	{"Close", func(c udpConn, _ *net.UDPAddr) []any { return results(c.Close()) }},
	{"Close twice", func(c udpConn, _ *net.UDPAddr) []any { return results(c.Close(), c.Close()) }},
	{"File", func(c udpConn, _ *net.UDPAddr) []any {
		f, err := c.File()
		if err != nil {
			return results(f == nil, err)
		}
		defer f.Close()
		return results(nameOf(f, true))
	}},
	{"SyscallConn", func(c udpConn, _ *net.UDPAddr) []any {
		raw, err := c.SyscallConn()
		if err != nil {
			return results(raw == nil, err)
		}
		calls := 0
		once := func(uintptr) bool { calls++; return true }
		return results(raw.Control(func(uintptr) { calls++ }), raw.Read(once), raw.Write(once), calls)
	}},
}

// readMsgResults leaves out what one that fails returns besides its error, which for
// package net's is -1, sometimes, and for UDP the wildcard address.
func readMsgResults(n int, b []byte, oobn, flags int, addr any, err error) []any {
	if err != nil {
		return results(b, oobn, flags, err)
	}
	return results(n, b, oobn, flags, exact(addr))
}

// udpStates are what a UDP socket may have come to. In each there is something to read,
// or to fail with.
var udpStates = []struct {
	name  string
	reach func(s *side, peer udpConn) udpConn
}{
	{"open", func(s *side, peer udpConn) udpConn {
		c := s.udp("udp4", "127.0.0.1:0", "OURS")
		send(s, peer, c, "hello")
		return c
	}},
	{"open to all", func(s *side, peer udpConn) udpConn {
		c := s.udp("udp", ":0", "OURS")
		to := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: c.LocalAddr().(*net.UDPAddr).Port}
		_, err := peer.WriteTo([]byte("hello"), to)
		require.NoError(s, err)
		awaitEvents(s, c, unix.POLLIN)
		return c
	}},
	{"empty packet", func(s *side, peer udpConn) udpConn {
		c := s.udp("udp4", "127.0.0.1:0", "OURS")
		send(s, peer, c, "")
		return c
	}},
	{"connected", func(s *side, peer udpConn) udpConn {
		c := s.connectedUDP("udp", peer.LocalAddr(), "OURS")
		send(s, peer, c, "hello")
		return c
	}},
	{"connected, empty packet", func(s *side, peer udpConn) udpConn {
		c := s.connectedUDP("udp4", peer.LocalAddr(), "OURS")
		send(s, peer, c, "")
		return c
	}},
	{"closed", func(s *side, peer udpConn) udpConn {
		c := s.udp("udp4", "127.0.0.1:0", "OURS")
		require.NoError(s, c.Close())
		return c
	}},
	{"connected and closed", func(s *side, peer udpConn) udpConn {
		c := s.connectedUDP("udp", peer.LocalAddr(), "OURS")
		require.NoError(s, c.Close())
		return c
	}},
	{"past deadline", func(s *side, peer udpConn) udpConn {
		c := s.udp("udp4", "127.0.0.1:0", "OURS")
		send(s, peer, c, "hello")
		require.NoError(s, c.SetDeadline(longAgo))
		return c
	}},
	{"connected, past deadline", func(s *side, peer udpConn) udpConn {
		c := s.connectedUDP("udp", peer.LocalAddr(), "OURS")
		send(s, peer, c, "hello")
		require.NoError(s, c.SetDeadline(longAgo))
		return c
	}},
	{"refused", func(s *side, peer udpConn) udpConn {
		c := s.connectedUDP("udp", s.deaf("udp4", "127.0.0.1"), "OURS")
		_, err := c.Write([]byte("anybody?"))
		require.NoError(s, err)
		awaitEvents(s, c, unix.POLLERR)
		return c
	}},
	{"refused, IPv6", func(s *side, peer udpConn) udpConn {
		c := s.connectedUDP("udp", s.deaf("udp6", "::1"), "OURS")
		_, err := c.Write(nil)
		require.NoError(s, err)
		awaitEvents(s, c, unix.POLLERR)
		return c
	}},
	{"refused and told so", func(s *side, peer udpConn) udpConn {
		c := s.connectedUDP("udp", s.deaf("udp4", "127.0.0.1"), "OURS")
		_, err := c.Write([]byte("anybody?"))
		require.NoError(s, err)
		awaitEvents(s, c, unix.POLLERR)
		_, err = c.Read(make([]byte, 8))
		require.ErrorIs(s, err, unix.ECONNREFUSED)
		require.NoError(s, c.SetReadDeadline(longAgo))
		return c
	}},
}

// In every state, every method must return what package net's does: values, text,
// types and fields of the whole chain.
func TestErrorsOfUDPConn(t *testing.T) {
	for _, state := range udpStates {
		for _, m := range udpMethods {
			t.Run(state.name+"/"+m.name, func(t *testing.T) {
				compare(t, func(s *side) []any {
					peer := s.udp("udp4", "127.0.0.1:0", "PEER")
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
				compare(t, func(s *side) (r []any) {
					p := panics(func() { r = m.call(s.brokenUDPConn(zero), to) })
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
	if !alone(t) {
		return
	}
	for _, l := range badPackets {
		t.Run(l.network+" "+l.address, func(t *testing.T) {
			compare(t, func(s *side) []any {
				c, err := s.listenPacket(net.ListenConfig{}, l.network, l.address)
				if err == nil {
					defer c.Close()
				}
				return results(c == nil, err)
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
	if !alone(t) { // where no route leads anywhere
		return
	}
	for _, network := range networks {
		for name, a := range addrs {
			t.Run(network+" "+name, func(t *testing.T) {
				compare(t, func(s *side) (r []any) {
					tell := func(c udpConn, err error) {
						if err != nil {
							r = append(r, err)
							return
						}
						defer c.Close()
						only := -1
						if option(s, c, unix.SOL_SOCKET, unix.SO_DOMAIN) == unix.AF_INET6 {
							only = option(s, c, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY)
						}
						r = append(r, exact(c.LocalAddr()), exact(c.RemoteAddr()), "only IPv6", only,
							"broadcast", option(s, c, unix.SOL_SOCKET, unix.SO_BROADCAST),
							"reuse", option(s, c, unix.SOL_SOCKET, unix.SO_REUSEADDR))
					}
					tell(s.listenUDP(network, a))
					tell(s.dialUDP(network, nil, a))
					tell(s.dialUDP(network, a, &net.UDPAddr{IP: v4, Port: 9}))
					tell(s.dialUDP(network, a, &net.UDPAddr{IP: v6, Port: 9}))
					return r
				})
			})
		}
	}
}

// An address in use must be refused at bind, and a hook's error ahead of that.
func TestErrorsOfListenPacketInUse(t *testing.T) {
	compare(t, func(s *side) []any {
		c := s.udp("udp4", "127.0.0.1:0", "OURS")
		_, err := s.listenPacket(net.ListenConfig{}, "udp", c.LocalAddr().String())
		_, err2 := s.listenUDP("udp4", &net.UDPAddr{Port: c.LocalAddr().(*net.UDPAddr).Port})
		_, err3 := s.dialUDP("udp", c.LocalAddr().(*net.UDPAddr), c.LocalAddr().(*net.UDPAddr))
		return results(err, err2, err3)
	})
}
