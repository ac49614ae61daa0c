package fd

import (
	"net"
	"time"

	"github.com/a57b2d82/netpoller/internal/clock"
	"github.com/a57b2d82/netpoller/polldesc"
)

// SetLimits sets how long each wait of a read, and each wait of a write, may last
// before the operation fails with os.ErrDeadlineExceeded. The limits apply in addition
// to the deadlines. A write whose wait reaches the limit goes on if the peer has
// acknowledged data during the wait. A limit of 0 or less is none. A wait in progress
// keeps the limit that it began with.
func (fd *FD) SetLimits(read, write time.Duration) {
	fd.limits.Store(&[2]time.Duration{max(read, 0), max(write, 0)})
}

// noWait is a limit that is over when the wait begins.
const noWait time.Duration = -1

// hasEnded is noWait that has ended a wait.
const hasEnded time.Duration = -2

// WithoutWaiting calls f, and meanwhile a read fails with os.ErrDeadlineExceeded where it would
// wait. It reports whether one did. The caller is the only reader.
func (fd *FD) WithoutWaiting(f func()) (wouldWait bool) {
	before := fd.limits.Load()
	limits := &[2]time.Duration{polldesc.Read: noWait}
	if before != nil {
		limits[polldesc.Write] = before[polldesc.Write]
	}
	fd.limits.Store(limits)
	f()
	fd.limits.CompareAndSwap(limits, before) // unless SetLimits was called
	return limits[polldesc.Read] == hasEnded
}

// SetDeadline sets the time at which reads and writes, including those in progress,
// fail with os.ErrDeadlineExceeded. The zero time means that they never do.
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
		return net.ErrClosed // Close came before Init
	}
	at, now := deadlineAt(t)
	return fd.pd.SetDeadline(fd.gen, first, last, at, now)
}

// deadlineAt converts t to the clock of deadlines: 0 for no deadline, -1 for one in the
// past.
func deadlineAt(t time.Time) (at, now int64) {
	if t.IsZero() {
		return 0, 0
	}
	if at, now = clock.Until(t); at <= now {
		at = -1
	}
	return at, now
}
