//go:build linux

package poller

import (
	"errors"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
)

// watched makes as many nested epoll instances watch fd as the kernel allows, as so many
// processes do that share a listener (fact g of package sys).
func watched(t *testing.T, fd int) {
	t.Helper()
	outer, err := sys.EpollCreate()
	ok(t, err)
	t.Cleanup(func() { sys.CloseFD(outer) })
	for n := 0; ; n++ {
		inner, err := sys.EpollCreate()
		ok(t, err)
		t.Cleanup(func() { sys.CloseFD(inner) })
		ok(t, sys.EpollAdd(outer, inner, unix.EPOLLIN|unix.EPOLLET, 0, 0))
		switch err := sys.EpollAdd(inner, fd, unix.EPOLLIN|unix.EPOLLET, 0, 0); {
		case errors.Is(err, unix.EINVAL):
			t.Logf("%d nested instances watch it, and no more can", n)
			return
		case errors.Is(err, unix.EMFILE):
			t.Skip("too few descriptors to fill it up")
		default:
			ok(t, err)
		}
	}
}

// A socket that hundreds of workers share must be one for us as well.
func TestWatchedByMany(t *testing.T) {
	eachWait(t, func(t *testing.T, g *Group) {
		other := register(t, g)
		near, far := socketPair(t)
		watched(t, near)
		s := &socket{t: t, near: near, far: far}
		var err error
		s.p, s.pd, err = g.Register(near)
		ok(t, err)
		ok(t, s.p.WatchWrites(near, s.pd))
		if nested := s.p == other.p; nested != (g.config.Strategy == Thread) {
			t.Errorf("watched by the Poller of the others: %v", nested)
		}
		all := g.PollerStats()
		if last := all[len(all)-1].Open; (len(all) == 2) != (s.p != other.p) || last == 0 {
			t.Errorf("%d Pollers, and the last has %d open", len(all), last)
		}
		received := s.async()
		s.send()
		ok(t, result(t, "receive", received))
		ok(t, s.expireIn(1))
		if err := result(t, "receive", s.async()); err == nil {
			t.Error("received something")
		}
		if err := s.pd.Prepare(polldesc.Write); err != nil {
			t.Errorf("Prepare: %v", err)
		}
		if n := g.Stats().Open; n != 2 {
			t.Errorf("%d are open, want 2", n)
		}
		s.release()
		other.release()
		running(t, 0)
		ok(t, g.Close())
		if _, err := unix.FcntlInt(uintptr(s.p.epfd), unix.F_GETFD, 0); err != unix.EBADF {
			t.Errorf("its epoll instance is open: %v", err)
		}
	})
}

// Other errors must not be taken for that one.
func TestRegisterFails(t *testing.T) {
	eachWait(t, func(t *testing.T, g *Group) {
		p, pd, err := g.Register(-1)
		if pd != nil || !errors.Is(err, syscall.EBADF) {
			t.Errorf("Register = %v, %v, %v", p, pd, err)
		}
		ok(t, g.Close())
		if p, pd, err := g.Register(-1); p != nil || pd != nil || err != ErrClosed {
			t.Errorf("Register = %v, %v, %v", p, pd, err)
		}
	})
}
