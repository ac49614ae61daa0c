//go:build linux

package poller

import (
	"errors"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"

	"github.com/a57b2d82/netpoller/internal/sys"
)

// A default of none could watch nothing; one for each processor would cost a small
// machine wake-ups for nothing.
func TestGroupSize(t *testing.T) {
	old := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(old)
	for procs, want := range map[int]int{1: 1, 2: 1, 15: 1, 16: 1, 17: 2, 32: 2, 33: 3, 200: 13} {
		runtime.GOMAXPROCS(procs)
		if got := len(NewGroup(Config{}).pollers) - 1; got != want {
			t.Errorf("%d pollers for GOMAXPROCS=%d, want %d", got, procs, want)
		}
		if got := len(NewGroup(Config{Pollers: 5}).pollers) - 1; got != 5 {
			t.Errorf("%d pollers, want the 5 asked for", got)
		}
	}
}

// A Config that means nothing must be found out where it is written.
func TestBadConfig(t *testing.T) {
	for want, c := range map[string]Config{
		"poller: negative number of pollers": {Pollers: -1},
		"poller: unknown wait strategy":      {Strategy: 7},
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); got != want {
					t.Errorf("panic %q, want %q", got, want)
				}
			}()
			NewGroup(c)
		}()
	}
}

// A Group that nobody uses must cost nothing, and one that is used no more than it is.
func TestGroupStartsLazily(t *testing.T) {
	for name, w := range strategies {
		t.Run(name, func(t *testing.T) {
			running(t, 0)
			before := descriptors(t)
			g := NewGroup(Config{Pollers: 3, Strategy: w})
			defer g.Close()
			for started := range 4 {
				if n := descriptors(t) - before; n != 2*min(started, 3) {
					t.Errorf("%d descriptors after %d picks", n, started)
				}
				running(t, min(started, 3))
				register(t, g)
			}
		})
	}
}

// If turns were not taken, one of several reactors would do all the work.
func TestPickTakesTurns(t *testing.T) {
	g := NewGroup(Config{Pollers: 3})
	defer g.Close()
	picked := map[*Poller]int{}
	for range 30 {
		p, err := g.Pick()
		ok(t, err)
		picked[p]++
	}
	for _, n := range picked {
		if n != 10 {
			t.Errorf("picks are not even: %v", picked)
		}
	}
	g.turn.Store(1<<32 - 2) // the counter wraps
	for range 4 {
		_, err := g.Pick()
		ok(t, err)
	}
}

// Two first users at once must not start two reactors for one slot, or use one that is
// half made (golang/go#22606).
func TestConcurrentFirstUse(t *testing.T) {
	for name, w := range strategies {
		t.Run(name, func(t *testing.T) {
			for range 20 {
				before := descriptors(t)
				g := NewGroup(Config{Pollers: 2, Strategy: w})
				begin := make(chan bool)
				var wg sync.WaitGroup
				for range 16 {
					wg.Go(func() {
						<-begin
						s := register(t, g)
						received := s.async()
						s.send()
						if err := result(t, "receive", received); err != nil {
							t.Error(err)
						}
						s.release()
					})
				}
				close(begin)
				wg.Wait()
				if n := descriptors(t) - before; n != 4 {
					t.Errorf("%d descriptors for two pollers", n)
				}
				if s := g.Stats(); s.Open != 0 || s.ParkedReaders != 0 {
					t.Errorf("left behind: %+v", s)
				}
				ok(t, g.Close())
			}
		})
	}
}

// A Poller that could not be made must leave nothing, and not keep the next try from
// succeeding.
func TestFailingStart(t *testing.T) {
	for name, w := range strategies {
		for _, failing := range []sys.Call{sys.CallEpollCtl, sys.CallEventfd} {
			t.Run(fmt.Sprint(name, failing), func(t *testing.T) {
				before := descriptors(t)
				g := NewGroup(Config{Pollers: 1, Strategy: w})
				defer g.Close()
				restore := sys.SetFault(func(call sys.Call, fd int) error {
					if call == failing {
						return syscall.ENOSPC
					}
					return nil
				})
				p, err := g.Pick()
				restore()
				if p != nil || !errors.Is(err, syscall.ENOSPC) {
					t.Errorf("Pick = %v, %v", p, err)
				}
				if n := descriptors(t); n != before {
					t.Errorf("%d descriptors are left", n-before)
				}
				s := register(t, g)
				s.send()
				ok(t, result(t, "receive", s.async()))
			})
		}
	}
}

// Go's poller may not be able to watch the epoll descriptor. A reactor that took no
// notice would spin.
func TestNestedNeedsGoPoller(t *testing.T) {
	file, err := os.CreateTemp(t.TempDir(), "") // nobody can watch one
	ok(t, err)
	defer file.Close()
	fd, err := sys.Dup(int(file.Fd()))
	ok(t, err)
	ok(t, syscall.SetNonblock(fd, true))
	if w, err := newStrategy(Nested, fd); err == nil {
		t.Errorf("newStrategy = %v", w)
	}
	if err := sys.CloseFD(fd); err != syscall.EBADF {
		t.Errorf("the descriptor was not closed: %v", err)
	}
}

// A descriptor that could not be registered must not occupy a slot, and the caller must
// learn why.
func TestFailingRegister(t *testing.T) {
	eachWait(t, func(t *testing.T, g *Group) {
		p, err := g.Pick()
		ok(t, err)
		file, err := os.CreateTemp(t.TempDir(), "")
		ok(t, err)
		defer file.Close()
		for fd, want := range map[int]error{int(file.Fd()): syscall.EPERM, -1: syscall.EBADF} {
			pd, err := p.open(fd)
			var call *os.SyscallError
			if pd != nil || !errors.As(err, &call) || call.Syscall != "epoll_ctl" || call.Err != want {
				t.Errorf("Register(%d) = %v, %v, want %v", fd, pd, err, want)
			}
		}
		if n := g.Stats().Open; n != 0 {
			t.Errorf("%d slots are taken", n)
		}
	})
}

// The default Group is one for all, of the default configuration.
func TestDefault(t *testing.T) {
	if first, second := Default(), Default(); first != second {
		t.Error("there are two")
	}
	if Default().config.Strategy != Nested {
		t.Error("it is not parked")
	}
	if want := "poller group closed: use of closed network connection"; ErrClosed.Error() != want {
		t.Errorf("ErrClosed is %q, want %q", ErrClosed, want)
	}
	if !errors.Is(ErrClosed, net.ErrClosed) {
		t.Error("ErrClosed is not net.ErrClosed")
	}
}

// A deadline whose alarm failed would never come. Nothing makes it fail but a descriptor that
// was closed by mistake, and then the reactor must not sleep on.
func TestFailedAlarmIsNoHang(t *testing.T) {
	epfd, err := sys.EpollCreate()
	ok(t, err)
	s, err := newStrategy(Nested, epfd)
	ok(t, err)
	s.close()
	defer func() {
		if recover() == nil {
			t.Error("the alarm failed in silence")
		}
	}()
	s.(*nested).setAlarm(1)
}

// If this fails, a Group that was not made by NewGroup fails with an index, or as a closed one.
func TestZeroGroup(t *testing.T) {
	g := new(Group)
	defer func() {
		if got, want := recover(), "poller: use of a Group that was not made by NewGroup (NewPollerGroup)"; got != want {
			t.Errorf("Pick panicked with %v, want %v", got, want)
		}
		if err := g.Close(); err != nil || g.Stats() != (Stats{}) {
			t.Errorf("Close of it: %v", err)
		}
	}()
	g.Pick()
	t.Error("Pick returned")
}
