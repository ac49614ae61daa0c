package fd

import (
	"os"

	"github.com/a57b2d82/netpoller/internal/clock"
	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
)

// This file holds the two steps around a system call: prepare before it, and waitEdge
// after it returned EAGAIN.

// The values of FD.interest, which is what epoll reports. Each includes those before it. The
// reading side changes nothing but unregistered; the rest belongs to the writing side.
const (
	unregistered = iota // nothing: no operation has had to wait
	registered          // what wakes a reader, and the sticky facts
	outWatched          // EPOLLOUT, and the last write did not wait
	outAwaited          // EPOLLOUT, and the last write waited, or the one in progress does
	outKept             // EPOLLOUT for good, because the socket is TCP
)

// prepare begins an operation whose first step is a system call.
func (fd *FD) prepare(m polldesc.Mode) error {
	if m == polldesc.Read {
		fd.sawEmpty = false // Prepare forgets the edge that would end it
	} else if fd.interest.Load() >= outWatched {
		fd.unwatchWritable()
	}
	return fd.pd.Prepare(m)
}

// unwatchWritable stops EPOLLOUT after an operation that did not wait. A UDP or Unix
// socket becomes writable whenever a packet has left it, and each time would wake the
// reactor. TCP reports EPOLLOUT only after a write has returned EAGAIN, so its watch is kept.
func (fd *FD) unwatchWritable() {
	switch {
	case fd.interest.Load() == outKept:
	case fd.interest.Load() == outAwaited:
		fd.interest.Store(outWatched)
	case fd.askKind() == KindTCP:
		fd.interest.Store(outKept)
	case fd.poller.UnwatchWrites(fd.sysfd, fd.pd) == nil: // DOC: unwatch-writes
		fd.interest.Store(registered)
	}
}

// register makes epoll report what a side waits for. The owner of the side calls it after its
// system call and before it parks: epoll_ctl(2) reports what is ready already (fact b), so a
// descriptor that nobody registered before has missed nothing (HB-2). Both sides may register
// at once. If one fails, interest says nothing of it, and the next wait tries again.
func (fd *FD) register(m polldesc.Mode) (err error) {
	switch is := fd.interest.Load(); {
	case is >= outAwaited, is != unregistered && m == polldesc.Read:
		return nil
	case is == unregistered:
		err = fd.poller.Register(fd.sysfd, fd.pd, m) // DOC: first-wait
	case is == registered:
		err = fd.poller.WatchWrites(fd.sysfd, fd.pd) // DOC: watch-writes
	}
	switch {
	case err != nil:
		return unnamed(err)
	case m == polldesc.Write:
		fd.interest.Store(outAwaited)
	default:
		fd.interest.CompareAndSwap(unregistered, registered) // unless the writing side was faster
	}
	return nil
}

// waitEdge parks until an edge, for no longer than the limit. It reads the clock and
// touches the heap only if there is a limit.
func (fd *FD) waitEdge(m polldesc.Mode) error {
	if err := fd.register(m); err != nil {
		return err
	}
	limits := fd.limits.Load()
	if limits == nil || limits[m] == 0 {
		return fd.pd.Wait(m)
	}
	queued := fd.queued(m)
	now := clock.Now()
	fd.pd.Limit(m, clock.After(now, limits[m]), now) // DOC: limit
	err := fd.pd.Wait(m)
	fd.pd.Limit(m, 0, clock.Now())
	if err == os.ErrDeadlineExceeded && fd.queued(m) < queued {
		return fd.pd.Prepare(m) // progress: the limit does not count, a deadline does
	}
	if err == os.ErrDeadlineExceeded && limits[m] == noWait {
		limits[m] = hasEnded // for WithoutWaiting
	}
	return err
}

// queued returns how many of the bytes written the peer has not acknowledged. The number
// shrinks long before EPOLLOUT, for which a third of the send buffer must be free.
func (fd *FD) queued(m polldesc.Mode) int {
	if m == polldesc.Read {
		return 0
	}
	return sys.Queued(fd.sysfd)
}
