package tracer

import (
	"cmp"
	"math"
	"slices"
	"sync/atomic"
	"time"

	"github.com/a57b2d82/netpoller/internal/race"
)

// rings is where events are recorded, or nil. There is one place for the process, as with
// package runtime/trace.
var rings atomic.Pointer[Rings]

// shards is how many rings there are: goroutines that record at once seldom meet.
const (
	shardBits = 4
	shards    = 1 << shardBits
)

// Rings are the last events. Oldest ones are overwritten.
type Rings struct {
	// Immutable.
	Began int64     // when, on the clock of the events
	Wall  time.Time // and on that of the wall
	calls Calls

	ring [shards]ring
}

// A ring has the events of some times: see of.
type ring struct {
	next    atomic.Uint64 // how many places were claimed
	entries []entry       // a power of two. Immutable
	_       [96]byte      // the next ring is on other cache lines
}

// An entry is an event in a ring. Only atomics are used, so that a reader may look while it is
// overwritten: seq tells the reader that it was.
type entry struct {
	seq  atomic.Uint64 // 2*place+1 while it is written, 2*place+2 then; 0 if it never was
	time atomic.Int64
	what atomic.Uint64 // reactor 16, kind 8, side 8, was 8, is 8
	who  atomic.Uint64 // slot 32, generation 32
	arg  atomic.Int64
}

// New returns rings for about n events, at least one each. The time is began on the clock of the
// events.
func New(n int, calls Calls, began int64) *Rings {
	size := 1
	for size < (n-1)/shards+1 {
		size *= 2
	}
	r := &Rings{Began: began, Wall: time.Now(), calls: calls}
	for i := range r.ring {
		r.ring[i].entries = make([]entry, size)
	}
	return r
}

// Calls say whether system calls are events.
type Calls uint8

const (
	WithoutCalls Calls = iota
	WithCalls
)

// Start has events recorded in r. It reports false if they are recorded in other rings.
func (r *Rings) Start() bool { return rings.CompareAndSwap(nil, r) }

// Stop ends what Start began. A goroutine that is about to record may still do so.
func (r *Rings) Stop() { rings.CompareAndSwap(r, nil) }

// Running returns where events are recorded, or nil.
func Running() *Rings { return rings.Load() }

// On reports whether events are recorded.
func On() bool { return rings.Load() != nil }

// WantsCalls reports whether system calls are recorded.
func WantsCalls() bool {
	r := rings.Load()
	return r != nil && r.calls == WithCalls
}

// Record records e.
func Record(e Event) {
	r := rings.Load()
	if r == nil || e.Kind.IsCall() && r.calls == WithoutCalls {
		return
	}
	race.Hide() // goroutines that record are not ordered by it
	r.of(e.Time).put(e)
	race.Show()
}

// of returns the ring for the events of a time. Whatever the times have in common, all rings fill
// alike: one connection that is busy alone has all of them. Events of the same time are in one
// ring, in their order.
func (r *Rings) of(time int64) *ring {
	const golden = 0x9e3779b97f4a7c15 // 2^64 divided by the golden ratio: Fibonacci hashing
	return &r.ring[uint64(time)*golden>>(64-shardBits)]
}

// put writes e over the oldest event. It gives up if another goroutine still writes there: one
// that was preempted a whole round ago.
func (r *ring) put(e Event) {
	place := r.next.Add(1) - 1
	at := &r.entries[place&uint64(len(r.entries)-1)]
	was := at.seq.Load()
	if was&1 != 0 || was > 2*place || !at.seq.CompareAndSwap(was, 2*place+1) {
		return
	}
	at.time.Store(e.Time)
	at.what.Store(uint64(e.Reactor)<<32 | uint64(e.Kind)<<24 | uint64(e.Side)<<16 | uint64(e.Was)<<8 | uint64(e.Is))
	at.who.Store(uint64(e.Slot)<<32 | uint64(e.Gen))
	at.arg.Store(e.Arg)
	at.seq.Store(2*place + 2)
}

