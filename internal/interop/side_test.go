//go:build linux

package interop

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
)

// loopback is where servers listen, an address of this process's own. On 127.0.0.1 a
// dial of some other test's, to a port that its listener has left, could reach us.
var loopback = fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))

// A side is who makes one end of a connection.
type side struct {
	name   string
	listen func(network, address string) (net.Listener, error)
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
}

// ours is a side on g.
func ours(g *netpoller.Group) side {
	lc := netpoller.ListenConfig{Poller: g}
	d := netpoller.Dialer{Poller: g}
	return side{
		name: "ours",
		listen: func(network, address string) (net.Listener, error) {
			return lc.Listen(context.Background(), network, address)
		},
		dial: d.DialContext,
	}
}

// std is package net.
func std() side {
	var d net.Dialer
	return side{name: "net", listen: net.Listen, dial: d.DialContext}
}

// A pair is the two ends that a test runs with.
type pair struct {
	server, client side
	serverOurs     bool
	clientOurs     bool

	// group watches the ends that are ours.
	group *netpoller.Group
}

var waits = []struct {
	name string
	wait netpoller.Wait
}{
	{"parked", netpoller.WaitParked},
	{"thread", netpoller.WaitThread},
}

// forEachGroup runs body with every wait strategy, with one reactor and with three.
func forEachGroup(t *testing.T, body func(t *testing.T, g *netpoller.Group)) {
	for _, w := range waits {
		for _, pollers := range []int{1, 3} {
			t.Run(fmt.Sprintf("%s/%d", w.name, pollers), func(t *testing.T) {
				body(t, newGroup(t, netpoller.Config{Wait: w.wait, Pollers: pollers}))
			})
		}
	}
}

// forEachPair runs body with each end ours or net's and, where an end is ours, with
// every wait strategy. Net on both ends shows that the test itself is right.
func forEachPair(t *testing.T, body func(t *testing.T, p pair)) {
	for _, ends := range []struct {
		name                   string
		serverOurs, clientOurs bool
	}{
		{"ours-ours", true, true},
		{"server-ours", true, false},
		{"client-ours", false, true},
	} {
		for _, w := range waits {
			t.Run(ends.name+"/"+w.name, func(t *testing.T) {
				g := newGroup(t, netpoller.Config{Wait: w.wait})
				p := pair{server: std(), client: std(), serverOurs: ends.serverOurs, clientOurs: ends.clientOurs, group: g}
				if p.serverOurs {
					p.server = ours(g)
				}
				if p.clientOurs {
					p.client = ours(g)
				}
				body(t, p)
			})
		}
	}
	t.Run("net-net", func(t *testing.T) { body(t, pair{server: std(), client: std()}) })
}

// forEachServer runs body with a server that is ours, with every wait strategy, and
// with one of package net.
func forEachServer(t *testing.T, body func(t *testing.T, server side)) {
	for _, w := range waits {
		t.Run("ours/"+w.name, func(t *testing.T) {
			body(t, ours(newGroup(t, netpoller.Config{Wait: w.wait})))
		})
	}
	t.Run("net", func(t *testing.T) { body(t, std()) })
}

// newGroup returns a group that, when the test is over, must have nothing left: no
// connection, no deadline, nobody who waits.
func newGroup(t testing.TB, c netpoller.Config) *netpoller.Group {
	g := netpoller.NewGroup(c)
	t.Cleanup(func() {
		if !poll(func() bool { return idle(g.Stats()) }) && !t.Failed() {
			t.Errorf("the group was left with %+v", g.Stats())
		}
		g.Close()
	})
	return g
}

// idle reports whether nothing is open, armed or parked.
func idle(s netpoller.Stats) bool {
	return s.Open == 0 && s.Timers == 0 && s.ParkedReaders == 0 && s.ParkedWriters == 0
}

// parked waits until so many goroutines are parked in the group, on either side.
func parked(t testing.TB, g *netpoller.Group, readers, writers int) {
	t.Helper()
	eventually(t, fmt.Sprintf("%d readers and %d writers are parked", readers, writers), func() bool {
		s := g.Stats()
		return s.ParkedReaders == readers && s.ParkedWriters == writers
	})
}

// listen returns a listener on the loopback, closed when the test is over.
func listen(t testing.TB, s side) net.Listener {
	t.Helper()
	l, err := s.listen("tcp", loopback+":0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	return l
}

// dial returns a connection to address, closed when the test is over.
func dial(t testing.TB, s side, address string) net.Conn {
	t.Helper()
	c, err := s.dial(context.Background(), "tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// connect returns the two ends of a connection, closed when the test is over. The
// listener is gone already.
func connect(t testing.TB, p pair) (server, client net.Conn) {
	t.Helper()
	l := listen(t, p.server)
	client = dial(t, p.client, l.Addr().String())
	server, err := acceptFrom(l, client)
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	l.Close()
	return server, client
}

// acceptFrom returns the other end of client, and turns strangers away.
func acceptFrom(l net.Listener, client net.Conn) (net.Conn, error) {
	for {
		c, err := l.Accept()
		if err != nil || c.RemoteAddr().String() == client.LocalAddr().String() {
			return c, err
		}
		c.Close()
	}
}
