//go:build linux

package fd

import (
	"io"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/poller"
)

// expires runs f and expects that it gave up at its deadline.
func expires(t testing.TB, what string, f func() (int, error)) {
	t.Helper()
	var err error
	returns(t, what, func() { _, err = f() })
	if err != os.ErrDeadlineExceeded {
		t.Fatalf("%s: %v, want %v", what, err, os.ErrDeadlineExceeded)
	}
}

// A deadline that wakes nobody would hang the goroutine that relies on it; one that lasts longer
// than it is set would break the connection.
func TestDeadlines(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		small(t, fd, far)
		l := listener(t, g)
		read := func() (int, error) { return fd.Read(make([]byte, 10)) }
		write := func() (int, error) { return fd.Write(make([]byte, 8<<20)) }
		accept := func() (int, error) { s, _, err := l.Accept(); return s, err }
		for _, c := range []struct {
			name string
			op   func() (int, error)
			set  []func(time.Time) error
		}{
			{"Read", read, []func(time.Time) error{fd.SetReadDeadline, fd.SetDeadline}},
			{"Write", write, []func(time.Time) error{fd.SetWriteDeadline, fd.SetDeadline}},
			{"Accept", accept, []func(time.Time) error{l.SetReadDeadline, l.SetDeadline}},
		} {
			for _, set := range c.set {
				ok(t, set(time.Now().Add(time.Millisecond)))
				expires(t, c.name+" with a deadline to come", c.op)
				expires(t, c.name+" again", c.op)
				ok(t, set(longAgo))
				expires(t, c.name+" with a deadline in the past", c.op)
				ok(t, set(time.Now().Add(-1)))
				expires(t, c.name+" with one that has just passed", c.op)
				ok(t, set(time.Time{}))
			}
		}
		far.send("hello")
		reads(t, fd, 10, "hello")
		if n := g.Stats().Timers; n > 4 {
			t.Errorf("%d timers for two descriptors", n)
		}
	})
}

// A deadline set while an operation is parked must count for it, at once if it is past.
func TestDeadlineForTheParked(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		small(t, fd, far)
		for _, at := range []func() time.Time{
			func() time.Time { return longAgo },
			func() time.Time { return time.Now().Add(time.Millisecond) },
		} {
			reading := async(func() error { _, err := fd.Read(make([]byte, 10)); return err })
			writing := async(func() error { _, err := fd.Write(make([]byte, 8<<20)); return err })
			parked(t, g, 1, 1)
			ok(t, fd.SetDeadline(time.Now().Add(time.Hour)))
			ok(t, fd.SetWriteDeadline(at()))
			if err := result(t, "Write", writing); err != os.ErrDeadlineExceeded {
				t.Errorf("Write: %v", err)
			}
			parked(t, g, 1, 0) // the other side does not care
			ok(t, fd.SetReadDeadline(at()))
			if err := result(t, "Read", reading); err != os.ErrDeadlineExceeded {
				t.Errorf("Read: %v", err)
			}
			ok(t, fd.SetDeadline(time.Time{}))
		}
	})
}

// A deadline moved on, or taken away, must not fire where it was.
func TestDeadlineMovedOn(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		for _, later := range []time.Time{time.Now().Add(time.Hour), {}} {
			var fired uint64
			eventually(t, "moved on in time", func() bool {
				fired = g.Stats().TimersFired
				old := time.Now().Add(5 * time.Millisecond)
				ok(t, fd.SetReadDeadline(old))
				ok(t, fd.SetReadDeadline(later))
				return time.Now().Before(old)
			})
			reading := async(func() error { reads(t, fd, 10, "hello"); return nil })
			eventually(t, "the old time has come", func() bool { return g.Stats().TimersFired > fired })
			parked(t, g, 1, 0)
			far.send("hello")
			result(t, "Read", reading)
		}
	})
}

