//go:build linux

package dns

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
)

// remote describes what came of a dial, and closes it.
func remote(c net.Conn, err error) string {
	if err != nil {
		return describe(err)
	}
	defer c.Close()
	return fmt.Sprintln(c.RemoteAddr().Network(), c.RemoteAddr())
}

// If this fails, a Dialer does not use its Resolver as package net's does: other
// addresses are tried, or failing to resolve is another error.
func TestDialerResolver(t *testing.T) {
	if !alone(t) {
		return
	}
	j := serve(t)
	second, err := net.Listen("tcp", "127.0.1.2:0")
	require.NoError(t, err)
	defer second.Close()
	_, port, err := net.SplitHostPort(second.Addr().String())
	require.NoError(t, err)
	third, err := net.Listen("tcp", "127.0.1.3:"+port)
	require.NoError(t, err)
	defer third.Close()

	tests := []struct {
		name, network, host string
		detour              func(dialFunc) dialFunc
		timeout             time.Duration
		want                string
	}{
		{"several addresses", "tcp", "several.test.", nil, 0, "127.0.1.2:"},
		{"several addresses, UDP", "udp", "several.test.", nil, 0, "127.0.1.1:"},
		{"refused", "tcp", "one.test.", nil, 0, "connection refused"},
		{"one family asked for", "tcp4", "several.test.", nil, 0, "127.0.1.2:"},
		{"other family asked for", "tcp6", "several.test.", nil, 0, "no such host"},
		{"no such name", "tcp", "nobody.test.", nil, 0, "no such host"},
		{"server fails", "tcp", "fails2.several.test.", nil, 0, "server misbehaving"},
		{"first server fails", "tcp", "fails1.several.test.", nil, 0, "127.0.1.2:"},
		{"answer truncated", "tcp", "cut.several.test.", nil, 0, "127.0.1.2:"},
		{"Dial fails", "tcp", "several.test.", detours["fails"], 0, "planned"},
		{"servers dead", "tcp", "several.test.", detours["all servers dead"], 0, "connection refused"},
		{"first server dead", "tcp", "several.test.", detours["first server dead"], 0, "127.0.1.2:"},
		{"first server silent", "tcp", "silent1.several.test.", nil, time.Minute, "127.0.1.2:"},
		{"servers silent", "tcp", "silent2.several.test.", nil, 20 * time.Millisecond, "i/o timeout"},
		{"too late", "tcp", "several.test.", nil, -1, "i/o timeout"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			compare(t, func(s side) string {
				d := s.dialer(net.Dialer{Resolver: s.resolver(tt.detour), Timeout: tt.timeout})
				text := remote(d(background, tt.network, net.JoinHostPort(tt.host, port)))
				require.Contains(s, text, tt.want)
				if tt.timeout > 0 && tt.timeout < time.Second || tt.timeout < 0 {
					return text // what was asked by then is by chance
				}
				return text + strings.Join(j.take(""), "\n")
			})
			j.take("")
		})
	}
}

// literals are addresses that need no resolving.
var literals = []struct{ network, address string }{
	{"tcp", "127.0.0.1:1"}, {"tcp4", "127.0.0.1:1"}, {"tcp", "[::1]:1"}, {"tcp6", "[::1]:1"}, {"tcp", "[::1%lo]:1"},
	{"tcp", "[::ffff:127.0.0.1]:1"}, {"tcp", ":1"}, {"tcp", "0.0.0.0:1"}, {"tcp", "[::]:1"}, {"tcp", "127.0.0.1:http"},
	{"udp", "127.0.0.1:1"}, {"udp", "[::1]:1"}, {"udp", ":1"}, {"udp4", "127.0.0.1:domain"},
	{"ip4:icmp", "127.0.0.1"}, {"ip6:58", "::1"}, {"unix", "/nonexistent/socket"}, {"unixgram", "/nonexistent/socket"},
	{"tcp4", "[::1]:1"}, {"tcp6", "127.0.0.1:1"}, {"tcp", "127.0.0.1"}, {"tcp", "127.0.0.1:nosuchservice"},
}

