package netpoller_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
)

// A listener must have the form of address that package net's has, take IPv4 and IPv6
// connections where it does, and name their ends alike.
func TestListenFamilies(t *testing.T) {
	for _, network := range []string{"tcp", "tcp4", "tcp6"} {
		for _, address := range []string{
			"", ":", ":0", "0.0.0.0:0", "[::]:0", "127.0.0.1:0", "[::1]:0", "localhost:0",
			"[::ffff:127.0.0.1]:0", "[::ffff:0.0.0.0]:0", "127.0.0.2:0",
		} {
			t.Run(network+" "+address, func(t *testing.T) {
				compare(t, func(s *side) []any {
					l, err := s.listen(background, net.ListenConfig{}, network, address)
					if err != nil {
						return results(err)
					}
					defer l.Close()
					s.name(l.Addr(), "LISTENER")
					r := results(l.Addr().Network(), l.Addr(), len(l.Addr().(*net.TCPAddr).IP))
					_, port, err := net.SplitHostPort(l.Addr().String())
					require.NoError(s, err)
					for _, network := range []string{"tcp4", "tcp6"} {
						r = append(r, connects(s, l, network, net.JoinHostPort(loopback[network], port))...)
					}
					return append(r, connects(s, l, "tcp", ":"+port)...)
				})
			})
		}
	}
}

// connects dials and reports what both ends are called.
func connects(s *side, l net.Listener, network, address string) []any {
	dialed, err := s.dial(background, net.Dialer{}, network, address)
	if err != nil {
		return results(err)
	}
	defer dialed.Close()
	s.name(dialed.LocalAddr(), "DIALER")
	accepted, err := l.Accept()
	require.NoError(s, err)
	defer accepted.Close()
	return results(dialed.LocalAddr(), dialed.RemoteAddr(), accepted.LocalAddr(), accepted.RemoteAddr())
}

// The queue must be as long as package net's by default.
func TestDefaultBacklog(t *testing.T) {
	compare(t, func(s *side) (r []any) {
		for _, network := range []string{"tcp", "tcp4"} {
			l, err := s.listen(background, net.ListenConfig{}, network, "127.0.0.1:0")
			require.NoError(s, err)
			defer l.Close()
			raw, err := l.(tcpListener).SyscallConn()
			require.NoError(s, err)
			require.NoError(s, raw.Control(func(fd uintptr) { r = append(r, nettest.Backlog(s, int(fd))) }))
		}
		return r
	})
}

// A dial must name its ends as package net's does, also one from a given address.
func TestDialAddrs(t *testing.T) {
	for _, local := range []*net.TCPAddr{nil, {}, {IP: net.IPv4(127, 0, 0, 5)}, {IP: net.IPv6zero}, {IP: net.IPv4zero}} {
		compare(t, func(s *side) []any {
			l := s.listener()
			var d net.Dialer
			if local != nil {
				d.LocalAddr = local
			}
			c, err := s.dial(background, d, "tcp", l.Addr().String())
			require.NoError(s, err)
			defer c.Close()
			c2, err := s.dialTCP("tcp", local, l.Addr().(*net.TCPAddr))
			require.NoError(s, err)
			defer c2.Close()
			return results(c.LocalAddr(), c.RemoteAddr(), c2.LocalAddr(), c2.RemoteAddr())
		})
	}
}