// get returns the event at a place, unless it is written, or was never or has been overwritten.
func (r *ring) get(place uint64) (e Event, ok bool) {
	at := &r.entries[place&uint64(len(r.entries)-1)]
	if at.seq.Load() != 2*place+2 {
		return e, false
	}
	what, who := at.what.Load(), at.who.Load()
	e = Event{
		Time: at.time.Load(), Arg: at.arg.Load(),
		Reactor: uint16(what >> 32), Kind: Kind(what >> 24), Side: uint8(what >> 16), Was: uint8(what >> 8), Is: uint8(what),
		Slot: uint32(who >> 32), Gen: uint32(who),
	}
	return e, at.seq.Load() == 2*place+2
}

// Snapshot returns the events that the rings have, in the order in which they happened, and how
// many there were that are not among them. It stops no goroutine that records. The rings do not
// reach back equally far: what is older than the oldest event of one of them is left out.
func (r *Rings) Snapshot() (events []Event, lost uint64) {
	total, complete := uint64(0), int64(math.MinInt64) // since when no event is overwritten
	for i := range r.ring {
		kept, all := r.ring[i].snapshot(events)
		total += all
		if first := len(events); all > uint64(len(r.ring[i].entries)) && first < len(kept) {
			complete = max(complete, kept[first].Time)
		}
		events = kept
	}
	events = slices.DeleteFunc(events, func(e Event) bool { return e.Time < complete })
	slices.SortStableFunc(events, func(a, b Event) int { return cmp.Compare(a.Time, b.Time) })
	order(events)
	return events, total - uint64(len(events))
}

// snapshot appends the events that r has to events, and returns how many it has had.
func (r *ring) snapshot(events []Event) (_ []Event, all uint64) {
	all = r.next.Load()
	for place := all - min(all, uint64(len(r.entries))); place < all; place++ {
		if e, ok := r.get(place); ok {
			events = append(events, e)
		}
	}
	return events, all
}

// A sideKey names one side of a descriptor's life.
type sideKey struct {
	reactor   uint16
	side      uint8
	slot, gen uint32
}

// order puts the transitions of each word in the order in which it changed. An actor notes the
// time after its step, so two steps of different actors may have been noted in the other order.
// The states tell: each transition begins where the one before it ended, and a life with idle.
func order(events []Event) {
	words := map[sideKey][]int{} // the places of its transitions
	opened := map[sideKey]bool{} // of the descriptors whose life began in the trace
	for i, e := range events {
		k := sideKey{e.Reactor, e.Side, e.Slot, e.Gen}
		if e.Kind.IsTransition() {
			words[k] = append(words[k], i)
		} else if e.Kind == Open {
			opened[k] = true
		}
	}
	for k, places := range words {
		is := events[places[0]].Was
		if k.side = Both; opened[k] {
			is = 0
		}
		for i := range places {
			follow(events, places[i:], is, overtake)
			is = events[places[i]].Is
		}
	}
}

// overtake is how many actors may overtake each other.
const overtake = 4

// follow puts the next transitions, as many as depth, in an order that begins with the state is.
// It reports false if there is none, and then changes nothing.
func follow(events []Event, places []int, is uint8, depth int) bool {
	if depth == 0 || len(places) == 0 {
		return true
	}
	for j := range min(overtake, len(places)) {
		if events[places[j]].Was != is {
			continue
		}
		moveUp(events, places[:j+1])
		if follow(events, places[1:], events[places[0]].Is, depth-1) {
			return true
		}
		moveDown(events, places[:j+1])
	}
	return false
}

// moveUp moves the event at the last of places before those at the others. The times stay where
// they are.
func moveUp(events []Event, places []int) {
	for i := len(places) - 1; i > 0; i-- {
		exchange(&events[places[i-1]], &events[places[i]])
	}
}

// moveDown undoes moveUp.
func moveDown(events []Event, places []int) {
	for i := 1; i < len(places); i++ {
		exchange(&events[places[i-1]], &events[places[i]])
	}
}

func exchange(a, b *Event) {
	*a, *b = *b, *a
	a.Time, b.Time = b.Time, a.Time
}
