//go:build linux

package dns

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/interop/ends"
	"github.com/a57b2d82/netpoller/internal/nettest"
)

var background = context.Background()

// dialFunc is what Dialer.DialContext and Resolver.Dial are.
type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

// A side dials, and asks the name servers, over package net or over ours.
type side struct {
	*testing.T
	ends.Side
	group *netpoller.PollerGroup // nil means package net
}

// resolver returns a resolver that asks through the side's own dialer, by way of through
// unless that is nil.
func (s side) resolver(through func(dialFunc) dialFunc) *net.Resolver {
	r := &net.Resolver{PreferGo: true, Dial: s.Dial}
	if through != nil {
		r.Dial = through(s.Dial)
	}
	return r
}

// dialer dials with these settings.
func (s side) dialer(d net.Dialer) dialFunc {
	if s.group == nil {
		return d.DialContext
	}
	ours := netpoller.Dialer{
		Timeout: d.Timeout, Deadline: d.Deadline, LocalAddr: d.LocalAddr, FallbackDelay: d.FallbackDelay,
		Resolver: d.Resolver, Cancel: d.Cancel, Control: d.Control, Poller: s.group,
	}
	return ours.DialContext
}

// compare runs f on package net and on ours, with each wait strategy, and requires that
// what it returns is the same.
func compare(t *testing.T, f func(s side) string) {
	t.Helper()
	var want string
	ok := t.Run("net", func(t *testing.T) { want = f(side{t, ends.Net(), nil}) })
	for name, wait := range map[string]netpoller.PollerStrategy{"nested": netpoller.PollerNested, "thread": netpoller.PollerThread} {
		if !ok {
			return
		}
		ok = t.Run("ours/"+name, func(t *testing.T) {
			g := ends.NewGroup(t, netpoller.PollerConfig{Strategy: wait})
			require.Equal(t, want, f(side{t, ends.Ours(g), g}), "package net's result, and ours")
		})
	}
}

// errPlanned is a mistake that a test makes on purpose.
var errPlanned = errors.New("planned")

// describe returns all that a program can learn from an error of a lookup.
func describe(err error) string {
	text := nettest.Describe(err)
	var d *net.DNSError
	if errors.As(err, &d) {
		text += fmt.Sprintf("  server=%q timeout=%t temporary=%t wraps %v\n", d.Server, d.IsTimeout, d.IsTemporary, d.UnwrapErr)
	}
	if errors.Is(err, errPlanned) {
		text += "  is errPlanned\n"
	}
	return nettest.NamePorts(text, nil)
}

// If this fails, package net's resolver takes our connections for the wrong kind, and
// frames its questions as for the other: it asks a connection whether it is a
// net.PacketConn.
func TestKindsOfConns(t *testing.T) {
	g := ends.NewGroup(t, netpoller.PollerConfig{})
	d := netpoller.Dialer{Poller: g}
	l := ends.Listen(t, ends.Net())
	for network, want := range map[string]bool{"udp": true, "tcp": false} {
		c, err := d.Dial(network, l.Addr().String())
		require.NoError(t, err)
		_, packets := c.(net.PacketConn)
		assert.Equal(t, want, packets, network)
		require.NoError(t, c.Close())
	}
}
