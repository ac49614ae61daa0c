package poller

import (
	"errors"
	"os"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller/internal/clock"
	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
	"github.com/a57b2d82/netpoller/timer"
)

// nested is the strategy Nested: the reactor parks in Go's own poller, which watches the
// epoll descriptor like any file.
type nested struct {
	file  *os.File
	conn  syscall.RawConn
	alarm int64                      // the deadline that file has
	read  func(uintptr) (leave bool) // drain; made once, so that no wait allocates

	parkers parkers
	yielder yielder
	kept    kept

	events [maxEvents]sys.EpollEvent
}

func newNested(epfd int) (strategy, error) {
	w := &nested{alarm: timer.Never, kept: kept{limit: keepFor}, file: os.NewFile(uintptr(epfd), "epoll")}
	var err error
	if w.conn, err = w.file.SyscallConn(); err == nil {
		// If Go's poller could not watch the file, for want of memory or watches, this
		// fails. Each read would then return at once, and the reactor would spin.
		err = w.file.SetReadDeadline(time.Time{})
	}
	if err == nil {
		return w, nil
	}
	if err := unwatchable(epfd); err != nil {
		w.file.Close()
		return nil, err
	}
	// Go's poller never tried: a seccomp filter that denies fcntl(2) kept os.NewFile from seeing
	// that epfd is non-blocking.
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

// sleep stays inside one RawConn.Read for as long as only events come. Inside it, Go's poller
// remembers an edge that falls between a drain and the next park. Each RawConn.Read resets
// Go's readiness and must drain again, so staying inside one saves an epoll_wait a batch.
func (w *nested) sleep(p *Poller, next int64) {
	if next <= clock.Now() {
		w.drain(p) // events do not wait for a stream of deadlines to end
		return
	}
	w.setAlarm(next)
	if w.read == nil {
		w.read = func(uintptr) (leave bool) { return w.drain(p) }
	}
	err := w.conn.Read(w.read) // DOC: nested-wait
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		panic("poller: the reactor cannot wait: " + err.Error()) // the descriptor was closed: a mistake
	}
}

// setAlarm has the next RawConn.Read end at next. A failed alarm would be a deadline that
// never comes, so it does not pass in silence.
func (w *nested) setAlarm(next int64) {
	if w.alarm == next {
		return
	}
	var t time.Time
	if next != timer.Never {
		t = clock.Time(next)
	}
	if err := w.file.SetReadDeadline(t); err != nil { // DOC: alarm
		panic("poller: the reactor has no alarm: " + err.Error()) // the descriptor was closed: a mistake
	}
	w.alarm = next
}

// drain dispatches what epoll has, all of it (fact e of package sys), and reports
// whether the reactor should look at its deadlines: a wake-up was there, or one has
// come while there was more and more.
func (w *nested) drain(p *Poller) (woken bool) {
	for {
		n := sys.EpollPoll(p.epfd, w.events[:])
		arrived := p.lag.arrival(n)
		p.waits.Add(1)
		w.parkers.batch(n, &w.yielder)
		others := w.kept.take(p, w.events[:n])
		woken = p.dispatch(others, arrived) || woken
		w.kept.release(p, len(others))
		switch {
		case w.kept.n > 0: // DOC: keep
			w.kept.backoff.yield(minUnkept)
		case n < len(w.events): // DOC: drain
			return woken
		default:
			w.yielder.yield()
		}
		if p.stopping.Load() || p.heap.Next() <= clock.Now() {
			w.kept.dispatch(p)
			return true // and the next sleep begins with a drain
		}
	}
}

func (w *nested) policy(l *lag) polldesc.Policy {
	w.parkers.lag = l
	return &w.parkers
}

func (w *nested) eventfds() int { return int(w.parkers.eventfds.Load()) }

func (w *nested) close() { w.file.Close() }
