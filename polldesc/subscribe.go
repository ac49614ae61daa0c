package polldesc

import "errors"

// This file is for owners that do not wait in the ordinary way: one that has no goroutine
// to park, and one whose wait somebody else may end.

// ErrInterrupted is what Prepare and Wait fail with after Interrupt.
var ErrInterrupted = errors.New("interrupted")

// Subscribe is Wait without a goroutine. Where Wait would park it returns true, and
// *resume will be called once, in a goroutine of its own: there an edge has come, or an
// error is to be reported, and Resumed tells which. Else it returns what Wait would.
//
// Preconditions: the caller owns the side, for itself and for *resume, which
// stays as it is.
func (pd *PollDesc) Subscribe(m Mode, resume *func()) (parked bool, err error) {
	s := &pd.side[m]
	s.resume.Store(resume)
	if parked, err = pd.park(m); !parked {
		s.resume.Store(nil)
	}
	return parked, err
}

// Resumed ends what Subscribe began. It reports true where Wait would have returned nil,
// and false where it would have begun again: Subscribe does.
//
// Preconditions: *resume calls it, first.
func (pd *PollDesc) Resumed(m Mode) (edge bool) {
	pd.side[m].resume.Store(nil)
	return pd.side[m].word.collect() == actCall // O6
}

// Interrupt ends the wait of a side's owner, and fails what it begins, until Uninterrupt.
//
// Preconditions: the side has an owner until Interrupt returns.
func (pd *PollDesc) Interrupt(m Mode) {
	pd.mu.Lock()
	pd.info.set(interrupted(m)) // I5: before the word
	owed := pd.cancel(m, m)
	pd.mu.Unlock()
	pd.pay(owed)
}

// Uninterrupt forgets an Interrupt. The owner calls it before it lets the side go.
func (pd *PollDesc) Uninterrupt(m Mode) {
	pd.mu.Lock()
	pd.info.clear(interrupted(m))
	pd.mu.Unlock()
}