// neverAsked is a resolver that must not be asked.
func neverAsked(t testing.TB) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(_ context.Context, network, address string) (net.Conn, error) {
		assert.Fail(t, "asked", "%s %s", network, address)
		return nil, errPlanned
	}}
}

// If this fails, an address that is no name is looked up.
func TestLiteralsAreNotLookedUp(t *testing.T) {
	if !alone(t) {
		return
	}
	for _, l := range literals {
		t.Run(l.network+" "+l.address, func(t *testing.T) {
			compare(t, func(s side) string {
				return remote(s.dialer(net.Dialer{Resolver: neverAsked(s.T)})(background, l.network, l.address))
			})
			compare(t, func(s side) string {
				s.setDefaultResolver(neverAsked(s.T))
				return s.listen(background, l.network, l.address)
			})
		})
	}
}

// setDefaultResolver sets the side's DefaultResolver until the test is over.
func (s side) setDefaultResolver(r *net.Resolver) {
	of := &netpoller.DefaultResolver
	if s.group == nil {
		of = &net.DefaultResolver
	}
	before := *of
	*of = r
	s.Cleanup(func() { *of = before })
}

// listen listens with the zero ListenConfig and describes what came of it.
func (s side) listen(ctx context.Context, network, address string) string {
	lc := netpoller.ListenConfig{Poller: s.group}
	listen, listenPacket := lc.Listen, lc.ListenPacket
	if s.group == nil {
		listen, listenPacket = new(net.ListenConfig).Listen, new(net.ListenConfig).ListenPacket
	}
	var text string
	if l, err := listen(ctx, network, address); err != nil {
		text += describe(err)
	} else {
		text += fmt.Sprintln(l.Addr())
		l.Close()
	}
	if c, err := listenPacket(ctx, network, address); err != nil {
		text += describe(err)
	} else {
		text += fmt.Sprintln(c.LocalAddr())
		c.Close()
	}
	return text
}

// If this fails, ListenConfig does not resolve as package net's does: with
// DefaultResolver, for as long as the context lasts, to IPv4 where there is a choice.
func TestListenConfigResolver(t *testing.T) {
	if !alone(t) {
		return
	}
	j := serve(t)
	canceled, cancel := context.WithCancel(background)
	cancel()
	waits := func(dialFunc) dialFunc {
		return func(ctx context.Context, _, _ string) (net.Conn, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
	}
	tests := []struct {
		name, network, host string
		ctx                 context.Context
		detour              func(dialFunc) dialFunc
		want                string
	}{
		{"several addresses", "tcp", "several.test.", background, nil, "127.0.1.1:153"},
		{"both families", "tcp", "dual.test.", background, nil, "127.0.0.1:153"},
		{"IPv6", "tcp6", "dual.test.", background, nil, "[::1]:153"},
		{"UDP", "udp", "several.test.", background, nil, "127.0.1.1:153"},
		{"UDP over IPv6", "udp6", "dual.test.", background, nil, "[::1]:153"},
		{"no such name", "tcp", "nobody.test.", background, nil, "no such host"},
		{"server fails", "tcp", "fails2.one.test.", background, nil, "server misbehaving"},
		{"Dial fails", "udp", "one.test.", background, detours["fails"], "planned"},
		{"context ended", "tcp", "one.test.", canceled, waits, "operation was canceled"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			compare(t, func(s side) string {
				s.setDefaultResolver(s.resolver(tt.detour))
				text := s.listen(tt.ctx, tt.network, tt.host+":153")
				require.Contains(s, text, tt.want)
				if tt.ctx == background {
					text += strings.Join(j.take(""), "\n")
				}
				return text
			})
			j.take("")
		})
	}
}
