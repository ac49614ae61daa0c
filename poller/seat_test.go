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

func seated(p *Poller) int { return int(p.waiter.(*parked).seats.taken.Load()) }

// enough is more wake-ups than earn a seat.
const enough = 40

// If this failed, who is woken alone would have no seat, or keep its descriptor.
func TestSeatIsTakenAndGivenBack(t *testing.T) {
	procs(t, 2)
	before := descriptors(t)
	g := NewGroup(Config{Pollers: 1, Strategy: Nested})
	s := register(t, g)
	s.exchange(enough)
	if seated(s.p) != 1 {
		t.Errorf("%d seats, want 1", seated(s.p))
	}
	s.release()
	if seated(s.p) != 0 {
		t.Errorf("%d seats are left", seated(s.p))
	}

	s = register(t, g)
	s.exchange(enough)
	g.Close()
	s.release()
	if after := descriptors(t); after != before {
		t.Errorf("%d event descriptors before, %d after", before, after)
	}
}

// If this failed, seats would be made where they win nothing.
func TestNoSeatForOneProcessor(t *testing.T) {
	procs(t, 1)
	g := NewGroup(Config{Pollers: 1, Strategy: Nested})
	defer g.Close()
	s := register(t, g)
	s.exchange(enough)
	if seated(s.p) != 0 {
		t.Errorf("%d seats, want none", seated(s.p))
	}
}

// If this failed, seats would use up the descriptors of the process.
func TestSeatsAreFew(t *testing.T) {
	procs(t, 2)
	g := NewGroup(Config{Pollers: 1, Strategy: Nested})
	defer g.Close()
	var last *socket
	for range maxSeats + 2 {
		last = register(t, g)
		last.exchange(enough)
	}
	if seated(last.p) != maxSeats {
		t.Errorf("%d seats, want %d", seated(last.p), maxSeats)
	}
}

type always struct{}

func (always) MayTake() bool { return true }

// If this failed, long turns would go on to keep others waiting, or short ones would be
// taken for long ones.
func TestSeatIsLeftAfterALongTurn(t *testing.T) {
	s := newSeat(always{})
	defer s.file.Close()
	turn := func(d time.Duration) {
		s.Give()
		s.Take()
		s.woken -= int64(d)
	}
	short := func(n int) {
		t.Helper()
		for range n {
			turn(-time.Hour)
			for range 2 { // after the second there was no turn: that wait did not park
				if !s.Sit() {
					t.Fatal("left after a short turn")
				}
			}
		}
	}
	// long returns for how many waits the seat stays empty after a long turn.
	long := func() (waits int) {
		turn(longTurn)
		for !s.Sit() {
			waits++
		}
		return waits
	}
	short(3)
	before := 0
	for range 10 { // longer each time
		waits := long() - 1
		if want := min(2*before+leastStanding, mostPenance*leastStanding); waits > want || waits < want-want/4 {
			t.Errorf("empty for %d waits, want at most %d", waits, want)
		}
		before = waits
	}
	short(1000)
	if waits := long() - 1; waits != leastStanding {
		t.Errorf("empty for %d waits, want %d, when all was forgiven", waits, leastStanding)
	}
}

// If this failed, a token that goes through the kernel would be lost or come twice, when
// edges, deadlines and evictions meet. A second one would be found by the next Take, which
// returns while the word is still parked, and panics.
func TestSeatsUnderFire(t *testing.T) {
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
				if seated(s.p) != 1 {
					t.Errorf("%d seats, want 1", seated(s.p))
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
