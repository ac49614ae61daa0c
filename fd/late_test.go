//go:build linux

package fd

import (
	"context"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/poller"
)

// moment passes some time, of the order of what it takes to wake a goroutine.
func moment() {
	for end := time.Now().Add(rand.N(30 * time.Microsecond)); time.Now().Before(end); {
		runtime.Gosched()
	}
}

// rounds is how often the moment is looked for.
func rounds() int {
	if testing.Short() {
		return 200
	}
	return 1000
}

// second reads behind the owner of the side, and returns what the Read came to.
func second(t testing.TB, fd *FD) (read <-chan error) {
	read = async(func() error { _, err := fd.Read(make([]byte, 8)); return err })
	eventually(t, "a Read that waits for its turn", func() bool { return fd.mu.state.Load()&waiters(0) != 0 })
	return read
}

// If this fails, stop ends the Read that comes after the notification: it fails though
// nobody has interrupted it.
func TestLateStopEndsNoLaterRead(t *testing.T) {
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	fd, far := pair(t, g)
	for range rounds() {
		stop := fd.NotifyReadable(func() {})
		read := second(t, fd)
		far.send("x")
		moment()
		stop()
		require.NoError(t, result(t, "the later Read", read))
	}
}

// If this fails, there is a moment at which stop ends the Read after the notification.
func TestNotificationEndsBeforeItLetsGo(t *testing.T) {
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	fd, _ := pair(t, g)
	ok(t, fd.lock(0))
	n := &notification{interrupter: interrupter{fd: fd}, f: func() {}}
	n.mu.Lock() // as stop does
	go n.deliver()
	for range 50 {
		time.Sleep(100 * time.Microsecond)
		require.NotZero(t, fd.mu.state.Load()&lockBit(0), "the side is let go while it can be stopped")
	}
	n.mu.Unlock()
	ok(t, fd.lock(0))
	fd.unlock(0)
}

// If this fails, a context ends the Read that comes after the one that was given it.
func TestLateContextEndsNoLaterRead(t *testing.T) {
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	fd, far := pair(t, g)
	for range rounds() {
		ctx, cancel := context.WithCancel(t.Context())
		first := async(func() error { _, err := fd.ReadContext(ctx, make([]byte, 8)); return err })
		parked(t, g, 1, 0)
		read := second(t, fd)
		far.send("x")
		moment()
		cancel()
		if result(t, "the Read with a context", first) == nil {
			far.send("y")
		}
		require.NoError(t, result(t, "the later Read", read))
	}
}
