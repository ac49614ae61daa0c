package poller

import (
	"math"
	"time"
)

// Stats are counters of a Poller or, summed, of a Group, since it was made.
type Stats struct {
	Waits   uint64 // batches of events taken from epoll, empty ones included
	Events  uint64 // events they brought
	Stale   uint64 // events for a descriptor that was closed meanwhile
	Wakeups uint64 // goroutines woken, and notifications started, by an event

	// WakeLag is how long it took from when the reactor fetched an event until the goroutine
	// that it woke ran: one wake-up in 61 is measured.
	WakeLag Histogram

	TimersArmed uint64 // deadlines put into the heap or moved there
	TimersFired uint64 // deadlines that came due in the heap, stale ones included
	Timers      int    // deadlines in the heap now

	// TimerLag is how late deadlines fired: of those that fired together, the earliest.
	TimerLag Histogram

	Open          int // descriptors open now, those that nothing has waited on yet included
	ParkedReaders int // reading sides on which a goroutine or a notification (NotifyReadable) waits now
	ParkedWriters int // writing sides on which a goroutine waits now
	Eventfds      int // eventfds on which goroutines park: those of connections that are busy alone
}

// A Histogram counts durations. Each bound is twice the one before, from a microsecond to four
// seconds.
type Histogram struct {
	Counts [24]uint64 // Counts[i] are those of at most Bound(i), and more than Bound(i-1)
	Sum    time.Duration
}

// Bound returns the upper bound of Counts[i]: 1µs<<i, and the largest Duration for the last one.
func (h Histogram) Bound(i int) time.Duration {
	if i == len(h.Counts)-1 {
		return math.MaxInt64
	}
	return time.Microsecond << i
}

// Count returns how many durations were counted.
func (h Histogram) Count() (n uint64) {
	for _, c := range h.Counts {
		n += c
	}
	return n
}

// Quantile returns a bound that at least the fraction q of the durations do not exceed, the least
// there is; 0 if none were counted. It is the largest Duration if that is above four seconds. A q
// below 0 is 0, and one above 1, or not a number, is 1.
func (h Histogram) Quantile(q float64) time.Duration {
	all := h.Count()
	want := max(1, all)
	if q < 1 {
		want = max(1, min(all, uint64(math.Ceil(max(0, q)*float64(all)))))
	}
	n := uint64(0)
	for i, c := range h.Counts {
		if n += c; n >= want {
			return h.Bound(i)
		}
	}
	return 0
}
