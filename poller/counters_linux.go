package poller

import (
	"math/bits"
	"sync/atomic"
	"time"
)

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
	s.WakeLag.add(t.WakeLag)
	s.TimersArmed += t.TimersArmed
	s.TimersFired += t.TimersFired
	s.Timers += t.Timers
	s.TimerLag.add(t.TimerLag)
	s.Open += t.Open
	s.ParkedReaders += t.ParkedReaders
	s.ParkedWriters += t.ParkedWriters
	s.Eventfds += t.Eventfds
}

func (h *Histogram) add(o Histogram) {
	for i, c := range o.Counts {
		h.Counts[i] += c
	}
	h.Sum += o.Sum
}

// durations are a Histogram to which any goroutine may add.
type durations struct {
	counts [len(Histogram{}.Counts)]atomic.Uint64
	sum    atomic.Int64
}

// record counts d nanoseconds: 0 if d is negative, because the clock is late in a bubble.
func (ds *durations) record(d int64) {
	d = max(0, d)
	above := uint64(max(1, d)-1) / uint64(time.Microsecond) // in whole bounds of the first bucket
	ds.counts[min(bits.Len64(above), len(ds.counts)-1)].Add(1)
	ds.sum.Add(d)
}

func (ds *durations) histogram() (h Histogram) {
	for i := range ds.counts {
		h.Counts[i] = ds.counts[i].Load()
	}
	h.Sum = time.Duration(ds.sum.Load())
	return h
}
