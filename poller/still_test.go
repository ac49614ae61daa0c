//go:build linux

package poller

import (
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/clock"
	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
)

// In these tests the test is the reactor.

// readable registers sockets that have something to read.
func readable(t *testing.T, p *Poller, n int) {
	for range n {
		registerWith(t, p).send()
	}
}

// A wake-up that comes before a full batch of events must not be forgotten after it: the
// reactor would go back to sleep without a look at its deadlines.
func TestWakeAmongEventsIsKept(t *testing.T) {
	p := still(t, Nested)
	p.wake()
	readable(t, p, 3*maxEvents)
	if !p.strategy.(*nested).drain(p) {
		t.Error("the wake-up was forgotten")
	}
}

// A deadline that has passed must not wait until all events are handed out.
func TestDeadlineAmongEvents(t *testing.T) {
	p := still(t, Nested)
	s := registerWith(t, p)
	readable(t, p, 3*maxEvents)
	ok(t, s.expireIn(1))
	returns(t, "drain", func() { p.strategy.(*nested).drain(p) })
	if n := p.Stats().Events; n > maxEvents {
		t.Errorf("%d events were handed out", n)
	}
}

// Events must be delivered though a deadline has passed each time the reactor waits.
func TestEventsBeforeDeadlines(t *testing.T) {
	for name, w := range strategies {
		t.Run(name, func(t *testing.T) {
			p := still(t, w)
			readable(t, p, 1)
			before := p.Stats().Events
			returns(t, "wait", func() { p.strategy.sleep(p, clock.Now()-1) })
			if p.Stats().Events == before {
				t.Error("no event was delivered")
			}
		})
	}
}

// A deadline that passes just before the reactor blocks must not have it block forever.
func TestDeadlineJustPassed(t *testing.T) {
	for name, w := range strategies {
		t.Run(name, func(t *testing.T) {
			p := still(t, w)
			returns(t, "wait", func() { p.strategy.sleep(p, clock.Now()-1) })
		})
	}
}

// The reactor must call its errands though it ends.
func TestErrandsBeforeTheEnd(t *testing.T) {
	p := still(t, Nested)
	done := false
	p.errands.list = append(p.errands.list, func() { done = true })
	p.stopping.Store(true)
	p.run()
	if !done {
		t.Error("it was not done")
	}
}

// An owner that is woken together with many others must get no eventfd: processors are busy
// then.
func TestManyEventsEarnNoEventfd(t *testing.T) {
	p := still(t, Nested)
	var sockets []*socket
	for range quietBatch + 1 {
		sockets = append(sockets, registerWith(t, p))
	}
	w := p.strategy.(*nested)
	w.drain(p)
	for range 40 {
		// One is woken alone in between, so that each batch follows one of the other kind.
		alone := sockets[0].async()
		eventually(t, "one waits", func() bool { return p.Stats().ParkedReaders == 1 })
		sockets[0].send()
		w.drain(p)
		ok(t, result(t, "a receive", alone))

		var all sync.WaitGroup
		for _, s := range sockets {
			all.Go(func() { ok(t, s.receive()) })
		}
		eventually(t, "all wait", func() bool { return p.Stats().ParkedReaders == len(sockets) })
		for _, s := range sockets {
			s.send()
		}
		w.drain(p)
		returns(t, "all receive", all.Wait)
	}
	if n := w.parkers.eventfds.Load(); n != 0 {
		t.Errorf("%d eventfds", n)
	}
}

// A reactor whose last deadline has passed must sleep.
func TestIdleAfterADeadline(t *testing.T) {
	eachWait(t, func(t *testing.T, g *Group) {
		s := register(t, g)
		ok(t, s.expireIn(time.Millisecond))
		if err := result(t, "receive", s.async()); err == nil {
			t.Error("received something")
		}
		before := g.Stats().Waits
		time.Sleep(20 * time.Millisecond)
		if n := g.Stats().Waits - before; n > 10 {
			t.Errorf("it has looked %d times", n)
		}
		ok(t, s.expireIn(time.Hour))
		received := s.async()
		parkedReaders(t, g, 1)
		s.send()
		ok(t, result(t, "receive", received))
	})
}

// A Poller that is closed must leave alone a descriptor that has its number now.
func TestClosedPollerTouchesNobodysEpoll(t *testing.T) {
	eachWait(t, func(t *testing.T, g *Group) {
		s := register(t, g)
		s.released = true
		defer unix.Close(s.near)
		defer unix.Close(s.far)
		ok(t, g.Close())
		other := -1
		for other != s.p.epfd { // the lowest number that is free
			var err error
			other, err = sys.EpollCreate()
			ok(t, err)
			defer sys.CloseFD(other)
			if other > s.p.epfd {
				t.Skip("another goroutine has the number")
			}
		}
		ok(t, sys.EpollAdd(other, s.near, unix.EPOLLIN, 7, 7))
		ok(t, s.p.Register(s.far, s.pd, polldesc.Write))
		ok(t, s.p.WatchWrites(s.near, s.pd))
		ok(t, s.p.UnwatchWrites(s.near, s.pd))
		s.p.drop(s.near, s.pd)
		s.send()
		var events [2]sys.EpollEvent
		n := sys.EpollPoll(other, events[:])
		if want := (sys.EpollEvent{Events: unix.EPOLLIN, Fd: 7, Pad: 7}); n != 1 || events[0] != want {
			t.Errorf("%d events: %+v", n, events[:n])
		}
	})
}

// A reader must be woken while another goroutine waits to write.
func TestReadsAreWatchedWithWrites(t *testing.T) {
	eachWait(t, func(t *testing.T, g *Group) {
		s := register(t, g) // which watches writes
		received := s.async()
		parkedReaders(t, g, 1)
		if err := s.pd.Prepare(polldesc.Write); err != nil {
			t.Fatal(err)
		}
		s.send()
		ok(t, result(t, "receive", received))
	})
}
