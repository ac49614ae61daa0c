package poller

import (
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller/internal/clock"
	"github.com/a57b2d82/netpoller/internal/race"
	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
)

// An eventfd is a polldesc.Parker: a goroutine parks in Go's own poller, which watches the
// eventfd. The permit is its count.
//
// A send on a channel makes the owner runnable, and the runtime wakes an idle processor to
// look for work. Mostly that processor finds none, because the sender is about to park and
// its own processor runs the owner next. For a connection that is busy alone, this is most
// of what a wake-up costs. A write to an eventfd wakes no processor: the one that runs out
// of work polls, and finds the owner.
//
// So a goroutine woken through its eventfd runs only when a processor goes idle and polls.
// Beside goroutines that compute that can be late: see the policy.
type eventfd struct {
	// Immutable.
	parker polldesc.Parker // this eventfd, for the side to point to
	fd     int
	file   *os.File
	conn   syscall.RawConn
	try    func(fd uintptr) (taken bool) // made once, so that no Park allocates

	unparked atomic.Int64 // when Unpark last gave a permit, on the clock of package clock

	// Of the owner.
	woken   int64 // unparked of the permit that Park took last; 0 once the policy has looked at it
	backoff backoff
}

// newEventfd returns a parker for s, or nil if there is no descriptor for it or Go's poller
// cannot watch it.
func newEventfd(s *polldesc.Side) *eventfd {
	fd, err := sys.Eventfd()
	if err != nil {
		return nil
	}
	e := &eventfd{fd: fd, file: os.NewFile(uintptr(fd), "eventfd")}
	e.parker = e
	if e.conn, err = e.file.SyscallConn(); err == nil {
		err = e.file.SetReadDeadline(time.Time{}) // fails if Go's poller does not watch it
	}
	if err != nil {
		e.file.Close()
		return nil
	}
	// While the owner is parked there is no permit, and a read would find nothing.
	e.try = func(uintptr) bool { return !s.Parked() && sys.TakeNotify(e.fd) } // DOC: eventfd-permit
	return e
}

// Park implements polldesc.Parker.
func (e *eventfd) Park() {
	_ = e.conn.Read(e.try) // cannot fail: the file is open, and has no deadline
	e.woken = e.unparked.Load()
}

// Unpark implements polldesc.Parker.
func (e *eventfd) Unpark() {
	race.Hide() // as for a channel: one reactor unparks the owners of all connections
	e.unparked.Store(clock.Now())
	sys.Notify(e.fd)
	race.Show()
}

func (e *eventfd) close() { e.file.Close() }
