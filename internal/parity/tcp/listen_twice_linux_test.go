package tcp

import (
	"context"
	"fmt"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// A place is where a socket may be bound.
type place struct{ network, host string }

// places are all that a port can be bound at, of networks that begin with a name.
func places(name string) (all []place) {
	for _, network := range []string{name, name + "4", name + "6"} {
		for _, host := range []string{"", "0.0.0.0", "::", "::ffff:0.0.0.0", "127.0.0.1", "::1", "::ffff:127.0.0.1"} {
			all = append(all, place{network, host})
		}
	}
	return all
}

// If this fails, two sockets share a port that they cannot share with package net, or
// the other way round: a wildcard is IPv4's, IPv6's or both, by network and address.
func TestTwoOnOnePort(t *testing.T) {
	if !nettest.RerunAlone(t) { // where nobody else has the port
		return
	}
	for _, network := range []string{"tcp", "udp"} {
		for _, first := range places(network) {
			for _, second := range places(network) {
				t.Run(fmt.Sprint(first, second), func(t *testing.T) {
					both.Compare(t, func(s *both.Side) []any {
						a, addr, err := s.Bind(first.network, first.host, "0")
						if err != nil {
							return both.Results(err)
						}
						defer a.Close()
						port := s.NamePort(addr, "PORT OF BOTH")
						b, addr2, err := s.Bind(second.network, second.host, port)
						if err != nil {
							return both.Results(addr, err)
						}
						defer b.Close()
						return both.Results(addr, addr2)
					})
				})
			}
		}
	}
}

// If this fails, Close of a listener returns while the socket is still there: a
// program that then listens at the same address is refused.
func TestListenAgainAtOnce(t *testing.T) {
	const host = "127.113.17.5" // where nobody else is
	both.Compare(t, func(s *both.Side) []any {
		port := 0
		for range 200 {
			l, err := s.ListenTCP("tcp", &net.TCPAddr{IP: net.ParseIP(host), Port: port})
			require.NoError(s, err)
			port = l.Addr().(*net.TCPAddr).Port
			ended := make(chan error)
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						ended <- err
						return
					}
					c.Read(make([]byte, 1)) // until who dialed ends it
					c.Close()
				}
			}()
			c, err := s.Dial(context.Background(), net.Dialer{}, "tcp", l.Addr().String())
			require.NoError(s, err)
			nettest.Abort(c)
			require.NoError(s, l.Close())
			again, err := s.ListenTCP("tcp", l.Addr().(*net.TCPAddr))
			require.NoError(s, err, "the address is free")
			require.NoError(s, again.Close())
			require.ErrorIs(s, <-ended, net.ErrClosed)
		}
		return nil
	})
}

// If this fails, a closed listener still accepts what was in its queue, or those who
// dialed it are left waiting.
func TestNothingAfterClose(t *testing.T) {
	both.Compare(t, func(s *both.Side) (r []any) {
		l := s.Listener()
		var queued []net.Conn
		for range 3 {
			c, err := s.Dial(context.Background(), net.Dialer{}, "tcp", l.Addr().String())
			require.NoError(s, err)
			defer nettest.Abort(c)
			s.NamePort(c.LocalAddr(), "DIALER")
			queued = append(queued, c)
		}
		first, err := l.Accept()
		require.NoError(s, err)
		defer nettest.Abort(first)
		require.NoError(s, l.Close())
		for _, c := range queued[1:] {
			accepted, err := l.Accept()
			require.NoError(s, c.SetReadDeadline(nettest.Soon()))
			_, err2 := c.Read(make([]byte, 8))
			r = append(r, accepted == nil, err, err2)
		}
		return r
	})
}

// If this fails, a listen whose context has ended goes on where package net's gives up,
// or the other way round.
func TestListenWhoseContextEnded(t *testing.T) {
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	late, cancel := context.WithDeadline(context.Background(), nettest.LongAgo)
	defer cancel()
	defer func(r *net.Resolver) { net.DefaultResolver = r }(net.DefaultResolver)
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done() // no answer comes first
		return nil, ctx.Err()
	}}
	for _, a := range []struct{ network, address string }{
		{"tcp", "127.0.0.1:0"}, {"tcp", ":0"}, {"tcp6", "[::1]:0"}, {"tcp", "name.example:0"},
		{"udp", "127.0.0.1:0"}, {"udp", ":0"}, {"udp6", "[::1]:0"}, {"udp", "name.example:0"},
		{"unix", "file"}, {"unixpacket", "file"}, {"unixgram", "file"}, {"unix", "nowhere/file"},
	} {
		for name, ctx := range map[string]context.Context{"canceled": canceled, "late": late} {
			t.Run(fmt.Sprint(a, " ", name), func(t *testing.T) {
				both.UnixSide(t, func(s *both.Side) (r []any) {
					l, err := s.Listen(ctx, net.ListenConfig{}, a.network, a.address)
					r = append(r, l == nil, err)
					if err == nil {
						r = append(r, l.Addr(), l.Close())
					}
					c, err := listenPacketUntil(s, ctx, a.network, a.address)
					r = append(r, c == nil, err)
					if err == nil {
						r = append(r, c.LocalAddr(), c.Close())
					}
					return r
				})
			})
		}
	}
}

// listenPacketUntil is ListenPacket with a context.
func listenPacketUntil(s *both.Side, ctx context.Context, network, address string) (net.PacketConn, error) {
	if s.Std {
		return new(net.ListenConfig).ListenPacket(ctx, network, address)
	}
	return new(netpoller.ListenConfig).ListenPacket(ctx, network, address)
}
