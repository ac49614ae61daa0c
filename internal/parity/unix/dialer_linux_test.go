//go:build go1.26

package unix

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// Before Go 1.26 package net's Dialer does not have the methods tested here.

func dialUnixBy(s *both.Side, ctx context.Context, d net.Dialer, network string, laddr, raddr *net.UnixAddr) (both.UnixConn, error) {
	if s.Std {
		return d.DialUnix(ctx, network, laddr, raddr)
	}
	return both.Ours(d).DialUnix(ctx, network, laddr, raddr)
}

// If this fails, Dialer.DialUnix connects otherwise than package net's: between other
// addresses, in spite of a context or a hook, or with another error.
func TestDialerDialUnix(t *testing.T) {
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	at := func(name string) *net.UnixAddr { return &net.UnixAddr{Name: name, Net: "unix"} }
	refuse := func(string, string, syscall.RawConn) error { return syscall.EPERM }
	tests := []struct {
		name         string
		ctx          context.Context
		dialer       net.Dialer
		network      string
		laddr, raddr *net.UnixAddr
	}{
		{"to a stream", context.Background(), net.Dialer{}, "unix", nil, at("stream")},
		{"from a name", context.Background(), net.Dialer{Timeout: time.Minute}, "unix", at("local"), at("stream")},
		{"from an empty name", context.Background(), net.Dialer{}, "unix", at(""), at("stream")},
		{"from an abstract name", context.Background(), net.Dialer{}, "unix", at(fmt.Sprint("@dialer", os.Getpid())), at("stream")},
		{"LocalAddr ignored", context.Background(), net.Dialer{LocalAddr: &net.UDPAddr{}}, "unix", nil, at("stream")},
		{"LocalAddr of a name ignored", context.Background(), net.Dialer{LocalAddr: at("local")}, "unix", nil, at("stream")},
		{"to packets", context.Background(), net.Dialer{}, "unixpacket", nil, at("packet")},
		{"to datagrams", context.Background(), net.Dialer{}, "unixgram", at("local"), at("datagrams")},
		{"datagrams, to nobody", context.Background(), net.Dialer{}, "unixgram", at("local"), nil},
		{"to nobody", context.Background(), net.Dialer{}, "unix", nil, nil},
		{"to another kind", context.Background(), net.Dialer{}, "unix", nil, at("datagrams")},
		{"to what is missing", context.Background(), net.Dialer{}, "unix", nil, at("missing")},
		{"to what is dead", context.Background(), net.Dialer{}, "unix", nil, at("dead")},
		{"too long", context.Background(), net.Dialer{}, "unix", nil, at(strings.Repeat("f", 108))},
		{"tcp", context.Background(), net.Dialer{}, "tcp", nil, at("stream")},
		{"no network", context.Background(), net.Dialer{}, "", nil, at("stream")},
		{"canceled", canceled, net.Dialer{}, "unix", nil, at("stream")},
		{"canceled, datagrams", canceled, net.Dialer{}, "unixgram", nil, at("datagrams")},
		{"too late", context.Background(), net.Dialer{Timeout: -1}, "unix", nil, at("stream")},
		{"too late by its deadline", context.Background(), net.Dialer{Deadline: nettest.LongAgo}, "unix", nil, at("stream")},
		{"longest timeout", context.Background(), net.Dialer{Timeout: math.MaxInt64}, "unix", nil, at("stream")},
		{"hook", context.Background(), net.Dialer{Control: refuse}, "unix", at("local"), at("stream")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			both.UnixSide(t, func(s *both.Side) []any {
				unixCrowd(s)
				c, err := dialUnixBy(s, tt.ctx, tt.dialer, tt.network, tt.laddr, tt.raddr)
				if err != nil {
					_, local := os.Lstat("local")
					return both.Results(err, local == nil)
				}
				defer c.Close()
				return both.Results(both.Tell(c.LocalAddr()), both.Tell(c.RemoteAddr()))
			})
		})
	}
	var nilContext context.Context
	both.Compare(t, func(s *both.Side) []any {
		return both.Results(both.Panics(func() { dialUnixBy(s, nilContext, net.Dialer{}, "unix", nil, at("stream")) }))
	})
}

// If this fails, a hook is not given the context of the dial, what it is given names
// other networks and addresses than package net's, or it is not called by some method.
func TestControlContextOfEveryDial(t *testing.T) {
	type key struct{}
	for _, network := range []string{"tcp", "tcp4", "tcp6", "udp", "udp4", "udp6", "unix", "unixpacket", "unixgram"} {
		for _, result := range []error{nil, errors.New("refused by the hook")} {
			t.Run(fmt.Sprint(network, " ", result), func(t *testing.T) {
				both.UnixSide(t, func(s *both.Side) (r []any) {
					d := net.Dialer{ControlContext: func(ctx context.Context, network, address string, c syscall.RawConn) error {
						calls := 0
						err := c.Control(func(uintptr) { calls++ })
						r = append(r, ctx.Value(key{}), network, address, calls, err)
						return result
					}}
					ctx := context.WithValue(context.Background(), key{}, "the dial's")
					c, err := dialByMethod(s, ctx, d, network)
					if err != nil {
						return append(r, err)
					}
					return append(r, c.Close())
				})
			})
		}
	}
}

// dialByMethod dials a peer on the network by the method that the network has.
func dialByMethod(s *both.Side, ctx context.Context, d net.Dialer, network string) (net.Conn, error) {
	switch network {
	case "unix", "unixpacket":
		s.UnixListener(network, "server")
		return dialUnixBy(s, ctx, d, network, nil, &net.UnixAddr{Name: "server", Net: network})
	case "unixgram":
		unixCrowd(s)
		return dialUnixBy(s, ctx, d, network, nil, &net.UnixAddr{Name: "datagrams", Net: network})
	}
	host := "127.0.0.1"
	if strings.HasSuffix(network, "6") {
		host = "::1"
	}
	closer, addr, err := s.Bind(network, host, "0")
	require.NoError(s, err)
	s.Cleanup(func() { closer.Close() })
	s.NamePort(addr, "SERVER")
	to := netip.MustParseAddrPort(addr.String())
	switch {
	case network[:3] == "tcp" && s.Std:
		return d.DialTCP(ctx, network, netip.AddrPort{}, to)
	case network[:3] == "tcp":
		return both.Ours(d).DialTCP(ctx, network, netip.AddrPort{}, to)
	case s.Std:
		return d.DialUDP(ctx, network, netip.AddrPort{}, to)
	}
	return both.Ours(d).DialUDP(ctx, network, netip.AddrPort{}, to)
}
