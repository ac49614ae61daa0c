package poller

import (
	"sync/atomic"

	"github.com/a57b2d82/netpoller/internal/clock"
	"github.com/a57b2d82/netpoller/internal/race"
	"github.com/a57b2d82/netpoller/polldesc"
)

// This file measures how long a woken owner waits for a processor. To read the clock twice for
// each wake-up would cost as much as the rest of it, so one in sampleEvery is measured, one at a
// time. To the others it costs the owner a load, and the reactor a subtraction.

// A lag measures the wake-ups of a reactor.
type lag struct {
	left int // wake-ups until the next one that is measured, that one included. The reactor's

	_ [64]byte // owners read what follows, and the reactor writes what is above at each wake-up

	// arrived is when the event came that is handed out now, if the wake-up that it makes is to
	// be measured; else 0. The reactor sets it, and begin takes it.
	arrived atomic.Int64

	// side is the side whose wake-up is measured, or nil. The reactor sets it before it unparks
	// the owner; the owner clears it.
	side  atomic.Pointer[polldesc.Side]
	since atomic.Int64 // arrived of that wake-up. Written before side is set

	durations durations
}

// arrival returns the time, for dispatch, if a wake-up by one of n events may be measured.
// Otherwise it returns 0.
func (l *lag) arrival(n int) int64 {
	if l.left > 2*n { // an event wakes two owners at most
		return 0
	}
	return clock.Now()
}

// before has the next wake-up measured if its turn has come. The reactor calls it before it hands
// out an event that came at the time arrived.
func (l *lag) before(arrived int64) {
	if l.left <= 0 {
		l.arrived.Store(arrived)
	}
}

// after counts the wake-ups of that event.
func (l *lag) after(wakeups int) {
	if l.left <= 0 && l.arrived.Load() == 0 {
		l.left = sampleEvery
	}
	l.left -= wakeups
}

// woken begins to measure the wake-up of s if its turn has come.
func (l *lag) woken(s *polldesc.Side) {
	if l.arrived.Load() != 0 {
		l.begin(s)
	}
}

// begin does nothing while the wake-up before is still measured: that owner has not run yet.
func (l *lag) begin(s *polldesc.Side) {
	race.Hide() // as in running
	if at := l.arrived.Swap(0); at != 0 && l.side.Load() == nil {
		l.since.Store(at)
		l.side.Store(s)
	}
	race.Show()
}

// running ends the measurement of s's wake-up, if it is measured. The owner calls it when it runs.
func (l *lag) running(s *polldesc.Side) {
	race.Hide() // the reactor does not order the owners of different connections
	if l.side.Load() == s {
		l.end()
	}
	race.Show()
}

func (l *lag) end() {
	l.durations.record(clock.Now() - l.since.Load())
	l.side.Store(nil)
}

// plain is the polldesc.Policy of a reactor whose owners all park on channels.
type plain struct{ lag *lag }

// Choose implements polldesc.Policy.
func (plain) Choose(*polldesc.Side, int) *polldesc.Parker { return nil }

// Woken implements polldesc.Policy.
func (pl plain) Woken(s *polldesc.Side) { pl.lag.woken(s) }

// Running implements polldesc.Policy.
func (pl plain) Running(s *polldesc.Side) { pl.lag.running(s) }

// Release implements polldesc.Policy.
func (plain) Release(*polldesc.Side) {}
