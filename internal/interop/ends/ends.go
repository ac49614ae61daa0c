//go:build linux

// Package ends makes the two ends of connections that the interoperability tests run
// with, each of them ours or package net's, and looks for what a test leaves behind.
package ends

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
)

// Loopback is where servers listen, an address of this process's own. On 127.0.0.1 a
// dial of some other test's, to a port that its listener has left, could reach us.
var Loopback = fmt.Sprintf("127.%d.%d.%d", 1+rand.IntN(254), rand.IntN(256), 1+rand.IntN(254))

// A Side is who makes one end of a connection.
type Side struct {
	Name         string
	Listen       func(network, address string) (net.Listener, error)
	ListenPacket func(network, address string) (net.PacketConn, error)
	Dial         func(ctx context.Context, network, address string) (net.Conn, error)
}

// Ours is a side on g.
func Ours(g *netpoller.PollerGroup) Side {
	lc := netpoller.ListenConfig{Poller: g}
	d := netpoller.Dialer{Poller: g}
	return Side{
		Name: "ours",
		Listen: func(network, address string) (net.Listener, error) {
			return lc.Listen(context.Background(), network, address)
		},
		ListenPacket: func(network, address string) (net.PacketConn, error) {
			return lc.ListenPacket(context.Background(), network, address)
		},
		Dial: d.DialContext,
	}
}

// Net is package net.
func Net() Side {
	var d net.Dialer
	return Side{Name: "net", Listen: net.Listen, ListenPacket: net.ListenPacket, Dial: d.DialContext}
}

// A Pair is the two ends that a test runs with.
type Pair struct {
	Server, Client Side
	ServerOurs     bool
	ClientOurs     bool

	// Group watches the ends that are ours.
	Group *netpoller.PollerGroup
}

var waits = []struct {
	name string
	wait netpoller.PollerStrategy
}{
	{"nested", netpoller.PollerNested},
	{"thread", netpoller.PollerThread},
}

// ForEachGroup runs body with every wait strategy, with one reactor and with three.
func ForEachGroup(t *testing.T, body func(t *testing.T, g *netpoller.PollerGroup)) {
	for _, w := range waits {
		for _, pollers := range []int{1, 3} {
			t.Run(fmt.Sprintf("%s/%d", w.name, pollers), func(t *testing.T) {
				body(t, NewGroup(t, netpoller.PollerConfig{Strategy: w.wait, Pollers: pollers}))
			})
		}
	}
}

// ForEachPair runs body with each end ours or net's and, where an end is ours, with
// every wait strategy. Net on both ends shows that the test itself is right.
func ForEachPair(t *testing.T, body func(t *testing.T, p Pair)) {
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
				g := NewGroup(t, netpoller.PollerConfig{Strategy: w.wait})
				p := Pair{Server: Net(), Client: Net(), ServerOurs: ends.serverOurs, ClientOurs: ends.clientOurs, Group: g}
				if p.ServerOurs {
					p.Server = Ours(g)
				}
				if p.ClientOurs {
					p.Client = Ours(g)
				}
				body(t, p)
			})
		}
	}
	t.Run("net-net", func(t *testing.T) { body(t, Pair{Server: Net(), Client: Net()}) })
}

// ForEachServer runs body with a server that is ours, with every wait strategy, and
// with one of package net.
func ForEachServer(t *testing.T, body func(t *testing.T, server Side)) {
	for _, w := range waits {
		t.Run("ours/"+w.name, func(t *testing.T) {
			body(t, Ours(NewGroup(t, netpoller.PollerConfig{Strategy: w.wait})))
		})
	}
	t.Run("net", func(t *testing.T) { body(t, Net()) })
}

// ForEachClient runs body with a client that is ours, with every wait strategy, and with
// one of package net. The server is a program, which has sockets of its own. A client
// that never dials has gone round us, and fails.
func ForEachClient(t *testing.T, body func(t *testing.T, client Side)) {
	for _, w := range waits {
		t.Run("ours/"+w.name, func(t *testing.T) {
			client := Ours(NewGroup(t, netpoller.PollerConfig{Strategy: w.wait}))
			dial, dials := client.Dial, new(atomic.Int32)
			client.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				dials.Add(1)
				return dial(ctx, network, address)
			}
			body(t, client)
			if dials.Load() == 0 {
				t.Error("the client had no connection of ours")
			}
		})
	}
	t.Run("net", func(t *testing.T) { body(t, Net()) })
}

// NewGroup returns a group that, when the test is over, must have nothing left: no
// connection, no deadline, nobody who waits.
func NewGroup(t testing.TB, c netpoller.PollerConfig) *netpoller.PollerGroup {
	g := netpoller.NewPollerGroup(c)
	t.Cleanup(func() {
		if !Poll(func() bool { return Idle(g.Stats()) }) && !t.Failed() {
			t.Errorf("the group was left with %+v", g.Stats())
		}
		g.Close()
	})
	return g
}

// Idle reports whether nothing is open, armed or parked.
func Idle(s netpoller.PollerStats) bool {
	return s.Open == 0 && s.Timers == 0 && s.ParkedReaders == 0 && s.ParkedWriters == 0
}

// Parked waits until so many goroutines are parked in the group, on either side.
func Parked(t testing.TB, g *netpoller.PollerGroup, readers, writers int) {
	t.Helper()
	Eventually(t, fmt.Sprintf("%d readers and %d writers are parked", readers, writers), func() bool {
		s := g.Stats()
		return s.ParkedReaders == readers && s.ParkedWriters == writers
	})
}

// Listen returns a listener on the loopback, closed when the test is over.
func Listen(t testing.TB, s Side) net.Listener {
	t.Helper()
	l, err := s.Listen("tcp", Loopback+":0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	return l
}

// Dial returns a connection to address, closed when the test is over.
func Dial(t testing.TB, s Side, address string) net.Conn {
	t.Helper()
	c, err := s.Dial(context.Background(), "tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// Connect returns the two ends of a connection, closed when the test is over. The
// listener is gone already.
func Connect(t testing.TB, p Pair) (server, client net.Conn) {
	t.Helper()
	l := Listen(t, p.Server)
	client = Dial(t, p.Client, l.Addr().String())
	server, err := AcceptFrom(l, client)
	require.NoError(t, err)
	t.Cleanup(func() { server.Close() })
	l.Close()
	return server, client
}

// AcceptFrom returns the other end of client, and turns strangers away.
func AcceptFrom(l net.Listener, client net.Conn) (net.Conn, error) {
	for {
		c, err := l.Accept()
		if err != nil || c.RemoteAddr().String() == client.LocalAddr().String() {
			return c, err
		}
		c.Close()
	}
}
