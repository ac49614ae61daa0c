//go:build linux

package poller

import (
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/sys"
)

// A Group that is closed must leave no goroutine and no descriptor.
func TestCloseLeavesNothing(t *testing.T) {
	for name, w := range strategies {
		t.Run(name, func(t *testing.T) {
			running(t, 0)
			before := descriptors(t)
			for range 20 {
				g := NewGroup(Config{Pollers: 3, Strategy: w})
				var sockets []*socket
				for range 6 {
					sockets = append(sockets, register(t, g))
				}
				ok(t, sockets[0].expireIn(time.Hour))
				ok(t, sockets[1].expireIn(time.Microsecond))
				for _, s := range sockets[:3] {
					s.release()
				}
				returns(t, "Close", func() { ok(t, g.Close()) })
				running(t, 0)
				if n := descriptors(t) - before; n != 0 {
					t.Errorf("%d descriptors are left", n)
				}
				for _, s := range sockets[3:] {
					s.release()
				}
				if s := g.Stats(); s.Open != 0 || s.Timers != 0 {
					t.Errorf("left behind: %+v", s)
				}
			}
		})
	}
}

// An owner that is parked when the Group is closed would sleep forever if Close did not wake it.
func TestCloseEvicts(t *testing.T) {
	eachWait(t, func(t *testing.T, g *Group) {
		var sockets []*socket
		var received []<-chan error
		for range 200 { // more than a slab
			s := register(t, g)
			sockets = append(sockets, s)
			received = append(received, s.async())
		}
		parkedReaders(t, g, 200)
		returns(t, "Close", func() { ok(t, g.Close()) })
		for i, s := range sockets {
			isClosed(t, "receive", result(t, "receive", received[i]))
			isClosed(t, "later receive", s.receive())
			isClosed(t, "SetReadDeadline", s.expireIn(time.Hour))
			isClosed(t, "SetReadDeadline", s.expireIn(-1))
			s.release()
		}
		if s := g.Stats(); s.Open != 0 || s.ParkedReaders != 0 || s.Timers != 0 {
			t.Errorf("left behind: %+v", s)
		}
	})
}

// A closed Group must return ErrClosed to every caller, and each time.
func TestUseAfterClose(t *testing.T) {
	eachWait(t, func(t *testing.T, g *Group) {
		p, err := g.Pick()
		ok(t, err)
		ok(t, g.Close())
		ok(t, g.Close())
		near, far := socketPair(t)
		defer unix.Close(near)
		defer unix.Close(far)
		if pd, err := p.open(near); pd != nil || err != ErrClosed {
			t.Errorf("Register = %v, %v", pd, err)
		}
		if p, err := g.Pick(); err == nil {
			if _, err := p.open(near); err != ErrClosed {
				t.Errorf("Register = %v", err)
			}
		} else if err != ErrClosed {
			t.Errorf("Pick: %v", err)
		}
	})
	g := NewGroup(Config{})
	ok(t, g.Close())
	if p, err := g.Pick(); p != nil || err != ErrClosed {
		t.Errorf("first Pick of a closed Group = %v, %v", p, err)
	}
	if s := g.Stats(); s != (Stats{}) {
		t.Errorf("a Group that never started has %+v", s)
	}
}

// Close may come while all else goes on; then each call either works or says closed,
// nobody stays parked, and no wake-up is written to a number that has been reused by
// then (netty/netty#9362).
func TestCloseRaces(t *testing.T) {
	rounds := 100
	if testing.Short() {
		rounds = 20
	}
	for name, w := range strategies {
		t.Run(name, func(t *testing.T) {
			running(t, 0)
			before := descriptors(t)
			for range rounds {
				g := NewGroup(Config{Pollers: 2, Strategy: w})
				var wg sync.WaitGroup
				var begun atomic.Int32
				for range 4 {
					wg.Go(func() { useUntilClosed(t, g, &begun) })
				}
				for range 2 {
					wg.Go(func() {
						eventually(t, "begun", func() bool { return begun.Load() >= 8 })
						if err := g.Close(); err != nil {
							t.Errorf("Close: %v", err)
						}
						checkCanaries(t)
					})
				}
				returns(t, "users and Close", wg.Wait)
				if s := g.Stats(); s.Open != 0 || s.Timers != 0 || s.ParkedReaders != 0 {
					t.Errorf("left behind: %+v", s)
				}
			}
			running(t, 0)
			if n := descriptors(t) - before; n != 0 {
				t.Errorf("%d descriptors are left", n)
			}
		})
	}
}

// useUntilClosed registers, arms and releases until that fails.
func useUntilClosed(t *testing.T, g *Group, begun *atomic.Int32) {
	for {
		p, err := g.Pick()
		if err == ErrClosed {
			return
		}
		near, far := socketPair(t)
		s := &socket{t: t, p: p, near: near, far: far}
		if s.pd, err = p.open(near); err != nil {
			unix.Close(near)
			unix.Close(far)
			if err != ErrClosed {
				t.Errorf("Register: %v", err)
			}
			return
		}
		if err := p.WatchWrites(near, s.pd); err != nil {
			t.Errorf("WatchWrites: %v", err)
		}
		begun.Add(1)
		for d := time.Hour; d > time.Millisecond; d /= 2 { // each one the earliest
			if err := s.expireIn(d); err != nil && err != net.ErrClosed {
				t.Errorf("SetReadDeadline: %v", err)
			}
		}
		received := s.async()
		switch rand.N(3) {
		case 0:
			s.send()
		case 1:
			s.expireIn(0)
		default:
			s.expireIn(time.Microsecond)
		}
		result(t, "receive", received)
		s.release()
	}
}

// checkCanaries makes eventfds, which get the numbers just freed, and looks
// whether anybody writes to them.
func checkCanaries(t *testing.T) {
	var canaries []int
	for range 8 {
		fd, err := sys.Eventfd()
		ok(t, err)
		canaries = append(canaries, fd)
	}
	for range 100 {
		time.Sleep(time.Microsecond)
	}
	for _, fd := range canaries {
		if n, err := unix.Read(fd, make([]byte, 8)); err != unix.EAGAIN {
			t.Errorf("a stranger woke a descriptor that is not his: %d, %v", n, err)
		}
		unix.Close(fd)
	}
}

// Deadlines that are due must not keep the reactor from ending.
func TestCloseWhileTimersFire(t *testing.T) {
	eachWait(t, func(t *testing.T, g *Group) {
		var received []<-chan error
		for i := range 500 {
			s := register(t, g)
			ok(t, s.expireIn(time.Duration(i)*20*time.Microsecond))
			received = append(received, s.async())
		}
		eventually(t, "some have fired", func() bool { return g.Stats().TimersFired > 50 })
		returns(t, "Close", func() { ok(t, g.Close()) })
		for _, c := range received {
			if err := result(t, "receive", c); err == nil {
				t.Error("received something")
			}
		}
		if s := g.Stats(); s.Timers != 0 || s.ParkedReaders != 0 {
			t.Errorf("left behind: %+v", s)
		}
	})
}
