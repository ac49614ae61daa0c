package poller

import (
	"os"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller/internal/clock"
	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
)

// A seat is a polldesc.Seat: an event descriptor that Go's poller watches. The token is
// what it counts.
//
// Who is woken in a seat waits until a processor has nothing else to do. That is how package
// net wakes everybody, and bad luck beside a goroutine that computes: hence longTurn.
type seat struct {
	// Immutable.
	seats *seats
	fd    int
	file  *os.File
	conn  syscall.RawConn
	try   func(fd uintptr) (taken bool) // made once, so that no Take allocates

	given atomic.Int64 // when the token was, on the clock of package clock

	// Of the owner.
	woken   int64 // given, of the token taken last; 0 once Sit has looked at it
	penance penance
}

const (
	// longTurn is more than a turn should take, from the token until the owner waits again. One
	// that takes longer may have kept others waiting, or was kept waiting itself.
	longTurn = 250 * time.Microsecond

	// After a long turn the seat stays empty for so many waits at least.
	leastStanding = 16

	// maxSeats is for each poller. A seat is a descriptor, and who earned one keeps it when
	// idle.
	maxSeats = 32
)

// seats makes the seats of one poller.
type seats struct{ taken atomic.Int32 }

// take returns a new seat, or nil: there are enough, or nothing would be won, because
// no processor can be idle beside the one that runs.
func (all *seats) take(c polldesc.Claim) polldesc.Seat {
	if runtime.GOMAXPROCS(0) == 1 {
		return nil
	}
	if all.taken.Add(1) <= maxSeats {
		if s := newSeat(c); s != nil {
			s.seats = all
			return s
		}
	}
	all.taken.Add(-1)
	return nil
}

func newSeat(c polldesc.Claim) *seat {
	fd, err := sys.Eventfd()
	if err != nil {
		return nil
	}
	s := &seat{fd: fd, file: os.NewFile(uintptr(fd), "seat")}
	if s.conn, err = s.file.SyscallConn(); err == nil {
		err = s.file.SetReadDeadline(time.Time{}) // fails if Go's poller does not watch it
	}
	if err != nil {
		s.file.Close()
		return nil
	}
	s.try = func(uintptr) bool { return c.MayTake() && sys.TakeNotify(s.fd) } // DOC: seat-token
	return s
}

func (s *seat) Sit() bool {
	woken := s.woken
	s.woken = 0
	switch {
	case !s.penance.served():
		return false
	case woken > 0 && clock.Now()-woken > int64(longTurn): // DOC: long-turn
		s.penance.add(leastStanding)
		return false
	}
	s.penance.forgive()
	return true
}

func (s *seat) Take() {
	_ = s.conn.Read(s.try) // cannot fail: the file is open, and has no deadline
	s.woken = s.given.Load()
}

func (s *seat) Give() {
	s.given.Store(clock.Now()) // for Take, after which nothing here is ours
	sys.Notify(s.fd)
}

func (s *seat) Close() {
	s.file.Close()
	s.seats.taken.Add(-1)
}
