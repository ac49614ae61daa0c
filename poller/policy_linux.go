package poller

import (
	"runtime"
	"sync/atomic"
	"time"

	"github.com/a57b2d82/netpoller/internal/clock"
	"github.com/a57b2d82/netpoller/internal/race"
	"github.com/a57b2d82/netpoller/polldesc"
)

// This file decides what affects speed only: how much is done at once, when the reactor
// yields, where owners park. Any other value of these constants gives the same results, later
// or sooner.
const (
	// maxEvents is how many events one epoll_wait fetches. Goroutines woken by a batch join
	// the run queue of the reactor's P and stall if the kernel preempts that thread, so
	// batches are small, and the reactor yields between two full ones.
	// Measured: bench, echo with 64 connections. With 128 the 99th percentile was up to
	// three times that of net, with 8 it is below it.
	maxEvents = 8

	// longYield is how long a yield may take before the reactor goes without: far more than
	// on a processor that has much to do, and less than beside goroutines that compute.
	// Measured: 400 events beside 8 goroutines that compute took 4.1 s when each full batch
	// ended in a yield, 0.26 s with this limit, and 0.2 s with net.
	longYield = 2 * time.Millisecond

	// minBatches is for how many full batches, at least, the reactor goes without a yield after
	// a long one. Measured with longYield.
	minBatches = 64

	// quietBatch is the most events of a batch after which processors may be idle. More at
	// once means that there is work for them.
	// Measured: bench, echo. One busy connection stays below it; 64 and 1000 exceed it.
	quietBatch = 4

	// quietWakeups is after how many wake-ups in quiet batches, in succession, an owner is
	// worth an eventfd. A connection that ends after a few requests makes none.
	// Measured: bench, accept and dial, where no connection may get one.
	quietWakeups = 16

	// longTurn is the longest turn, from the permit until the owner waits again, after which
	// it parks on its eventfd. A longer one may have kept other goroutines waiting, or was
	// kept waiting itself. A turn in which the owner began several operations may be so much
	// longer: it found packets, and did not compute.
	// Measured: bench, neighbor and burn. Handlers there take 50 µs or 5 ms. And udp with 64
	// clients of one socket: each datagram as an operation of its own made 1.3 times the
	// requests, for 0.7 times the CPU.
	longTurn = 250 * time.Microsecond

	// minSkips is for how many waits, at least, an owner parks on its channel after a long
	// turn. Measured with longTurn.
	minSkips = 16

	// heavyTurn is the shortest turn, from when the owner runs until it waits again, that makes
	// others run first: four times keepFor, by which it comes later. Not measured.
	heavyTurn = 2 * time.Millisecond

	// heavyTurns is how many of them, in succession, an owner must have had. One may seem
	// heavy because the kernel preempted its thread.
	heavyTurns = 2

	// keepFor is for how long an event for an owner with heavy turns is kept back while there
	// are others: a tenth of what the handlers below compute.
	// Measured: bench, burn, 4 handlers that compute 5 ms on 2 processors beside 60 others, as
	// ratios to net. In the order of the events the others made 0.9 requests a second and waited
	// 1.5 times as long in the median; now they make 1.2, and wait 0.9 to 1.2 times as long. The
	// handlers that compute made 0.94 turns, and make 0.92. A first version had 1.1, 1.3, 1.5 and
	// 2.3 requests with 200 µs, 500 µs, 1 ms and 3 ms, and 0.96, 0.93, 0.91 and 0.83 turns.
	keepFor = 500 * time.Microsecond

	// minUnkept is how many times, at least, none is kept after a yield for the others took long:
	// the reactor queued behind goroutines that it cannot have run last.
	// Measured with keepFor: 1.15 requests with 4 and 1.25 without this, which is within noise.
	minUnkept = 1

	// maxFactor is how far a backoff grows, in multiples of its least. Not measured: at 64,
	// one round in a thousand or in four thousand is spent on what is always slow.
	maxFactor = 64

	// maxEventfds is how many eventfds a reactor makes for parking. Each is a descriptor,
	// and an owner that has one keeps it while idle. Not measured: a bound on descriptors.
	maxEventfds = 32

	// sampleEvery is how many wake-ups there are for each one whose lag is measured. A prime, so
	// that no pattern of a program falls in step with it.
	// Measured: bench, echo, against a build without: see docs/metrics.md.
	sampleEvery = 61

	// linger is how long a reactor stays without a descriptor: so long that a client which
	// makes one connection after the other does not start a reactor for each, and so short that
	// a check for leaked goroutines does not see it. Not measured: such checks wait for longer.
	linger = 10 * time.Millisecond

	// procsPerPoller is how many Ps one reactor serves by default. One reactor saturates
	// long after this; more of them cost wake-ups on a small machine.
	// Measured: docs/many-cores.md.
	procsPerPoller = 16
)

