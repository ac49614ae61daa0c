package polldesc

import (
	"errors"

	"github.com/a57b2d82/netpoller/internal/tracer"
)

// This file is for owners that wait in other ways: without a goroutine, or until another
// goroutine interrupts them.

// ErrInterrupted is what Prepare and Wait fail with after Interrupt.
var ErrInterrupted = errors.New("interrupted")

// Subscribe is Wait without a goroutine. Where Wait would park it returns true, and p is
// unparked once: then an edge has come, or there is an error to report, and Resumed tells
// which. Otherwise it returns what Wait would. It never calls Park.
//
// Preconditions: the caller owns the side until p is unparked and Resumed has returned.
func (pd *PollDesc) Subscribe(m Mode, p *Parker) (parked bool, err error) {
	if parked, err = pd.park(m, p); !parked {
		pd.side[m].publish(nil) // the side must not keep the owner from the garbage collector
	}
	return parked, err
}

// Resumed ends what Subscribe began. It reports true where Wait would have returned nil,
// and false where it would have begun again: Subscribe does.
//
// Preconditions: p was unparked, and nothing else was done with the side since.
func (pd *PollDesc) Resumed(m Mode) (edge bool) {
	pd.side[m].publish(nil)
	return pd.collect(m) == actCall // O6
}

// Interrupt ends the wait of a side's owner, and fails what it begins, until Uninterrupt.
//
// Preconditions: the side has an owner until Interrupt returns.
func (pd *PollDesc) Interrupt(m Mode) {
	pd.mu.Lock()
	pd.info.set(interrupted(m)) // I5: before the word
	pd.note(tracer.Interrupt, uint8(m), 0)
	toWake := pd.cancel(m, m)
	pd.mu.Unlock()
	pd.wake(toWake)
}

// Uninterrupt forgets an Interrupt. The owner calls it before it lets the side go.
func (pd *PollDesc) Uninterrupt(m Mode) {
	pd.mu.Lock()
	pd.info.clear(interrupted(m))
	pd.mu.Unlock()
}
