//go:build linux

package poller

import (
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/a57b2d82/netpoller/internal/clock"
	"github.com/a57b2d82/netpoller/polldesc"
)

func expired(t testing.TB, what string, err error) {
	t.Helper()
	if err != os.ErrDeadlineExceeded {
		t.Errorf("%s: %v, want %v", what, err, os.ErrDeadlineExceeded)
	}
}

// Deadlines that fire out of order would fail an operation that has time left before
// one that has none. (Who is woken runs when it gets round to it; what counts is that
// the earlier deadlines are published by then.)
func TestTimersFireInOrder(t *testing.T) {
	eachWait(t, func(t *testing.T, g *Group) {
		sockets := make([]*socket, 20)
		for i := range sockets {
			sockets[i] = register(t, g)
		}
		eventually(t, "armed before the first was due", func() bool { return fireInOrder(t, g, sockets) })
	})
}

// fireInOrder lets the deadlines of sockets fire, one each 10 ms. It reports whether all of
// them were armed in time; if not, it has checked nothing.
func fireInOrder(t *testing.T, g *Group, sockets []*socket) (inTime bool) {
	eventually(t, "nothing armed", func() bool { return g.Stats().Timers == 0 })
	fired, now := g.Stats().TimersFired, clock.Now()
	at := func(i int) int64 { return now + int64(i+1)*int64(10*time.Millisecond) }
	for _, i := range rand.Perm(len(sockets)) {
		pd := sockets[i].pd
		ok(t, pd.SetDeadline(pd.Token().Gen, polldesc.Read, polldesc.Write, at(i), now))
	}
	if clock.Now() > at(0) {
		return false
	}
	var mu sync.Mutex // the write sides have one user at a time
	var wg sync.WaitGroup
	for i, s := range sockets {
		wg.Go(func() {
			expired(t, "receive", s.receive())
			if now := clock.Now(); now < at(i) {
				t.Errorf("%d fired %v early", i, time.Duration(at(i)-now))
			}
			mu.Lock()
			defer mu.Unlock()
			for j, s := range sockets[:i] {
				if err := s.pd.Prepare(polldesc.Write); err == nil {
					t.Errorf("%d fired before %d", i, j)
				}
			}
		})
	}
	returns(t, "all deadlines", wg.Wait)
	if s := g.Stats(); s.TimersFired-fired != uint64(len(sockets)) || s.Timers != 0 {
		t.Errorf("%+v", s)
	}
	return true
}

// A reactor must not end its wait early and then spin until the time has come, nor
// call a deadline late by rounding it down.
func TestDeadlineIsNotEarly(t *testing.T) {
	eachWait(t, func(t *testing.T, g *Group) {
		s := register(t, g)
		for range 50 {
			d := time.Duration(rand.N(3_000_000))
			start := time.Now()
			ok(t, s.expireIn(d))
			expired(t, "receive", result(t, "receive", s.async()))
			if took := time.Since(start); took < d {
				t.Errorf("%v fired after %v", d, took)
			}
		}
		if n := g.Stats().Waits; n > 50*10 {
			t.Errorf("%d waits for 50 deadlines", n)
		}
	})
}

// A reactor that sleeps until a deadline must be woken for an earlier one
// (golang/go#42237, golang/go#42515): otherwise it comes an hour late.
func TestEarlierDeadlineWakesReactor(t *testing.T) {
	eachWait(t, func(t *testing.T, g *Group) {
		var sockets []*socket
		var received []<-chan error
		for d := time.Hour; d > time.Second; d /= 2 { // each of them the earliest
			s := register(t, g)
			ok(t, s.expireIn(d))
			sockets, received = append(sockets, s), append(received, s.async())
		}
		parkedReaders(t, g, len(sockets))
		for i, s := range slices.Backward(sockets) {
			ok(t, s.expireIn(time.Microsecond))
			expired(t, "receive", result(t, "receive", received[i]))
		}
	})
}

