package waiting

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
)

// A lonely listener is one whose reactor watches nothing else.
type lonely interface {
	Listen(ctx context.Context, network, address string) (net.Listener, error)
	ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error)
}

// eachLonely runs f with package net's listeners, and with ours on a reactor of each strategy.
func eachLonely(t *testing.T, f func(t *testing.T, l lonely)) {
	t.Run("net", func(t *testing.T) { f(t, new(net.ListenConfig)) })
	for _, wait := range []netpoller.PollerStrategy{netpoller.PollerNested, netpoller.PollerThread} {
		t.Run(map[netpoller.PollerStrategy]string{netpoller.PollerNested: "nested", netpoller.PollerThread: "thread"}[wait], func(t *testing.T) {
			g := netpoller.NewPollerGroup(netpoller.PollerConfig{Pollers: 1, Strategy: wait})
			defer g.Close()
			f(t, &netpoller.ListenConfig{Poller: g})
		})
	}
}

// beside computes for a while, so that what follows comes beside one of the steps of a reactor
// that an event has just woken.
func beside() {
	for since, d := time.Now(), rand.N(30*time.Microsecond); time.Since(since) < d; {
	}
}

// ownAddress is nobody else's: no system gives a port like this where none is named.
func ownAddress() string {
	return fmt.Sprintf("127.%d.%d.1:%d", 1+os.Getpid()>>8&0x7f, os.Getpid()&0xff, 20000+os.Getpid()>>15&0xfff)
}

const closes = 3000 // a thread that holds what is closed is found in a few hundred

// If this fails, a Close returns while a wait of the reactor holds the socket open (fact d of
// package sys): then the address is in use, or the peer sees no end, until another event.
func TestCloseIsSeenAtOnceLikeNet(t *testing.T) {
	name := fmt.Sprintf("@netpoller-close-%d", os.Getpid())
	for what, once := range map[string]func(t *testing.T, l lonely) (again func()){
		"tcp listener":        func(t *testing.T, l lonely) func() { return listenAgain(t, l, "tcp", ownAddress()) },
		"unix listener":       func(t *testing.T, l lonely) func() { return listenAgain(t, l, "unix", name) },
		"unixpacket listener": func(t *testing.T, l lonely) func() { return listenAgain(t, l, "unixpacket", name) },
		"udp socket":          bindAgain,
		"connection":          endAgain,
	} {
		t.Run(what, func(t *testing.T) {
			eachLonely(t, func(t *testing.T, l lonely) {
				again := once(t, l)
				for range closes {
					again()
				}
			})
		})
	}
}

// listenAgain listens where the last listener was, and accepts one connection.
func listenAgain(t *testing.T, lc lonely, network, address string) (again func()) {
	return func() {
		l, err := lc.Listen(context.Background(), network, address)
		require.NoError(t, err)
		far, err := net.Dial(network, address)
		require.NoError(t, err)
		near, err := l.Accept()
		require.NoError(t, err)
		beside()
		require.NoError(t, l.Close())
		if c, ok := far.(*net.TCPConn); ok {
			require.NoError(t, c.SetLinger(0)) // which leaves no TIME_WAIT
		}
		require.NoError(t, far.Close())
		require.NoError(t, near.Close())
	}
}

// bindAgain binds a socket where the last one was, and receives a packet.
func bindAgain(t *testing.T, lc lonely) (again func()) {
	far, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { far.Close() })
	b := make([]byte, 9)
	return func() {
		c, err := lc.ListenPacket(context.Background(), "udp4", ownAddress())
		require.NoError(t, err)
		_, err = far.WriteTo([]byte("x"), c.LocalAddr())
		require.NoError(t, err)
		_, _, err = c.ReadFrom(b)
		require.NoError(t, err)
		beside()
		require.NoError(t, c.Close())
	}
}

// endAgain ends a connection, one end of which has waited, with what it has just received.
func endAgain(t *testing.T, lc lonely) (again func()) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	g, _ := lc.(*netpoller.ListenConfig)
	b := make([]byte, 1) // a Read that fills it does not begin by waiting for the reactor
	return func() {
		var near net.Conn
		if g == nil {
			near, err = net.Dial("tcp", l.Addr().String())
		} else {
			near, err = (&netpoller.Dialer{Poller: g.Poller}).Dial("tcp", l.Addr().String())
		}
		require.NoError(t, err)
		far, err := l.Accept()
		require.NoError(t, err)
		defer far.Close()
		go far.Write([]byte("x"))
		_, err = near.Read(b) // which waits
		require.NoError(t, err)
		_, err = far.Write([]byte("x"))
		require.NoError(t, err)
		_, err = near.Read(b)
		require.NoError(t, err)
		beside()
		require.NoError(t, near.Close())
		require.NoError(t, far.SetReadDeadline(time.Now().Add(10*time.Second)))
		_, err = far.Read(b)
		require.ErrorIs(t, err, io.EOF)
	}
}
