package poller

import "sync/atomic"

// Stats are counters of a Poller or, summed, of a Group, since it was made.
type Stats struct {
	Waits   uint64 // batches of events taken from epoll, empty ones included
	Events  uint64 // events they brought
	Stale   uint64 // events for a descriptor that was closed meanwhile
	Wakeups uint64 // goroutines woken by an event

	TimersArmed uint64 // deadlines put into the heap or moved there
	TimersFired uint64 // deadlines that came due in the heap, stale ones included
	Timers      int    // deadlines in the heap now

	Open          int // descriptors open now
	ParkedReaders int // goroutines parked now
	ParkedWriters int
}

// counters are what a reactor counts itself. The reactor writes, any goroutine reads.
type counters struct {
	waits, events, stale, wakeups atomic.Uint64
}

// add sums up statistics.
func (s *Stats) add(t Stats) {
	s.Waits += t.Waits
	s.Events += t.Events
	s.Stale += t.Stale
	s.Wakeups += t.Wakeups
	s.TimersArmed += t.TimersArmed
	s.TimersFired += t.TimersFired
	s.Timers += t.Timers
	s.Open += t.Open
	s.ParkedReaders += t.ParkedReaders
	s.ParkedWriters += t.ParkedWriters
}
