package polldesc

import (
	"sync/atomic"

	"github.com/a57b2d82/netpoller/internal/race"
)

// This file is the word a side waits on, and nothing else touches it. In the
// runtime the two words are called rg and wg; here they are the word of
// side[Read] and of side[Write].
//
//	                             E1 edge
//	            +------------------------------------------+
//	            |                                          v
//	         +------+   O3 announce   +------+  E3 edge  +-------+
//	alloc -->| idle |---------------->| wait |---------->| ready |--+ E2 edge
//	         +------+                 +------+           +-------+<-+ (coalesced)
//	           ^  ^                    |    |              ^   |
//	           |  +--------------------+    | O4 commit    |   |
//	           |   O5 abort / U3 cancel     v              |   |
//	           |                         +--------+        |   |
//	           +-------------------------| parked |--------+   |
//	           |  U4 cancel (1 permit)   +--------+ E4 edge    |
//	           |                                   (1 permit)  |
//	           +-----------------------------------------------+
//	                   O1 reset / O2 consume / O6 collect
//
// Actors: O, the owner, is the goroutine that holds this side's lock in package fd.
// E, the edge, is the poller. U, the canceller, is a deadline that passed,
// SetDeadline with a time in the past, Interrupt or Evict, always under PollDesc.mu.
//
//	row          from -> to           by              then
//	O1 reset     idle, ready -> idle  O, store        issue the system call next
//	O2 consume   ready -> idle        O, CAS          issue the system call
//	O3 announce  idle -> wait         O, CAS          read info again before O4
//	O4 commit    wait -> parked       O, CAS          take one permit; if the CAS failed, O6
//	O5 abort     wait -> idle         O, swap         was ready: system call; else report the error
//	O6 collect   ready, idle -> idle  O, swap         ready: system call; idle: read info, from the top
//	E1           idle -> ready        E, CAS          nothing
//	E2           ready -> ready       E, load         nothing
//	E3           wait -> ready        E, CAS          nothing: O4 will fail
//	E4           parked -> ready      E, CAS          give one permit
//	U1           idle -> idle         U, load         nothing: info is published, O3 will see it
//	U2           ready -> ready       U, load         nothing: a stored edge survives cancellation
//	U3           wait -> idle         U, CAS          nothing: O4 will fail
//	U4           parked -> idle       U, CAS          give one permit, after PollDesc.mu
//	--           anything else                        panic
//
// Invariants:
//
//	I1  At most one owner a side.
//	I2  A permit is given if and only if a CAS took the word out of parked: one for
//	    each commit, never two outstanding.
//	I3  Only O writes wait and parked; only E and U leave parked.
//	I4  A stored edge is erased only by O1, O2 and O6, and each is followed by a
//	    system call before the next park. A wait that fails keeps it: a Read that
//	    begins with Wait, as one after a short read does, may need it next time.
//	I5  An error is never lost: info is published before any U row.
//	I6  ready may be spurious (coalesced, late, or meant for an earlier owner of the
//	    slot) and does no harm, because the system call is the truth. A sticky fact
//	    is not self-correcting, so it carries the generation: see info.go.
//	I7  Giving the permit is the waker's last touch of the side: the owner it wakes
//	    may close the descriptor and give the slot away at once.
//
// Ordering. Go's atomics are sequentially consistent, so "before" below is in one
// total order.
//
//	HB-1  No lost cancellation. O writes wait (O3), then reads info; U publishes
//	      info, then reads the word. The second of them to read sees the other's write.
//	HB-2  No lost edge. The kernel queues data, then the event; E's CAS follows the
//	      event. O saw EAGAIN before that data, so the edge comes after O1 and finds
//	      idle, wait or parked: it is stored or it wakes. If the descriptor was not
//	      registered by then, O registers it before O3, and the kernel makes an event
//	      of what is there.
//	HB-3  Reset precedes the first system call of an operation: an edge that O1
//	      erases announces data which that call will see.
//	HB-4  Reuse. Cache.Free raises the generation before the slot is free; E compares
//	      it, and SetDeadline does under PollDesc.mu. A compare of E's that passed just
//	      before the raise leaves a spurious ready.
//	HB-5  Stale deadline. Sequence numbers are compared under PollDesc.mu.
//
// The search runs every schedule. Each of these rules is broken in turn, and it finds that.
type state = uint32

const (
	idle   state = iota // no edge since the last reset, nobody waits
	ready               // an edge is stored
	wait                // the owner has announced that it will park
	parked              // the owner is parked, or is about to be: a permit is owed
)

// An action is what a transition obliges its caller to do.
type action uint8

const (
	actNone    action = iota // nothing
	actCall                  // issue the system call
	actRecheck               // read info, then start again from the top
	actCheck                 // read info, then commit or abort
	actPark                  // take one permit, then collect
	actCollect               // collect, without a permit
)

// A waitWord is one side's word. Its methods return what the caller is to do, or the state that
// they found.
type waitWord struct{ g atomic.Uint32 }

// reset is O1. The caller issues the system call next.
func (w *waitWord) reset() (was state) {
	if was = w.g.Load(); was == wait || was == parked {
		panic("polldesc: reset while a goroutine waits")
	}
	w.g.Store(idle)
	return was
}

// consume is O2.
func (w *waitWord) consume() action {
	if w.g.CompareAndSwap(ready, idle) {
		return actCall
	}
	return actNone
}

// announce is O3. When an edge arrived since consume, it says to consume it.
func (w *waitWord) announce() action {
	if w.g.CompareAndSwap(idle, wait) {
		return actCheck
	}
	if w.g.Load() != ready {
		panic("polldesc: two goroutines wait for one side")
	}
	return actRecheck
}

// commit is O4.
func (w *waitWord) commit() action {
	if w.g.CompareAndSwap(wait, parked) {
		return actPark
	}
	return actCollect
}

// abort is O5: info showed an error after announce. An edge that came in between
// wins, as if the owner had collected it: then the state was ready. Otherwise the caller
// reports the error.
func (w *waitWord) abort() (was state) {
	if was = w.g.Swap(idle); was == parked {
		panic("polldesc: abort of a committed wait")
	}
	return was
}

// collect is O6.
func (w *waitWord) collect() action {
	switch w.g.Swap(idle) {
	case ready:
		return actCall
	case idle:
		return actRecheck
	}
	panic("polldesc: collect of a wait that nobody ended")
}

// edge is E1 to E4. If the state was parked, the caller gives one permit. The race detector sees
// that the owner's fields were written before the poller uses them. It does not see the other
// direction: else all owners would be ordered by way of the poller.
func (w *waitWord) edge() (was state) {
	race.Hide()
	was = w.g.Load()
	for was != ready && !w.g.CompareAndSwap(was, ready) { // E2; E1, E3, E4
		was = w.g.Load()
	}
	race.Show()
	race.Acquire(w)
	return was
}

// cancel is U1 to U4. If the state was parked, the caller gives one permit, after PollDesc.mu.
//
// Preconditions: PollDesc.mu is held, info is published.
func (w *waitWord) cancel() (was state) {
	for {
		switch was = w.g.Load(); {
		case was == idle, was == ready: // U1, U2
			return was
		case w.g.CompareAndSwap(was, idle): // U3, U4
			return was
		}
	}
}

// busy reports whether an owner has a wait going, parked or about to be.
func (w *waitWord) busy() bool { s := w.g.Load(); return s == wait || s == parked }

// now returns the state, for those who look on.
func (w *waitWord) now() state { return w.g.Load() }

// waiting reports whether a goroutine is parked.
func (w *waitWord) waiting() bool { return w.g.Load() == parked }
