package fd

import (
	"os"

	"github.com/a57b2d82/netpoller/internal/clock"
	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
)

// This file holds the two steps around a system call: prepare before it, and waitEdge
// after it returned EAGAIN.

// An outWatch says whether the poller reports EPOLLOUT for the descriptor.
type outWatch uint8

const (
	outUnwatched outWatch = iota
	outWatched            // and the last operation did not wait
	outAwaited            // and the last operation waited, or the one in progress does
	outKept               // for good, because the socket is TCP
)

// prepare begins an operation whose first step is a system call.
func (fd *FD) prepare(m polldesc.Mode) error {
	if m == polldesc.Read {
		fd.sawEmpty = false // Prepare forgets the edge that would end it
	} else if fd.out != outUnwatched {
		fd.unwatchWritable()
	}
	return fd.pd.Prepare(m)
}

// unwatchWritable stops EPOLLOUT after an operation that did not wait. A UDP or Unix
// socket becomes writable whenever a packet has left it, and each time would wake the
// reactor. TCP reports EPOLLOUT only after a write has returned EAGAIN, so its watch is kept.
func (fd *FD) unwatchWritable() {
	switch {
	case fd.out == outKept:
	case fd.out == outAwaited:
		fd.out = outWatched
	case fd.askKind() == KindTCP:
		fd.out = outKept
	case fd.poller.UnwatchWrites(fd.sysfd, fd.pd) == nil: // DOC: unwatch-writes
		fd.out = outUnwatched
	}
}

// watchWritable registers for EPOLLOUT.
func (fd *FD) watchWritable() error {
	if fd.out == outUnwatched {
		if err := fd.poller.WatchWrites(fd.sysfd, fd.pd); err != nil { // DOC: watch-writes
			return err
		}
	}
	fd.out = max(fd.out, outAwaited)
	return nil
}

// waitEdge parks until an edge, for no longer than the limit. It reads the clock and
// touches the heap only if there is a limit.
func (fd *FD) waitEdge(m polldesc.Mode) error {
	if m == polldesc.Write {
		if err := fd.watchWritable(); err != nil {
			return err
		}
	}
	limits := fd.limits.Load()
	if limits == nil || limits[m] <= 0 {
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