// An expired deadline fails a Read even when data is there, as in package net, and the
// data is there afterwards.
func TestDeadlineBeforeData(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		far.send("first")
		reads(t, fd, 10, "first") // a short read: the next one begins by waiting
		for range 2 {
			far.send("hello")
			far.arrived()
			ok(t, fd.SetReadDeadline(longAgo))
			expires(t, "Read", func() (int, error) { return fd.Read(make([]byte, 10)) })
			ok(t, fd.SetReadDeadline(time.Time{}))
			reads(t, fd, 5, "hello") // an exact one
		}
		far.fin()
		ok(t, fd.SetReadDeadline(longAgo))
		expires(t, "Read at the end", func() (int, error) { return fd.Read(make([]byte, 10)) })
		ok(t, fd.SetReadDeadline(time.Time{}))
		readsEOF(t, fd)
	})
}

// Times at the ends of the scale must not overflow into the past or the future.
func TestDeadlineExtremes(t *testing.T) {
	for _, c := range []struct {
		name string
		t    time.Time
		want func(at, now int64) bool
	}{
		{"none", time.Time{}, func(at, now int64) bool { return at == 0 }},
		{"now", time.Now(), func(at, now int64) bool { return at == -1 }},
		{"the beginning", time.Unix(0, 0), func(at, now int64) bool { return at == -1 }},
		{"before time", time.Unix(math.MinInt64/2, 0), func(at, now int64) bool { return at == -1 }},
		{"in an hour", time.Now().Add(time.Hour), func(at, now int64) bool {
			return at > now && at <= now+int64(time.Hour)
		}},
		{"in an hour, by the wall", time.Now().Add(time.Hour).Round(0), func(at, now int64) bool {
			return at > now && at <= now+int64(time.Hour)
		}},
		{"in 292 years", time.Now().Add(math.MaxInt64), func(at, now int64) bool { return at > now }},
		{"the end", time.Unix(1<<60, 0), func(at, now int64) bool { return at == math.MaxInt64 }},
	} {
		if at, now := deadlineAt(c.t); !c.want(at, now) {
			t.Errorf("%s: at %d, now %d", c.name, at, now)
		}
	}
}

// A cancellation that falls between the check of the deadline and the park must not be
// lost (golang/go#17547).
func TestPastDeadlineRacesPark(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		for i := range 3000 {
			if i%3 == 0 {
				far.send("x")
				reads(t, fd, 2, "x") // then Read begins by waiting
			}
			cancelling := async(func() error {
				for range rand.N(2000) {
				}
				return fd.SetReadDeadline(longAgo)
			})
			expires(t, "Read", func() (int, error) { return fd.Read(make([]byte, 10)) })
			ok(t, result(t, "SetReadDeadline", cancelling))
			ok(t, fd.SetReadDeadline(time.Time{}))
		}
	})
}

// The same with a timer, whose callback races with the setter (golang/go#35532) and
// with the park (golang/go#68273): a deadlock or a lost expiry would stall the Read.
func TestTimerRacesParkAndSetters(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, _ := pair(t, g)
		var stop atomic.Bool
		var setters sync.WaitGroup
		for range 3 {
			setters.Go(func() {
				for !stop.Load() {
					d := time.Duration(rand.N(200)) * time.Microsecond
					if err := fd.SetDeadline(time.Now().Add(d)); err != nil {
						t.Errorf("SetDeadline: %v", err)
					}
					if err := fd.SetWriteDeadline(time.Now().Add(d / 2)); err != nil {
						t.Errorf("SetWriteDeadline: %v", err)
					}
				}
			})
		}
		for range 500 {
			expires(t, "Read", func() (int, error) { return fd.Read(make([]byte, 10)) })
		}
		stop.Store(true)
		returns(t, "setters", setters.Wait)
		ok(t, fd.SetReadDeadline(time.Now().Add(time.Millisecond)))
		expires(t, "last Read", func() (int, error) { return fd.Read(make([]byte, 10)) })
	})
}