// A backoff is how many rounds to skip an optimization that was slow. It doubles with each
// slow round and decays by 1/16 with each fast one.
type backoff struct {
	skip int // how many rounds are left to skip
	last int // how many the last slow round made it, less what has decayed since
}

// ready reports whether this round takes the optimization. If not, ready has skipped the round.
func (b *backoff) ready() bool {
	if b.skip > 0 {
		b.skip--
		return false
	}
	return true
}

// failed notes a slow round. At least the next least rounds are skipped.
func (b *backoff) failed(least int) {
	b.last = min(2*b.last+least, maxFactor*least)
	b.skip = b.last
}

// succeeded notes a fast round.
func (b *backoff) succeeded() { b.last -= (b.last + 15) / 16 }

// off reports whether rounds are skipped now.
func (b *backoff) off() bool { return b.skip > 0 }

// yield lets other goroutines run. That is a slow round if it takes long.
func (b *backoff) yield(least int) {
	start := clock.Now()
	runtime.Gosched() // DOC: batch
	if clock.Now()-start > int64(longYield) {
		b.failed(least) // DOC: skip-yield
	} else {
		b.succeeded()
	}
}

// A yielder lets other goroutines run between two full batches, unless a yield takes long: where
// every P computes, the reactor queues behind the goroutines that do.
type yielder struct{ backoff backoff }

func (y *yielder) yield() {
	if y.backoff.ready() {
		y.backoff.yield(minBatches)
	}
}

// parkers is the polldesc.Policy of a nested reactor. An owner parks on its channel, until
// quietWakeups wake-ups in succession came in quiet batches; then on an eventfd, unless its
// turns are long. Side.Memo is a memo, and Side.Spare the eventfd.
type parkers struct {
	// Of the batch that is dispatched now, written by the reactor.
	quiet    atomic.Bool // whether it has few events
	measured atomic.Bool // whether the turns that it begins are measured

	eventfds atomic.Int32 // how many there are

	lag *lag // immutable
}

// batch begins the dispatch of n events. Where yields take long, owners compute or other
// goroutines do; then each turn is measured, which costs two looks at the clock.
func (ps *parkers) batch(n int, y *yielder) {
	quiet := n <= quietBatch
	ps.quiet.Store(quiet)
	if measured := !quiet && y.backoff.off(); ps.measured.Load() != measured {
		ps.measured.Store(measured)
	}
}

// Choose implements polldesc.Policy.
func (ps *parkers) Choose(s *polldesc.Side, begun int) *polldesc.Parker {
	m := memoOf(s)
	if m.began != 0 {
		m.end(begun, millis())
		m.store(s)
	}
	if m.quiet < quietWakeups {
		return nil
	}
	if s.Spare == nil {
		e := ps.newEventfd(s)
		if e == nil {
			m.quiet = 0 // there may be one later
			m.store(s)
			return nil
		}
		s.Spare = &e.parker
	}
	if !(*s.Spare).(*eventfd).chosen(begun) {
		return nil
	}
	return s.Spare
}

// newEventfd returns a new parker, or nil: there are enough, or nothing would be won, because
// no processor can be idle beside the one that runs.
func (ps *parkers) newEventfd(s *polldesc.Side) *eventfd {
	if runtime.GOMAXPROCS(0) == 1 {
		return nil
	}
	if ps.eventfds.Add(1) <= maxEventfds {
		if e := newEventfd(s); e != nil {
			return e
		}
	}
	ps.eventfds.Add(-1)
	return nil
}

// chosen reports whether the owner should park here this time, after a turn in which it has
// begun so many operations.
func (e *eventfd) chosen(begun int) bool {
	woken := e.woken
	e.woken = 0
	switch {
	case !e.backoff.ready():
		return false
	case woken > 0 && clock.Now()-woken > int64(longTurn)*int64(max(1, begun)): // DOC: long-turn
		e.backoff.failed(minSkips)
		return false
	}
	e.backoff.succeeded()
	return true
}

// Woken implements polldesc.Policy.
func (ps *parkers) Woken(s *polldesc.Side) {
	ps.lag.woken(s)
	race.Hide() // the reactor does not order the owners of different connections
	m := memoOf(s)
	if ps.quiet.Load() {
		m.quiet = min(m.quiet+1, quietWakeups)
	} else {
		m.quiet = 0
	}
	m.store(s)
	race.Show()
}

// Release implements polldesc.Policy.
func (ps *parkers) Release(s *polldesc.Side) {
	s.Memo.Store(0)
	if s.Spare != nil {
		(*s.Spare).(*eventfd).close()
		s.Spare = nil
		ps.eventfds.Add(-1)
	}
}
