//go:build linux

package poller

import (
	"bytes"
	"context"
	"math/rand/v2"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
)

// A program that has closed its sockets must have no goroutine of ours, and one that
// opens the next must find everything as it was.
func TestReactorEndsAndStartsAgain(t *testing.T) {
	eachWait(t, func(t *testing.T, g *Group) {
		before := runtime.NumGoroutine()
		for range 5 {
			a, b := register(t, g), register(t, g)
			running(t, 1)
			a.release()
			received := b.async()
			b.send()
			ok(t, result(t, "receive", received))
			received = b.async()
			ok(t, b.expireIn(time.Millisecond))
			if err := result(t, "receive", received); err == nil {
				t.Error("received something")
			}
			b.release()
			running(t, 0)
			eventually(t, "no goroutine more than before", func() bool { return runtime.NumGoroutine() <= before })
		}
		if s := g.Stats(); s.Open != 0 || s.Timers != 0 || s.Events == 0 {
			t.Errorf("%+v", s)
		}
	})
}

// Nothing must be lost while no reactor runs, or one is about to end: an event,
// a deadline, a wake-up. Each pause is about as long as it lingers.
func TestReactorEndRaces(t *testing.T) {
	rounds := 60
	if testing.Short() {
		rounds = 10
	}
	for name, w := range strategies {
		t.Run(name, func(t *testing.T) {
			var users sync.WaitGroup
			var groups []*Group
			for range 8 {
				g := NewGroup(Config{Pollers: 1, Strategy: w})
				groups = append(groups, g)
				for range 2 { // who meet now and then
					users.Go(func() { useNowAndThen(t, g, rounds) })
				}
			}
			returns(t, "users", users.Wait)
			running(t, 0)
			for _, g := range groups {
				if s := g.Stats(); s.Open != 0 || s.Timers != 0 || s.ParkedReaders != 0 {
					t.Errorf("left behind: %+v", s)
				}
				ok(t, g.Close())
			}
		})
	}
}

func useNowAndThen(t *testing.T, g *Group, rounds int) {
	for range rounds {
		near, far := socketPair(t)
		s := &socket{t: t, near: near, far: far}
		if rand.N(2) == 0 {
			s.send() // before it is registered
		}
		var err error
		if rand.N(4) == 0 { // one that fails does not matter to the other
			if _, _, err := g.Register(-1); err == nil {
				t.Error("registered nothing")
			}
		}
		if s.p, s.pd, err = g.Register(near); err != nil {
			t.Errorf("Register: %v", err)
			return
		}
		received := s.async()
		if rand.N(2) == 0 {
			s.expireIn(time.Duration(rand.N(1000)) * time.Microsecond)
		} else {
			s.send()
		}
		result(t, "receive", received)
		s.release()
		time.Sleep(linger - time.Millisecond + rand.N(2*time.Millisecond))
	}
}

// A Register that fails must not keep a reactor alive, or start one for good.
func TestFailingRegisterLeavesNoReactor(t *testing.T) {
	eachWait(t, func(t *testing.T, g *Group) {
		for range 3 {
			for range 100 {
				if _, _, err := g.Register(-1); err == nil {
					t.Error("registered nothing")
				}
			}
			running(t, 0)
		}
	})
}

// A Group that is closed while its reactor is about to end, or has, must close as any.
func TestCloseOfAnIdleGroup(t *testing.T) {
	for name, w := range strategies {
		t.Run(name, func(t *testing.T) {
			running(t, 0)
			before := descriptors(t)
			for i := range 30 {
				g := NewGroup(Config{Pollers: 1, Strategy: w})
				register(t, g).release()
				time.Sleep(time.Duration(i) * linger / 20)
				returns(t, "Close", func() { ok(t, g.Close()) })
			}
			running(t, 0)
			if n := descriptors(t) - before; n != 0 {
				t.Errorf("%d descriptors are left", n)
			}
		})
	}
}

// A connection that is opened and closed again and again must not wake the reactor each
// time only to say that it has nothing to do.
func TestIdleIsToldOnce(t *testing.T) {
	p := still(t, Nested)
	wakes := 0
	for range 100 {
		registerWith(t, p).release()
		if p.waking.Load() {
			p.waking.Store(false)
			wakes++
		}
	}
	if wakes != 1 {
		t.Errorf("told %d times, want once", wakes)
	}
	p.stopping.Store(true) // it runs for nobody
}

// The reactor works for all, and must not be counted as work of the first who dialed.
func TestReactorHasNoLabels(t *testing.T) {
	eachWait(t, func(t *testing.T, g *Group) {
		pprof.Do(context.Background(), pprof.Labels("who", "the first"), func(context.Context) {
			s := register(t, g)
			running(t, 1)
			resumed := make(chan string, 1)
			starter := polldesc.Parker(&starter{s.p, func() { resumed <- labelsOf("TestReactorHasNoLabels") }})
			parked, err := s.pd.Subscribe(polldesc.Read, &starter)
			if !parked || err != nil {
				t.Fatalf("Subscribe = %v, %v", parked, err)
			}
			s.send()
			if labels := result(t, "notification", resumed); strings.Contains(labels, "the first") {
				t.Errorf("the callback has labels: %s", labels)
			}
			s.pd.Resumed(polldesc.Read)
		})
		if labels := labelsOf("poller.(*Poller).run"); strings.Contains(labels, "the first") {
			t.Errorf("the reactor has labels: %s", labels)
		}
	})
}

// A starter is the parker of an owner without a goroutine.
type starter struct {
	p *Poller
	f func()
}

func (*starter) Park()     {}
func (s *starter) Unpark() { s.p.Go(s.f) }

// labelsOf returns the part of the goroutine profile in which a function is.
func labelsOf(function string) string {
	var profile bytes.Buffer
	pprof.Lookup("goroutine").WriteTo(&profile, 1)
	for _, stack := range strings.Split(profile.String(), "\n\n") {
		if strings.Contains(stack, function) && !strings.Contains(stack, "testing.tRunner") {
			return stack
		}
	}
	return ""
}

// A descriptor whose number has been reused must not be written to by goroutines that
// close the last socket of a closed Group.
func TestReleaseAfterClose(t *testing.T) {
	eachWait(t, func(t *testing.T, g *Group) {
		s := register(t, g)
		eventually(t, "the reactor waits", func() bool { return g.Stats().Waits > 0 })
		ok(t, g.Close())
		canary := -1
		for canary != s.p.wakefd { // the lowest number that is free
			var err error
			canary, err = sys.Eventfd()
			ok(t, err)
			defer sys.CloseFD(canary)
			if canary > s.p.wakefd {
				t.Skip("another goroutine has the number")
			}
		}
		s.p.drop(s.near, s.pd)
		if n, err := unix.Read(canary, make([]byte, 8)); err != unix.EAGAIN {
			t.Errorf("read %d, %v of a descriptor that is not ours", n, err)
		}
		s.released = true
		syscall.Close(s.near)
		syscall.Close(s.far)
	})
}