// Whatever deadlines do, not a byte may be lost or doubled, and Close ends it all.
func TestDeadlinesBesideTraffic(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		a, b := fdPair(t, g)
		const size = 1 << 20
		ok(t, a.SetsockoptInt(syscall.SOL_SOCKET, syscall.SO_SNDBUF, 16<<10))
		var wg, setters sync.WaitGroup
		var stop atomic.Bool
		for _, fd := range []*FD{a, b} {
			setters.Go(func() {
				for !stop.Load() {
					fd.SetDeadline(time.Now().Add(time.Duration(rand.N(300)-50) * time.Microsecond))
					fd.SetDeadline(time.Time{})
				}
			})
		}
		wg.Go(func() {
			for sent := 0; sent < size; {
				p := make([]byte, min(10_000, size-sent))
				for i := range p {
					p[i] = byte((sent + i) % 251)
				}
				n, err := a.Write(p)
				if err != nil && err != os.ErrDeadlineExceeded {
					t.Errorf("Write: %v", err)
					return
				}
				sent += n
			}
			a.Shutdown(syscall.SHUT_WR)
		})
		wg.Go(func() {
			got := 0
			for p := make([]byte, 3000); ; {
				n, err := b.Read(p)
				for _, c := range p[:n] {
					if c != byte(got%251) {
						t.Errorf("byte %d is %d", got, c)
						return
					}
					got++
				}
				if err == io.EOF {
					break
				}
				if err != nil && err != os.ErrDeadlineExceeded {
					t.Errorf("Read: %v", err)
					return
				}
			}
			if got != size {
				t.Errorf("%d bytes arrived of %d", got, size)
			}
		})
		returns(t, "traffic", wg.Wait)
		ok(t, a.Close())
		if err := b.Close(); err != nil && err != net.ErrClosed {
			t.Error(err)
		}
		stop.Store(true)
		returns(t, "setters", setters.Wait)
		if s := g.Stats(); s.Timers != 0 || s.Open != 0 {
			t.Errorf("left behind: %+v", s)
		}
	})
}

// An expiry that comes between short read and wait must not lose the data that comes
// after it, whichever way the Read after it begins.
func TestDeadlineBetweenShortReadAndData(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		c := watch(t, fd.sysfd, nil)
		const rounds = 100
		for range rounds {
			far.send("hello")
			reads(t, fd, 10, "hello")
			ok(t, fd.SetReadDeadline(time.Now().Add(100*time.Microsecond)))
			expires(t, "Read", func() (int, error) { return fd.Read(make([]byte, 10)) })
			ok(t, fd.SetReadDeadline(time.Time{}))
		}
		// An edge that comes after its data was read costs one more, now and then.
		if n := c.of(sys.CallRead); n > rounds+rounds/2 {
			t.Errorf("%d reads for %d messages", n, rounds)
		}
	})
}

// If this fails, a read that must not wait does, or takes less than is there, or the limits are
// others afterwards.
func TestWithoutWaiting(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		now := func(want string, wantErr error) {
			t.Helper()
			var got [8]byte
			var n int
			var err error
			var waits bool
			returns(t, "a read", func() { waits = fd.WithoutWaiting(func() { n, err = fd.Read(got[:]) }) })
			if string(got[:n]) != want || err != wantErr {
				t.Fatalf("read %q and %v, want %q and %v", got[:n], err, want, wantErr)
			}
			if waits != (err != nil) {
				t.Fatalf("read %q and %v, and would wait: %v", got[:n], err, waits)
			}
		}
		fd.SetLimits(time.Hour, 2*time.Hour)
		before := fd.limits.Load()
		now("", os.ErrDeadlineExceeded)
		far.send("x")
		ok(t, fd.WaitReadable(t.Context()))
		now("x", nil)
		now("", os.ErrDeadlineExceeded) // the stream is known to be empty
		if fd.limits.Load() != before {
			t.Errorf("the limits are %v", *fd.limits.Load())
		}
		if fd.WithoutWaiting(func() {}) {
			t.Error("no read would wait")
		}
		fd.WithoutWaiting(func() {
			if during := *fd.limits.Load(); during[write] != 2*time.Hour {
				t.Errorf("meanwhile the limits are %v", during)
			}
			fd.SetLimits(time.Minute, time.Minute)
		})
		if after := *fd.limits.Load(); after != [2]time.Duration{time.Minute, time.Minute} {
			t.Errorf("limits that were set meanwhile are %v", after)
		}
		fd.SetLimits(-1, -1)
		far.send("y")
		reads(t, fd, 8, "y")
		far.fin()
		readsEOF(t, fd)
	})
}
