package tcp

import (
	"context"
	"math"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
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
				both.Compare(t, func(s *both.Side) []any {
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

// family listens and reports who can connect. It is not ok if another process, on another
// address with the same port, may have been the one who was connected to.
func family(s *both.Side, network, address string) (r []any, ok bool) {
	l, err := s.Listen(context.Background(), net.ListenConfig{}, network, address)
	if err != nil {
		return both.Results(err), true
	}
	defer l.Close()
	s.NamePort(l.Addr(), "LISTENER")
	r = both.Results(l.Addr().Network(), l.Addr(), len(l.Addr().(*net.TCPAddr).IP))
	_, port, err := net.SplitHostPort(l.Addr().String())
	require.NoError(s, err)
	for _, dial := range []struct{ network, host string }{{"tcp4", "127.0.0.1"}, {"tcp6", "::1"}, {"tcp", ""}} {
		ends, ok := connects(s, l.(both.TCPListener), dial.network, net.JoinHostPort(dial.host, port))
		if !ok {
			return nil, false
		}
		r = append(r, ends...)
	}
	return r, true
}

// connects dials and reports what both ends are called.
func connects(s *both.Side, l both.TCPListener, network, address string) (r []any, ok bool) {
	dialed, err := s.Dial(context.Background(), net.Dialer{}, network, address)
	if err != nil {
		return both.Results(err), true
	}
	defer nettest.Abort(dialed)
	s.NamePort(dialed.LocalAddr(), "DIALER")
	require.NoError(s, l.SetDeadline(time.Now().Add(3*time.Second)))
	accepted, err := l.Accept()
	if err != nil {
		return nil, false
	}
	defer nettest.Abort(accepted)
	if accepted.RemoteAddr().String() != dialed.LocalAddr().String() {
		return nil, false
	}
	return both.Results(dialed.LocalAddr(), dialed.RemoteAddr(), accepted.LocalAddr(), accepted.RemoteAddr()), true
}

// The queue must be as long as package net's by default.
func TestDefaultBacklog(t *testing.T) {
	both.Compare(t, func(s *both.Side) (r []any) {
		for _, network := range []string{"tcp", "tcp4"} {
			l, err := s.Listen(context.Background(), net.ListenConfig{}, network, "127.0.0.1:0")
			require.NoError(s, err)
			defer l.Close()
			raw, err := l.(both.TCPListener).SyscallConn()
			require.NoError(s, err)
			require.NoError(s, raw.Control(func(fd uintptr) { r = append(r, nettest.Backlog(s, int(fd))) }))
		}
		return r
	})
}

// A dial must name its ends as package net's does, also one from a given address.
func TestDialAddrs(t *testing.T) {
	for _, local := range []*net.TCPAddr{nil, {}, {IP: net.IPv4(127, 0, 0, 5)}, {IP: net.IPv6zero}, {IP: net.IPv4zero}} {
		both.Compare(t, func(s *both.Side) []any {
			l := s.Listener()
			var d net.Dialer
			if local != nil {
				d.LocalAddr = local
			}
			c, err := s.Dial(context.Background(), d, "tcp", l.Addr().String())
			require.NoError(s, err)
			defer nettest.Abort(c)
			c2, err := s.DialTCP("tcp", local, l.Addr().(*net.TCPAddr))
			require.NoError(s, err)
			defer nettest.Abort(c2)
			return both.Results(c.LocalAddr(), c.RemoteAddr(), c2.LocalAddr(), c2.RemoteAddr())
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
			both.Compare(t, func(s *both.Side) []any {
				c, err := s.Dial(context.Background(), d, "tcp", s.Listener().Addr().String())
				require.NoError(s, err)
				defer nettest.Abort(c)
				_, err = c.Write([]byte("x"))
				return both.Results(err)
			})
		})
	}
}
