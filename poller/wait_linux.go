package poller

import (
	"fmt"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller/internal/clock"
	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
	"github.com/a57b2d82/netpoller/timer"
)

// A waiter is how a reactor waits: wait is called by the reactor goroutine only, close
// when that has gone.
type waiter interface {
	// wait dispatches events as they come and returns when the deadlines need a look:
	// at next (timer.Never: at no time), or after a wake-up.
	wait(p *Poller, next int64)

	// newSeat is what the Cache gets its seats from.
	newSeat(polldesc.Claim) polldesc.Seat

	// close gives back the epoll descriptor.
	close()
}

// newWaiter returns a waiter that owns epfd; if it fails, epfd is closed. What cannot park
// waits in a thread.
func newWaiter(w Strategy, epfd int) (waiter, error) {
	switch w {
	case Nested:
		return newParked(epfd)
	case Thread:
		return &thread{epfd: epfd}, nil
	}
	panic(fmt.Sprintf("poller: unknown wait strategy %d", w)) // NewGroup let it through
}

// parked waits in Go's own poller, which watches the epoll descriptor.
type parked struct {
	file *os.File
	conn syscall.RawConn
	next int64                      // the deadline that file has
	read func(uintptr) (leave bool) // drain; made once, so that no wait allocates

	seats   seats
	yielder yielder

	events [maxEvents]sys.EpollEvent
}

func newParked(epfd int) (waiter, error) {
	w := &parked{next: timer.Never, file: os.NewFile(uintptr(epfd), "epoll")}
	var err error
	if w.conn, err = w.file.SyscallConn(); err == nil {
		// If Go's poller could not watch the file, for want of memory or watches, this
		// is where it says so. A wait would return at once, for ever.
		err = w.file.SetReadDeadline(time.Time{})
	}
	if err == nil {
		return w, nil
	}
	if err := unwatchable(epfd); err != nil {
		w.file.Close()
		return nil, err
	}
	// It was not asked to: a filter that denies fcntl(2) hides that epfd is non-blocking.
	return &thread{epfd: epfd, file: w.file}, nil
}

// unwatchable returns why Go's poller could not watch fd, which it does not say: epoll
// refuses us for the same reason.
func unwatchable(fd int) error {
	epfd, err := sys.EpollCreate()
	if err != nil {
		return err
	}
	defer sys.CloseFD(epfd)
	return sys.EpollAdd(epfd, fd, 0, 0, 0)
}

// wait stays inside one raw read for as long as only events come: inside, Go's poller
// remembers an edge that falls between a drain and the next park. A raw read that begins
// forgets it, and so begins with a drain of its own, which to do for each batch would be
// one epoll_wait too many.
func (w *parked) wait(p *Poller, next int64) {
	if next <= clock.Now() {
		w.drain(p) // nobody's events wait for a stream of deadlines to end
		return
	}
	if w.next != next {
		w.next = next
		var t time.Time
		if next != timer.Never {
			t = clock.Time(next)
		}
		w.file.SetReadDeadline(t) // DOC: alarm
	}
	if w.read == nil {
		w.read = func(uintptr) (leave bool) { return w.drain(p) }
	}
	// The error says that the deadline passed, which is as good a reason as any.
	_ = w.conn.Read(w.read) // DOC: nested-wait
}

// drain dispatches what epoll has, all of it (fact e of package sys), and reports
// whether the reactor should look at its deadlines: a wake-up was there, or one has
// come while there was more and more.
func (w *parked) drain(p *Poller) (woken bool) {
	for {
		n := sys.EpollPoll(p.epfd, w.events[:])
		woken = p.dispatch(w.events[:n]) || woken
		if n < len(w.events) { // DOC: drain
			return woken
		}
		w.yielder.yield()
		if p.stopping.Load() || p.heap.Next() <= clock.Now() {
			return true // and the next wait begins with a drain
		}
	}
}

// A yielder lets others run between two full batches, unless that takes long: where all
// processors compute, whoever lets others run stands in line behind them each time.
type yielder struct{ penance penance }

const (
	// longYield is far more than a processor takes that has a lot to do but not to compute.
	longYield = 2 * time.Millisecond

	// leastHaste is how many batches follow without a yield, at least, after a long one.
	leastHaste = 64
)

func (y *yielder) yield() {
	if !y.penance.served() {
		return
	}
	start := clock.Now()
	runtime.Gosched() // DOC: batch
	if clock.Now()-start > int64(longYield) {
		y.penance.add(leastHaste) // DOC: haste
	} else {
		y.penance.forgive()
	}
}

func (w *parked) newSeat(c polldesc.Claim) polldesc.Seat { return w.seats.take(c) }

func (w *parked) close() { w.file.Close() }

// thread waits in the kernel.
type thread struct {
	epfd    int
	file    *os.File // that owns epfd, if one does
	yielder yielder
	events  [maxEvents]sys.EpollEvent
}

// wait blocks only after it has found nothing and let other goroutines run: blocking
// gives up the P, and winning one back is what costs.
func (w *thread) wait(p *Poller, next int64) {
	n := sys.EpollPoll(w.epfd, w.events[:])
	if n == 0 {
		runtime.Gosched() // DOC: gosched
		timeout := time.Duration(-1)
		if next != timer.Never {
			timeout = max(0, time.Duration(next-clock.Now()))
		}
		n = sys.EpollWait(w.epfd, w.events[:], timeout)
	}
	p.dispatch(w.events[:n])
	if n == len(w.events) {
		w.yielder.yield()
	}
}

// newSeat has none: the thread is in the kernel after it has given tokens, and takes
// nobody with it.
func (w *thread) newSeat(polldesc.Claim) polldesc.Seat { return nil }

func (w *thread) close() {
	if w.file != nil {
		w.file.Close()
		return
	}
	sys.CloseFD(w.epfd)
}
