//go:build linux

package poller

import (
	"reflect"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/clock"
	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
	"github.com/a57b2d82/netpoller/timer"
)

// The rows are those of the table at eventsOf. A bit too few is a goroutine that is
// never woken, or data that is believed to be all; a bit too many costs a system call.
func TestEventsOf(t *testing.T) {
	for _, row := range []struct {
		epoll uint32
		want  polldesc.Events
	}{
		{0, 0},
		{unix.EPOLLIN, polldesc.Readable},
		{unix.EPOLLOUT, polldesc.Writable},
		{unix.EPOLLRDHUP, polldesc.Readable | polldesc.RDHUP},
		{unix.EPOLLHUP, polldesc.Readable | polldesc.Writable | polldesc.HUP},
		{unix.EPOLLERR, polldesc.Readable | polldesc.Writable | polldesc.ERR},
		{unix.EPOLLPRI, polldesc.Readable | polldesc.PRI},
		{unix.EPOLLRDNORM | unix.EPOLLWRNORM, 0}, // not asked for
	} {
		if got := eventsOf(row.epoll); got != row.want {
			t.Errorf("%#x gives %b, want %b", row.epoll, got, row.want)
		}
		// Bits add up.
		if got := eventsOf(row.epoll | unix.EPOLLIN | unix.EPOLLOUT); got != row.want|polldesc.Readable|polldesc.Writable {
			t.Errorf("%#x with IN and OUT gives %b", row.epoll, got)
		}
	}
	all := uint32(unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLPRI)
	if readsAndWrites != all|unix.EPOLLET {
		t.Errorf("descriptors are registered for %#x", uint32(readsAndWrites))
	}
}

// More may be ready than one epoll_wait takes, and what stays behind in a nested epoll
// wakes nobody (fact e): some descriptors would be forgotten.
func TestMoreThanMaxEvents(t *testing.T) {
	for name, w := range strategies {
		t.Run(name, func(t *testing.T) {
			const n = 5*maxEvents + 7
			p := still(t, w)
			var sockets []*socket
			for range n {
				s := registerWith(t, p)
				s.send()
				sockets = append(sockets, s)
			}
			before := p.Stats() // the reactor may have waited before it was still
			eventually(t, "all events taken", func() bool {
				p.wake() // so that a wait ends when there is nothing left
				p.strategy.sleep(p, timer.Never)
				return p.Stats().Events-before.Events > n
			})
			waits, events := p.Stats().Waits-before.Waits, p.Stats().Events-before.Events
			if w == Nested && waits > n/maxEvents+2 {
				t.Errorf("%d waits for %d events", waits, events)
			}
			for _, s := range sockets {
				returns(t, "wait for an edge that came", func() { ok(t, s.pd.Wait(polldesc.Read)) })
			}
		})
	}
}

// The same with a reactor that runs, again and again.
func TestManyReadyAtOnce(t *testing.T) {
	eachWait(t, func(t *testing.T, g *Group) {
		const n = 3 * maxEvents
		var sockets []*socket
		for range n {
			sockets = append(sockets, register(t, g))
		}
		for range 10 {
			var wg sync.WaitGroup
			for _, s := range sockets {
				wg.Go(func() {
					if err := s.receive(); err != nil {
						t.Errorf("receive: %v", err)
					}
				})
			}
			parkedReaders(t, g, n)
			for _, s := range sockets {
				s.send()
			}
			returns(t, "all received", wg.Wait)
		}
		eventually(t, "all wake-ups counted, and none twice", func() bool { // after the last permit
			s := g.Stats()
			return s.Wakeups == 10*n && s.ParkedReaders == 0
		})
	})
}

// Where goroutines compute on all processors, a reactor that yields between any two batches
// queues behind them each time: some hundred events would take seconds.
func TestYieldingThatTakesLongIsLeft(t *testing.T) {
	procs(t, 1)
	var stop atomic.Bool
	defer stop.Store(true)
	go func() {
		for !stop.Load() {
		}
	}()
	var y yielder
	for tries := 0; y.backoff.skip == 0; tries++ { // until the other has run: not at once, if the scheduler is fair
		if tries == 1000 {
			t.Fatal("no other goroutine ran")
		}
		y.yield()
	}
	if y.backoff.skip < minBatches {
		t.Errorf("no yield in %d batches, want %d at least", y.backoff.skip, minBatches)
	}
	for rest := y.backoff.skip - 1; rest >= 0; rest-- {
		if y.yield(); y.backoff.skip != rest {
			t.Fatalf("%d batches to go, want %d: it let others run", y.backoff.skip, rest)
		}
	}
}

// Close must not wait until there is nothing more to do: there may always be.
func TestStopComesBeforeMoreEvents(t *testing.T) {
	p := still(t, Nested)
	for range 5 * maxEvents {
		registerWith(t, p).send()
	}
	before := p.Stats()
	p.stopping.Store(true)
	p.strategy.sleep(p, timer.Never)
	p.stopping.Store(false)
	if n := p.Stats().Events - before.Events; n != maxEvents {
		t.Errorf("%d events before the reactor looked up, want %d", n, maxEvents)
	}
}

