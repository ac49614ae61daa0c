package netpoller_test

import (
	"context"
	"math"
	"net"
	"testing"
	"time"

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
					for range 10 {
						if r, ok := family(s, network, address); ok {
							return r
						}
					}
					s.Fatal("other programs listen on every port that we get")
					return nil
				})
			})
		}
	}
}

// family listens and reports who can connect. It is not ok if somebody else, on another
// address with the same port, may have been the one who was connected to.
func family(s *side, network, address string) (r []any, ok bool) {
	l, err := s.listen(context.Background(), net.ListenConfig{}, network, address)
	if err != nil {
		return results(err), true
	}
	defer l.Close()
	s.namePort(l.Addr(), "LISTENER")
	r = results(l.Addr().Network(), l.Addr(), len(l.Addr().(*net.TCPAddr).IP))
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(s, err)
	for _, dial := range []struct{ network, host string }{{"tcp4", "127.0.0.1"}, {"tcp6", "::1"}, {"tcp", ""}} {
		ends, ok := connects(s, l.(tcpListener), dial.network, net.JoinHostPort(dial.host, port))
		if !ok {
			return nil, false
		}
		r = append(r, ends...)
	}
	return r, true
}

// connects dials and reports what both ends are called.
func connects(s *side, l tcpListener, network, address string) (r []any, ok bool) {
	dialed, err := s.dial(context.Background(), net.Dialer{}, network, address)
	if err != nil {
		return results(err), true
	}
	defer abort(dialed)
	s.namePort(dialed.LocalAddr(), "DIALER")
	require.NoError(s, l.SetDeadline(time.Now().Add(3*time.Second)))
	accepted, err := l.Accept()
	if err != nil {
		return nil, false
	}
	defer abort(accepted)
	if accepted.RemoteAddr().String() != dialed.LocalAddr().String() {
		return nil, false
	}
	return results(dialed.LocalAddr(), dialed.RemoteAddr(), accepted.LocalAddr(), accepted.RemoteAddr()), true
}

// The queue must be as long as package net's by default.
func TestDefaultBacklog(t *testing.T) {
	compare(t, func(s *side) (r []any) {
		for _, network := range []string{"tcp", "tcp4"} {
			l, err := s.listen(context.Background(), net.ListenConfig{}, network, "127.0.0.1:0")
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
			c, err := s.dial(context.Background(), d, "tcp", l.Addr().String())
			require.NoError(s, err)
			defer abort(c)
			c2, err := s.dialTCP("tcp", local, l.Addr().(*net.TCPAddr))
			require.NoError(s, err)
			defer abort(c2)
			return results(c.LocalAddr(), c.RemoteAddr(), c2.LocalAddr(), c2.RemoteAddr())
		})
	}
}

// If this fails, a Timeout or Deadline that is centuries away counts as one that has
// passed.
func TestDialTimeoutMax(t *testing.T) {
	const max = time.Duration(math.MaxInt64)
	for name, d := range map[string]net.Dialer{
		"Timeout":            {Timeout: max},
		"Deadline":           {Deadline: time.Now().Add(max)},
		"both":               {Timeout: max, Deadline: time.Now().Add(max)},
		"Deadline after all": {Deadline: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)},
	} {
		t.Run(name, func(t *testing.T) {
			compare(t, func(s *side) []any {
				c, err := s.dial(context.Background(), d, "tcp", s.listener().Addr().String())
				require.NoError(s, err)
				defer abort(c)
				_, err = c.Write([]byte("x"))
				return results(err)
			})
		})
	}
}
