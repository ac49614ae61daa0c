//go:build linux

package poller

import (
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/a57b2d82/netpoller/polldesc"
)

// procs sets GOMAXPROCS for a test.
func procs(t *testing.T, n int) {
	before := runtime.GOMAXPROCS(n)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
}

// exchange sends and receives n times, each time when the receiver is parked.
func (s *socket) exchange(n int) {
	s.t.Helper()
	for range n {
		c := s.async()
		eventually(s.t, "parked", func() bool { readers, _ := s.p.cache.Waiting(); return readers > 0 })
		s.send()
		ok(s.t, result(s.t, "a receive", c))
	}
}

func eventfds(p *Poller) int { return p.Stats().Eventfds }

// enough is more wake-ups than an owner needs to get an eventfd.
const enough = 40

// If this failed, an owner that is woken alone would park on its channel, or its eventfd would
// outlive the descriptor.
func TestEventfdIsMadeAndClosed(t *testing.T) {
	procs(t, 2)
	before := descriptors(t)
	g := NewGroup(Config{Pollers: 1, Strategy: Nested})
	s := register(t, g)
	s.exchange(enough)
	if eventfds(s.p) != 1 {
		t.Errorf("%d eventfds, want 1", eventfds(s.p))
	}
	s.release()
	if eventfds(s.p) != 0 {
		t.Errorf("%d eventfds are left", eventfds(s.p))
	}

	s = register(t, g)
	s.exchange(enough)
	g.Close()
	s.release()
	if after := descriptors(t); after != before {
		t.Errorf("%d eventfds before, %d after", before, after)
	}
}

// If this failed, eventfds would be made where they win nothing.
func TestNoEventfdForOneProcessor(t *testing.T) {
	procs(t, 1)
	g := NewGroup(Config{Pollers: 1, Strategy: Nested})
	defer g.Close()
	s := register(t, g)
	s.exchange(enough)
	if eventfds(s.p) != 0 {
		t.Errorf("%d eventfds, want none", eventfds(s.p))
	}
}

// If this failed, eventfds would use up the descriptors of the process.
func TestEventfdsAreFew(t *testing.T) {
	procs(t, 2)
	g := NewGroup(Config{Pollers: 1, Strategy: Nested})
	defer g.Close()
	var last *socket
	for range maxEventfds + 2 {
		last = register(t, g)
		last.exchange(enough)
	}
	if eventfds(last.p) != maxEventfds {
		t.Errorf("%d eventfds, want %d", eventfds(last.p), maxEventfds)
	}
}

// If this failed, long turns would go on to keep others waiting, or short ones would be
// taken for long ones.
func TestEventfdIsLeftAfterALongTurn(t *testing.T) {
	s := newEventfd(new(polldesc.Side)) // whose owner is not parked
	defer s.close()
	turn := func(d time.Duration) {
		s.Unpark()
		s.Park()
		s.woken -= int64(d)
	}
	short := func(n int) {
		t.Helper()
		for range n {
			turn(-time.Hour)
			for range 2 { // after the second there was no turn: that wait did not park
				if !s.chosen(1) {
					t.Fatal("left after a short turn")
				}
			}
		}
	}
	// long returns for how many waits the owner parks elsewhere after a long turn.
	long := func() (waits int) {
		turn(longTurn)
		for !s.chosen(1) {
			waits++
		}
		return waits
	}
	short(3)
	before := 0
	for range 10 { // longer each time
		waits := long() - 1
		if want := min(2*before+minSkips, maxFactor*minSkips); waits > want || waits < want-want/4 {
			t.Errorf("elsewhere for %d waits, want at most %d", waits, want)
		}
		before = waits
	}
	short(1000)
	if waits := long() - 1; waits != minSkips {
		t.Errorf("elsewhere for %d waits, want %d, when the backoff has decayed", waits, minSkips)
	}
}

// If this failed, an owner that reads many packets in one turn would be taken for one that
// computes, or one that computes after a single read would not.
func TestLongTurnIsThatOfAnOperation(t *testing.T) {
	time.Sleep(20 * longTurn) // the clock begins with the process, and a wake-up is after that
	chosen := func(begun int, turn time.Duration) bool {
		s := newEventfd(new(polldesc.Side)) // whose owner is not parked
		defer s.close()
		s.Unpark()
		s.Park()
		s.woken -= int64(turn)
		return s.chosen(begun)
	}
	for _, c := range []struct{ begun, turns, longer int }{
		{0, 0, 1}, // a wait that came first, as after a short read
		{1, 0, 1},
		{2, 1, 2},
		{16, 15, 16},
	} {
		eventually(t, "chosen after a short turn", func() bool { // unless this goroutine is held up
			return chosen(c.begun, time.Duration(c.turns)*longTurn)
		})
		if chosen(c.begun, time.Duration(c.longer)*longTurn) {
			t.Errorf("%d operations in %d long turns: still chosen", c.begun, c.longer)
		}
	}
}

// If this failed, a permit that goes through the kernel would be lost or come twice, when
// edges, deadlines and evictions meet. A second one would be found by the next Park, which
// returns while the word is still parked, and panics.
func TestEventfdsUnderFire(t *testing.T) {
	procs(t, max(2, runtime.GOMAXPROCS(0)))
	rounds := 20
	if testing.Short() {
		rounds = 4
	}
	var all sync.WaitGroup
	for range 3 {
		g := NewGroup(Config{Pollers: 1, Strategy: Nested})
		t.Cleanup(func() { g.Close() })
		all.Go(func() {
			for range rounds {
				s := register(t, g)
				s.exchange(enough)
				if eventfds(s.p) != 1 {
					t.Errorf("%d eventfds, want 1", eventfds(s.p))
				}
				s.fire()
				s.release()
			}
		})
	}
	returns(t, "sockets under fire", all.Wait)
}

// fire sends to a socket and sets its deadline for a while, then evicts it.
func (s *socket) fire() {
	var actors sync.WaitGroup
	actors.Go(func() {
		for {
			switch err := s.receive(); {
			case err == nil:
			case errors.Is(err, os.ErrDeadlineExceeded):
				s.expireIn(time.Hour)
			case errors.Is(err, net.ErrClosed):
				return
			default:
				s.t.Errorf("receive: %v", err)
				return
			}
		}
	})
	actors.Go(func() {
		for range 300 {
			syscall.Write(s.far, []byte("x")) // there is no room once nobody receives
			if rand.IntN(4) == 0 {
				time.Sleep(time.Microsecond)
			}
		}
	})
	actors.Go(func() {
		for range 30 {
			time.Sleep(time.Duration(rand.IntN(100)) * time.Microsecond)
			s.expireIn(time.Duration(rand.IntN(50)-5) * time.Microsecond)
		}
		s.pd.Evict()
	})
	actors.Wait()
}