// An event of a life that is over must be counted and do nothing.
func TestStaleEvent(t *testing.T) {
	for name, w := range strategies {
		t.Run(name, func(t *testing.T) {
			p := still(t, w)
			s := registerWith(t, p)
			lo, hi := s.pd.Token().Words()
			s.release()
			next := registerWith(t, p)
			if next.pd != s.pd {
				t.Fatal("the slot was not reused")
			}
			before := p.Stats()
			p.dispatch([]sys.EpollEvent{{Events: unix.EPOLLIN | unix.EPOLLERR, Fd: lo, Pad: hi}}, clock.Now())
			after := p.Stats()
			if after.Stale != before.Stale+1 || after.Events != before.Events+1 || next.pd.Exceptional() {
				t.Errorf("before %+v, after %+v, exceptional %v", before, after, next.pd.Exceptional())
			}
		})
	}
}

// No event may come after Unregister, though a duplicate keeps the socket alive.
func TestNoEventsAfterUnregister(t *testing.T) {
	eachWait(t, func(t *testing.T, g *Group) {
		s, other := register(t, g), register(t, g)
		dup, err := syscall.Dup(s.near)
		ok(t, err)
		defer syscall.Close(dup)
		far, err := syscall.Dup(s.far)
		ok(t, err)
		defer syscall.Close(far)
		s.release()
		received := other.async()
		parkedReaders(t, g, 1)
		before := g.Stats()
		_, err = syscall.Write(far, []byte("x"))
		ok(t, err)
		other.send()
		ok(t, result(t, "receive", received))
		if after := g.Stats(); after.Events > before.Events+1 || after.Stale != before.Stale {
			t.Errorf("before %+v, after %+v", before, after)
		}
	})
}

// A descriptor that is ready before it is registered must be reported (fact b).
func TestReadyBeforeRegister(t *testing.T) {
	eachWait(t, func(t *testing.T, g *Group) {
		p, err := g.Pick()
		ok(t, err)
		for range 50 {
			near, far := socketPair(t)
			s := &socket{t: t, p: p, near: near, far: far}
			s.send()
			s.pd, err = p.open(near)
			ok(t, err)
			ok(t, p.WatchWrites(near, s.pd))
			returns(t, "wait", func() {
				ok(t, s.pd.Wait(polldesc.Read))
				ok(t, s.pd.Wait(polldesc.Write))
			})
			s.release()
		}
	})
}

// A reactor with nothing to do must do nothing: a spin would be seen here as waits that
// end, however slow the machine.
func TestIdleCostsNothing(t *testing.T) {
	quiet := 2 * time.Second
	if testing.Short() {
		quiet = 100 * time.Millisecond
	}
	eachWait(t, func(t *testing.T, g *Group) {
		var received []<-chan error
		var sockets []*socket
		for range 100 {
			s := register(t, g)
			ok(t, s.expireIn(time.Hour))
			sockets, received = append(sockets, s), append(received, s.async())
		}
		parkedReaders(t, g, 100)
		var last Stats
		eventually(t, "settled", func() bool {
			before := last
			last = g.Stats()
			return last == before && last.Events > 100 // each had room to write, and one wake-up
		})
		time.Sleep(quiet)
		if after := g.Stats(); after != last {
			t.Errorf("something happened: before %+v, after %+v", last, after)
		}
		for i, s := range sockets {
			s.send()
			ok(t, result(t, "receive", received[i]))
		}
	})
}

// Statistics of a Group are the sums over its Pollers.
func TestStatsAddUp(t *testing.T) {
	g := NewGroup(Config{Pollers: 3})
	defer g.Close()
	var sockets []*socket
	for range 9 {
		s := register(t, g)
		ok(t, s.expireIn(time.Hour))
		sockets = append(sockets, s)
	}
	for i, s := range sockets {
		if got := g.Stats(); got.Open != 9-i || got.Timers != 9-i || got.TimersArmed != 9 {
			t.Errorf("%+v with %d open", got, 9-i)
		}
		s.release()
	}
	one, double := stats(1), stats(2)
	sum := one
	sum.add(one)
	if sum != double {
		t.Errorf("%+v and the same are %+v", one, sum)
	}
}

// stats returns Stats with each number another one, times n.
func stats(n int) (s Stats) {
	next := 0
	var fill func(v reflect.Value)
	fill = func(v reflect.Value) {
		switch next++; v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				fill(v.Field(i))
			}
		case reflect.Array:
			for i := range v.Len() {
				fill(v.Index(i))
			}
		default:
			v.Set(reflect.ValueOf(next * n).Convert(v.Type()))
		}
	}
	fill(reflect.ValueOf(&s).Elem())
	return s
}
