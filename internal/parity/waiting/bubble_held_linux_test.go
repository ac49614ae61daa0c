package waiting

import (
	"io"
	"net"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// A bubble leaves itself by way of a cleanup function. In these tests those of the program
// are in the way: they use sockets, and wait for what the bubble holds.

// cleanups makes f a cleanup function of n things that are garbage at once.
//
//go:noinline
func cleanups(n int, f func(int)) {
	for i := range n {
		runtime.AddCleanup(new([64]byte), f, i)
	}
}

// ends runs f in a bubble and fails if that does not end.
func ends(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	done := make(chan bool, 1)
	go func() {
		synctest.Test(t, f)
		done <- true
	}()
	nettest.Eventually(t, "the bubble ends", func() bool { return len(done) > 0 })
}

// noReactor waits until the default group has none.
func noReactor(t *testing.T) {
	t.Helper()
	nettest.Eventually(t, "no reactor runs", func() bool { return !both.ContainsReactor(nettest.Stacks()) })
}

// If this failed, a bubble that opens the first socket, and a cleanup function that uses
// one, would wait for each other, and everybody else for the reactor.
func TestBubbleBesideCleanupThatDials(t *testing.T) {
	eachMaker(t, func(t *testing.T, m maker) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer ln.Close()
		go echoAll(ln)
		noReactor(t)
		ends(t, func(t *testing.T) {
			cleanups(20, func(int) {
				if c, err := m.dial("tcp", ln.Addr().String()); err == nil {
					c.Write([]byte("x"))
					io.ReadFull(c, make([]byte, 1))
					c.Close()
				}
			})
			c, err := m.dial("tcp", ln.Addr().String())
			require.NoError(t, err)
			c.Close()
		})
	})
}

// If this failed, a pool that dials with its lock held could not be used in a bubble, if its
// connections have cleanup functions.
func TestBubbleBesideCleanupThatLocks(t *testing.T) {
	eachMaker(t, func(t *testing.T, m maker) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer ln.Close()
		noReactor(t)
		var mu sync.Mutex
		ends(t, func(t *testing.T) {
			//lint:ignore SA2001 the clean-up has nothing to do but wait for the lock
			cleanups(20, func(int) { mu.Lock(); mu.Unlock() })
			mu.Lock()
			defer mu.Unlock()
			c, err := m.dial("tcp", ln.Addr().String())
			require.NoError(t, err)
			c.Close()
		})
	})
}

// If this failed, a Group that is closed, in a bubble or by a cleanup function, would hang
// beside the other.
func TestBubbleBesideCleanupThatClosesGroup(t *testing.T) {
	g := netpoller.NewPollerGroup(netpoller.PollerConfig{})
	ends(t, func(t *testing.T) {
		cleanups(20, func(int) { g.Close() })
		c, err := (&netpoller.ListenConfig{Poller: g}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
		if err == nil {
			c.Close()
		}
	})
}

// If this failed, closing a Group would hang, or not tell a notification that was asked for
// outside of the bubble.
func TestGroupClosedInABubble(t *testing.T) {
	g := netpoller.NewPollerGroup(netpoller.PollerConfig{})
	ln, err := (&netpoller.ListenConfig{Poller: g}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	d := netpoller.Dialer{Poller: g}
	var conns [20]net.Conn
	for i := range conns {
		conns[i], err = d.DialContext(t.Context(), "tcp", ln.Addr().String())
		require.NoError(t, err)
	}
	told := make(chan bool, 1) // which a goroutine of the bubble may not use
	conns[0].(*netpoller.TCPConn).NotifyReadable(func() { told <- true })
	cleanups(len(conns)-1, func(i int) { conns[i+1].Close() })
	ends(t, func(t *testing.T) { require.NoError(t, g.Close()) })
	nettest.Eventually(t, "notified", func() bool { return len(told) > 0 })
	conns[0].Close()
}

// If this failed, a notification that is stopped in a bubble would hang beside another that
// stops it.
func TestNotificationStoppedInABubble(t *testing.T) {
	near, far := makers["netpoller"].tcpPair(t)
	defer near.Close()
	defer far.Close()
	stop := near.(*netpoller.TCPConn).NotifyReadable(func() { t.Error("notified after all") })
	ends(t, func(t *testing.T) {
		cleanups(20, func(int) { stop() })
		stop()
	})
}

// If this failed, a notification would have a time limit in a bubble, and none elsewhere.
func TestNotificationInABubbleHasNoLimit(t *testing.T) {
	ln, err := netpoller.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	for name, within := range map[string]func(*testing.T, func(*testing.T)){
		"outside": func(t *testing.T, f func(*testing.T)) { f(t) },
		"inside":  synctest.Test,
	} {
		t.Run(name, func(t *testing.T) {
			within(t, func(t *testing.T) {
				c, err := netpoller.Dial("tcp", ln.Addr().String())
				require.NoError(t, err)
				defer c.Close()
				other, err := netpoller.Dial("tcp", ln.Addr().String())
				require.NoError(t, err)
				defer other.Close()
				netpoller.WithTimeout(c, time.Millisecond, 0)
				told := false
				stop := c.(*netpoller.TCPConn).NotifyReadable(func() { told = true })
				// Longer than the limit, in the world outside.
				require.NoError(t, other.SetReadDeadline(time.Now().Add(20*time.Millisecond)))
				other.Read(make([]byte, 1))
				require.True(t, stop(), "it had not been called")
				require.False(t, told)
			})
		})
	}
}
