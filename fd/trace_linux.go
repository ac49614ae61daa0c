package fd

import (
	"syscall"

	"github.com/a57b2d82/netpoller/internal/clock"
	"github.com/a57b2d82/netpoller/internal/tracer"
)

// note records the result of a system call, for package trace: n, or the negated errno. A socket
// that has not begun to connect has no record yet, and the event no slot.
func (fd *FD) note(k tracer.Kind, n int, err error) {
	if tracer.On() {
		fd.record(k, n, err)
	}
}

func (fd *FD) record(k tracer.Kind, n int, err error) {
	if !tracer.WantsCalls() {
		return // without a look at the clock
	}
	if errno, ok := err.(syscall.Errno); ok {
		n = -int(errno)
	}
	if fd.pd == nil {
		tracer.Record(tracer.Event{Time: clock.Now(), Kind: k, Side: tracer.Both, Arg: int64(n)})
		return
	}
	fd.pd.Note(k, int64(n))
}
