package fd

import (
	"net"
	"os"
	"time"

	"github.com/a57b2d82/netpoller/internal/clock"
	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
)

// This file is how an owner waits, and what limits that.

// prepare begins an operation whose first step is a system call.
func (fd *FD) prepare(m polldesc.Mode) error {
	if m == polldesc.Read {
		fd.drained = false // the edge that ended it may be forgotten now
	} else if fd.room != roomUnwatched {
		fd.unwatchRoom()
	}
	return fd.pd.Prepare(m)
}

// unwatchRoom ends the reports of room once an operation needed none. UDP and Unix sockets
// have room again whenever a packet has left, and the reactor would wake up for each of
// them. TCP reports room only after there was none.
func (fd *FD) unwatchRoom() {
	switch {
	case fd.kind == TCP:
	case fd.room == roomAwaited:
		fd.room = roomWatched
	case fd.poller.UnwatchWrites(fd.sysfd, fd.pd) == nil: // DOC: unwatch-writes
		fd.room = roomUnwatched
	}
}

// watchRoom begins the reports of room.
func (fd *FD) watchRoom() error {
	if fd.room == roomUnwatched {
		if err := fd.poller.WatchWrites(fd.sysfd, fd.pd); err != nil { // DOC: watch-writes
			return err
		}
	}
	fd.room = roomAwaited
	return nil
}

// waitEdge parks until an edge, for no longer than the limit. It reads the clock and
// touches the heap only if there is a limit.
func (fd *FD) waitEdge(m polldesc.Mode) error {
	if m == polldesc.Write {
		if err := fd.watchRoom(); err != nil {
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

// queued returns how much the peer has not yet taken of what was written. It shrinks
// long before there is an edge, for which a third of the buffer or more must be free.
func (fd *FD) queued(m polldesc.Mode) int {
	if m == polldesc.Read {
		return 0
	}
	return sys.Queued(fd.sysfd)
}

// SetLimits says how long each wait for data, and each wait for room to write, may last
// before it fails with os.ErrDeadlineExceeded, whatever the deadlines are. A wait for room
// goes on if the peer has taken anything meanwhile. 0 or less means no limit. A wait in
// progress keeps the limit it has.
func (fd *FD) SetLimits(read, write time.Duration) {
	fd.limits.Store(&[2]time.Duration{read, write})
}

// SetDeadline sets when reads and writes, those in progress too, fail with
// os.ErrDeadlineExceeded. The zero time means never.
func (fd *FD) SetDeadline(t time.Time) error {
	return fd.setDeadline(t, polldesc.Read, polldesc.Write)
}

// SetReadDeadline is SetDeadline for Read and Accept.
func (fd *FD) SetReadDeadline(t time.Time) error {
	return fd.setDeadline(t, polldesc.Read, polldesc.Read)
}

// SetWriteDeadline is SetDeadline for Write and Connect.
func (fd *FD) SetWriteDeadline(t time.Time) error {
	return fd.setDeadline(t, polldesc.Write, polldesc.Write)
}

func (fd *FD) setDeadline(t time.Time, first, last polldesc.Mode) error {
	if fd.pd == nil {
		return net.ErrClosed // before Init ever was, if at all
	}
	at, now := deadlineAt(t)
	return fd.pd.SetDeadline(fd.gen, first, last, at, now)
}

// deadlineAt puts t on the clock of deadlines: 0 for none, -1 for one that has passed.
func deadlineAt(t time.Time) (at, now int64) {
	if t.IsZero() {
		return 0, 0
	}
	if at, now = clock.Until(t); at <= now {
		at = -1
	}
	return at, now
}
