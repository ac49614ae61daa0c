//go:build linux

package poller

import (
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/a57b2d82/netpoller/internal/clock"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/polldesc"
)

// Short names for calls that these tests make all the time.
var (
	eventually = nettest.Eventually
	ok         = nettest.OK
	returns    = nettest.Returns
)

var strategies = map[string]Strategy{"nested": Nested, "thread": Thread}

// eachWait runs f with a Group of one Poller of either wait strategy.
func eachWait(t *testing.T, f func(t *testing.T, g *Group)) {
	for name, w := range strategies {
		t.Run(name, func(t *testing.T) {
			g := NewGroup(Config{Pollers: 1, Strategy: w})
			t.Cleanup(func() { g.Close() })
			f(t, g)
		})
	}
}

// result is nettest.Result, which has no type before it is called.
func result[T any](t testing.TB, what string, c <-chan T) T {
	t.Helper()
	return nettest.Result(t, what, c)
}

// A socket is one end of a socket pair, registered with a Poller.
type socket struct {
	t        testing.TB
	p        *Poller
	pd       *polldesc.PollDesc
	near     int // registered
	far      int
	released bool
}

// register makes a socket and registers it with the Poller whose turn it is.
func register(t testing.TB, g *Group) *socket {
	t.Helper()
	p, err := g.Pick()
	ok(t, err)
	return registerWith(t, p)
}

func registerWith(t testing.TB, p *Poller) *socket {
	t.Helper()
	near, far := socketPair(t)
	s := &socket{t: t, p: p, near: near, far: far}
	var err error
	s.pd, err = p.open(near)
	ok(t, err)
	ok(t, p.WatchWrites(near, s.pd))
	t.Cleanup(s.release)
	return s
}

func socketPair(t testing.TB) (near, far int) {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	ok(t, err)
	return fds[0], fds[1]
}

// release does what package fd does to close a descriptor.
func (s *socket) release() {
	if s.released {
		return
	}
	s.released = true
	s.pd.Evict()
	s.p.drop(s.near, s.pd)
	syscall.Close(s.near)
	syscall.Close(s.far)
}

// drop ends what open began.
func (p *Poller) drop(fd int, pd *polldesc.PollDesc) {
	p.Unregister(fd)
	p.Free(pd)
}

// send makes the socket readable.
func (s *socket) send() {
	if _, err := syscall.Write(s.far, []byte("x")); err != nil {
		s.t.Errorf("send: %v", err)
	}
}

// receive is a Read as package fd does it.
func (s *socket) receive() error {
	if err := s.pd.Prepare(polldesc.Read); err != nil {
		return err
	}
	for buf := make([]byte, 1); ; {
		_, err := syscall.Read(s.near, buf)
		if err != syscall.EAGAIN {
			return err
		}
		if err := s.pd.Wait(polldesc.Read); err != nil {
			return err
		}
	}
}

// expireIn sets the read deadline.
func (s *socket) expireIn(d time.Duration) error {
	now := clock.Now()
	return s.pd.SetDeadline(s.pd.Token().Gen, polldesc.Read, polldesc.Read, now+int64(d), now)
}

// async calls receive in a goroutine.
func (s *socket) async() <-chan error {
	c := make(chan error, 1)
	go func() { c <- s.receive() }()
	return c
}

// parkedReaders waits until that many goroutines are parked.
func parkedReaders(t testing.TB, g *Group, n int) {
	t.Helper()
	eventually(t, "goroutines parked", func() bool { return g.Stats().ParkedReaders == n })
}

// descriptors counts this process's open descriptors of epoll and eventfd.
func descriptors(t testing.TB) (n int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	ok(t, err)
	for _, e := range entries {
		name, _ := os.Readlink("/proc/self/fd/" + e.Name())
		if strings.Contains(name, "eventpoll") || strings.Contains(name, "eventfd") {
			n++
		}
	}
	return n
}

// running waits until that many reactors run, of all Groups. A goroutine that has said
// that it is done takes a moment to be gone.
func running(t testing.TB, n int) {
	t.Helper()
	eventually(t, "as many reactors", func() bool {
		return strings.Count(nettest.Stacks(), "poller.(*Poller).run(") == n
	})
}

// still returns a Poller whose reactor does not run: the test is the reactor.
func still(t testing.TB, w Strategy) *Poller {
	t.Helper()
	p, err := newPoller(w)
	ok(t, err)
	p.life.running.Store(true) // so that no descriptor starts one
	t.Cleanup(p.close)
	return p
}

func isClosed(t testing.TB, what string, err error) {
	t.Helper()
	if err != net.ErrClosed {
		t.Errorf("%s: %v, want %v", what, err, net.ErrClosed)
	}
}