// HB-7: the same at the moment when the reactor makes up its mind to sleep. One missed
// wake-up in all of these is an hour's sleep, and a stall here.
func TestWakeHammer(t *testing.T) {
	eachWait(t, func(t *testing.T, g *Group) {
		const goroutines, rounds = 4, 1500
		far := register(t, g)
		ok(t, far.expireIn(time.Hour))
		var fired atomic.Int64
		var wg sync.WaitGroup
		for range goroutines {
			s := register(t, g)
			wg.Go(func() {
				for i := range rounds {
					for range rand.N(500) {
					}
					if err := s.expireIn(time.Duration(1 + i%3*20_000)); err != nil {
						t.Errorf("SetReadDeadline: %v", err)
					}
					if s.receive() == os.ErrDeadlineExceeded {
						fired.Add(1)
					}
					s.expireIn(time.Hour)
				}
			})
		}
		returns(t, "deadlines", wg.Wait)
		if n := fired.Load(); n != goroutines*rounds {
			t.Errorf("%d deadlines fired of %d", n, goroutines*rounds)
		}
	})
}

// The same without timers: a goroutine that wakes a reactor may rely on a look at the heap that
// begins after that, however many wake it at once.
func TestWakeIsSeen(t *testing.T) {
	eachWait(t, func(t *testing.T, g *Group) {
		p := register(t, g).p
		for range 2000 {
			var wg sync.WaitGroup
			for range 3 {
				wg.Go(p.wake)
			}
			wg.Wait()
			eventually(t, "the flag is cleared", func() bool { return !p.waking.Load() })
		}
		if s := g.Stats(); s.Events == 0 || s.Events > 3*2000 || s.Wakeups != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// Goroutines that set deadlines all the time, each one due at once, must not keep
// events from being delivered.
func TestEventsDuringFloodOfDeadlines(t *testing.T) {
	eachWait(t, func(t *testing.T, g *Group) {
		var stop atomic.Bool
		var wg sync.WaitGroup
		for range 4 {
			s := register(t, g)
			wg.Go(func() {
				for i := 0; !stop.Load(); i++ {
					s.expireIn(time.Duration(1 + i%1000))
				}
			})
		}
		s := register(t, g)
		for range 200 {
			received := s.async()
			s.send()
			ok(t, result(t, "receive", received))
		}
		stop.Store(true)
		wg.Wait()
	})
}

// A descriptor that is ready all the time must not keep deadlines from firing, nor
// other descriptors from their events.
func TestDeadlinesDuringFloodOfEvents(t *testing.T) {
	eachWait(t, func(t *testing.T, g *Group) {
		var stop atomic.Bool
		var wg sync.WaitGroup
		for range 4 {
			s := register(t, g)
			wg.Go(func() {
				for !stop.Load() {
					s.send()
					if err := s.receive(); err != nil {
						t.Errorf("receive: %v", err)
						return
					}
				}
			})
		}
		s, quiet := register(t, g), register(t, g)
		for range 100 {
			ok(t, s.expireIn(100*time.Microsecond))
			expired(t, "receive", result(t, "deadline", s.async()))
			received := quiet.async()
			quiet.send()
			ok(t, result(t, "receive", received))
		}
		stop.Store(true)
		returns(t, "flood", wg.Wait)
	})
}

// A deadline that is moved on must not have the reactor woken each time, or a timeout
// for each operation costs a system call.
func TestLaterDeadlineIsCheap(t *testing.T) {
	eachWait(t, func(t *testing.T, g *Group) {
		s := register(t, g)
		ok(t, s.expireIn(time.Hour))
		before := g.Stats()
		for i := range 1000 {
			ok(t, s.expireIn(time.Hour+time.Duration(i)*time.Second))
		}
		after := g.Stats()
		if after.TimersArmed != before.TimersArmed || after.Timers != 1 || after.Waits > before.Waits+10 {
			t.Errorf("before %+v, after %+v", before, after)
		}
	})
}

// RunDue must end although an owner keeps arming times in the past.
func TestRunDueEnds(t *testing.T) {
	for name, w := range strategies {
		t.Run(name, func(t *testing.T) {
			p := still(t, w)
			s := registerWith(t, p)
			now := clock.Now()
			ok(t, s.pd.SetDeadline(s.pd.Token().Gen, polldesc.Read, polldesc.Read, now+1, now))
			eventually(t, "due", func() bool { return clock.Now() > now+1 })
			if next := p.expire(); next < now+int64(time.Hour) {
				t.Errorf("next deadline at %d, now %d", next, now)
			}
			expired(t, "Prepare", s.pd.Prepare(polldesc.Read))
		})
	}
}
