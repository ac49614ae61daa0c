package conn_test

import (
	"math/rand/v2"
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/dialer"
	"github.com/a57b2d82/netpoller/internal/nettest"
)

// A notified is a connection that waits for a notification, and what has become of it.
type notified struct {
	c, peer *conn.TCPConn
	stop    func() bool
	told    atomic.Int32
	stopped atomic.Bool
	closed  bool
}

func (n *notified) wait() { n.stop = n.c.NotifyReadable(func() { n.told.Add(1) }) }

// If this fails, a mistake shows when something arrives, in a goroutine of nobody's.
func TestNotifyNobody(t *testing.T) {
	c, _ := pair(t)
	require.Panics(t, func() { c.NotifyReadable(nil) })
}

// If this fails, a thousand connections (if there may be so many) cannot wait without a goroutine each, or one of
// them is told twice or never, or after it was stopped, or loses its data.
func TestNotifyReadableOfMany(t *testing.T) {
	all := make([]*notified, min(1000, roomFor(t)))
	for i := range all {
		all[i] = new(notified)
		all[i].c, all[i].peer = pair(t)
	}
	before := runtime.NumGoroutine()
	for _, n := range all {
		n.wait()
	}
	require.Less(t, runtime.NumGoroutine(), before+len(all)/10)

	var events []func()
	for _, n := range all {
		events = append(events, func() { n.peer.Write([]byte("x")) })
		if rand.IntN(2) == 0 {
			events = append(events, func() { n.stopped.Store(n.stop()) })
		}
		if n.closed = rand.IntN(3) == 0; n.closed {
			events = append(events, func() { n.c.Close() })
		}
		if rand.IntN(4) == 0 {
			events = append(events, func() { n.c.SetReadDeadline(nettest.LongAgo); n.c.SetReadDeadline(time.Time{}) })
		}
	}
	rand.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
	var doing sync.WaitGroup
	for i := range 8 {
		doing.Go(func() {
			for ; i < len(events); i += 8 {
				events[i]()
			}
		})
	}
	doing.Wait()

	for _, n := range all {
		if !n.stopped.Load() {
			nettest.Eventually(t, "it is told", func() bool { return n.told.Load() > 0 })
		}
		if !n.closed {
			require.Equal(t, "x", read(t, n.c, 8))
			n.c.Close()
		}
	}
	nettest.Eventually(t, "all goroutines end", func() bool { return runtime.NumGoroutine() <= before })
	for _, n := range all {
		if n.stopped.Load() {
			require.Zero(t, n.told.Load(), "told after it was stopped")
		} else {
			require.EqualValues(t, 1, n.told.Load())
		}
	}
}

// If this fails, a stop that comes late ends another's wait, or one of a connection that
// has got the same slot.
func TestLateStopStopsNothing(t *testing.T) {
	for range 200 {
		a, b := pair(t)
		told := make(chan struct{}, 1)
		stop := a.NotifyReadable(func() { told <- struct{}{} })
		write(t, b, "x")
		<-told
		require.Equal(t, "x", read(t, a, 8))

		done := make(chan error, 1)
		if rand.IntN(2) == 0 {
			a.Close()
			a, b = pair(t)
		}
		go func() { _, err := a.Read(make([]byte, 8)); done <- err }()
		for range 3 {
			runtime.Gosched()
			require.False(t, stop())
		}
		write(t, b, "y")
		require.NoError(t, <-done)
		nettest.Abort(a)
		nettest.Abort(b)
	}
}

// If this fails, a notification that is over keeps its connection open forever, or one
// that waits does not keep it.
func TestNotifiedGarbageIsClosed(t *testing.T) {
	before := nettest.OpenFDs(t)
	for range 20 {
		func() {
			a, b := mixedGarbage(t)
			defer b.Close()
			stop := a.NotifyReadable(func() { t.Error("called after stop") })
			require.True(t, stop())

			told := make(chan struct{})
			a.NotifyReadable(func() { close(told) })
			a = nil
			for range 3 {
				runtime.GC()
			}
			write(t, b, "x") // to a connection that only waits
			<-told
		}()
	}
	nettest.Eventually(t, "garbage is closed", func() bool {
		runtime.GC()
		return nettest.OpenFDs(t) <= before
	})
}

// mixedGarbage returns a connection to which nothing else refers, and its peer.
func mixedGarbage(t *testing.T) (ours *conn.TCPConn, theirs *net.TCPConn) {
	l, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	defer l.Close()
	c, err := dialer.Dial("tcp4", l.Addr().String())
	require.NoError(t, err)
	theirs, err = l.AcceptTCP()
	require.NoError(t, err)
	return c.(*conn.TCPConn), theirs
}
