package polldesc

import (
	"math"
	"net"
	"os"
	"sync"
	"sync/atomic"

	"github.com/a57b2d82/netpoller/internal/tracer"
)

// A Mode says which side of a descriptor is meant.
type Mode uint8

const (
	Read Mode = iota
	Write
)

// Events are what an edge reports about a descriptor.
type Events uint32

const (
	Readable Events = 1 << iota // wakes the reader
	Writable                    // wakes the writer

	// Facts that stay true for as long as the descriptor is open, named as epoll
	// names them. They wake nobody by themselves.
	RDHUP
	HUP
	ERR
	PRI
)

// factShift is how far the bits of these facts are from those of info.
const factShift = 1

// Facts and info have the same order.
var _ = [1]struct{}{}[flags(RDHUP|HUP|ERR|PRI)<<factShift^seen]

// facts returns the sticky facts of e as bits of info.
func (e Events) facts() flags { return flags(e) << factShift & seen }

// A PollDesc is the record of one descriptor. See the package comment for its life.
type PollDesc struct {
	info info // atomic; see there for writers

	side [2]Side

	// mu guards the deadlines of both sides, and is held to cancel a wait. No goroutine is
	// unparked while it is held.
	mu        sync.Mutex
	deadlines *[2]deadline // by Mode; nil until there is one, then for the life of the slot
	timed     bool         // an entry may be armed

	// begun is, by Mode, how many operations the owner has begun since it last waited, up to
	// the most that fits. The owner's. It fills a gap: in a Side it would need a third line.
	begun [2]uint8

	// Immutable once the slot exists.
	slot  uint32
	cache *Cache

	nextFree *PollDesc // guarded by Cache.mu

	// On 64 bits that is two cache lines: neighbors in a slab share none.
}

// A Side is one of the two directions of a descriptor.
type Side struct {
	// due is when the side's deadline passes, or 0: see deadline.due. Atomic; written under
	// PollDesc.mu, read by the owner, which compares the clock with it: D3.
	due atomic.Int64

	word waitWord // atomic; see state.go

	// Memo is the Policy's own, and polldesc leaves it alone. Atomic: written by the owner
	// until its commit and by the poller before it unparks the owner, so never by two at a
	// time. No event that the race detector sees orders the poller before the owner: see
	// waitWord.edge.
	Memo atomic.Uint32

	// parker is where the owner parks. Atomic for the same reason: written by the owner before
	// its commit, read by the waker after its CAS took the word out of parked. It is a pointer
	// because an interface is two words.
	parker atomic.Pointer[Parker]

	// channel is the side's own parker. Made by the owner before its first commit and kept
	// for the life of the slot.
	channel *Parker

	// Spare is the Policy's own: another parker of the side. It belongs to the owner, and to
	// Policy.Release when there is none.
	Spare *Parker
}

// Token returns the name under which the poller registers the descriptor.
func (pd *PollDesc) Token() Token {
	gen, _ := pd.info.load()
	return Token{Slot: pd.slot, Gen: gen}
}

// Side returns one side, for the Policy to look at. It may be that of a later life.
func (pd *PollDesc) Side(m Mode) *Side { return &pd.side[m] }

// Prepare starts an operation: it forgets edges seen so far, which announce only
// data that the coming system call will see itself (HB-3). It fails with
// net.ErrClosed after Evict and with os.ErrDeadlineExceeded when the deadline has
// passed, even if the descriptor is ready.
//
// Preconditions: the caller owns the side. It issues the system call next.
func (pd *PollDesc) Prepare(m Mode) error {
	if err := pd.checkClock(m); err != nil {
		return err
	}
	was := pd.side[m].word.reset() // DOC: reset
	pd.step(m, tracer.O1, was, idle)
	if pd.begun[m] < math.MaxUint8 {
		pd.begun[m]++
	}
	return nil
}

// Wait returns nil once an edge has come since Prepare, at once if it has already,
// and the caller issues the system call again. It fails as Prepare does, and wakes
// to do so.
//
// Preconditions: the caller owns the side.
func (pd *PollDesc) Wait(m Mode) error {
	s := &pd.side[m]
	p := pd.choose(m)
	for {
		if parked, err := pd.park(m, p); !parked {
			return err
		}
		wait := tracer.Waits(pd.slot, uint8(m))
		(*p).Park()
		wait.End()
		pd.cache.env.Policy.Running(s)
		if pd.collect(m) == actCall { // O6
			return nil
		}
	}
}

// park takes an owner to the point where it may sleep, at p. Otherwise it returns false and
// the result of the wait.
func (pd *PollDesc) park(m Mode, p *Parker) (parked bool, err error) {
	s := &pd.side[m]
	for {
		if err := pd.checkClock(m); err != nil {
			return false, err
		}
		if s.word.consume() == actCall { // O2
			pd.step(m, tracer.O2, ready, idle)
			return false, nil
		}
		if s.word.announce() == actRecheck { // O3
			continue
		}
		pd.step(m, tracer.O3, idle, wait)
		s.publish(p)
		// DOC: recheck
		if err := pd.check(m); err != nil { // HB-1
			was := s.word.abort() // O5
			pd.step(m, tracer.O5, was, idle)
			if was == ready {
				return false, nil
			}
			return false, err
		}
		at := pd.parkingOf(m, p)
		if s.word.commit() == actPark { // O4
			pd.commits(m, at)
			return true, nil
		}
		if pd.collect(m) == actCall { // O6
			return false, nil
		}
	}
}

// checkClock is check, and looks at the clock if the side has a deadline. The reactor may
// be late to publish that one has passed: it runs when a processor is free.
func (pd *PollDesc) checkClock(m Mode) error {
	if err := pd.check(m); err != nil {
		return err
	}
	if due := pd.side[m].due.Load(); due != 0 && due <= pd.cache.env.Now() { // DOC: own-look
		return os.ErrDeadlineExceeded
	}
	return nil
}

// check returns the error that info shows for a side.
func (pd *PollDesc) check(m Mode) error {
	switch f := pd.info.flags(); {
	case f&closing != 0:
		return net.ErrClosed
	case f&expired(m) != 0:
		return os.ErrDeadlineExceeded
	case f&interrupted(m) != 0:
		return ErrInterrupted
	}
	return nil
}

// Edge delivers what epoll reported for the descriptor's life gen. It returns how
// many goroutines it woke, and false if that life is over.
//
// Only the poller calls it.
func (pd *PollDesc) Edge(gen uint32, e Events) (woken int, ok bool) {
	if !pd.info.see(gen, e.facts()) { // DOC: facts-first
		pd.noteStale(gen, e)
		return 0, false
	}
	for m := Read; m <= Write; m++ {
		if e&(Readable<<m) == 0 {
			continue
		}
		was := pd.side[m].word.edge()
		pd.edges(gen, m, was, e)
		if was == parked {
			pd.cache.env.Policy.Woken(&pd.side[m])
			pd.side[m].unpark()
			woken++
		}
	}
	return woken, true
}

// Exceptional reports whether anything but plain readiness was ever reported: the
// peer shut down its side, the connection broke, an error is queued, or urgent data
// arrived. From then on a short read no longer proves that a stream was empty.
func (pd *PollDesc) Exceptional() bool { return pd.info.flags()&seen != 0 }

// HungUp reports whether the peer was ever seen to have shut down its side, or the connection
// to have broken.
func (pd *PollDesc) HungUp() bool { return pd.info.flags()&(seenRDHUP|seenHUP) != 0 }

// Evict marks the descriptor closing, clears its deadlines and wakes the owners that are
// parked. It may be called again, and from any goroutine.
func (pd *PollDesc) Evict() {
	pd.mu.Lock()
	if pd.info.flags()&closing != 0 {
		pd.mu.Unlock()
		return
	}
	pd.info.set(closing) // I5: before the words
	pd.note(tracer.Evict, tracer.Both, 0)
	pd.disarm()
	toWake := pd.cancel(Read, Write)
	pd.mu.Unlock()
	pd.wake(toWake)
}

// A wakes is the set of sides whose owners are to be unparked.
type wakes uint8

// cancel ends the waits of the sides from first to last whose error is published.
//
// Preconditions: pd.mu is held. The caller wakes the owners after releasing it.
func (pd *PollDesc) cancel(first, last Mode) (toWake wakes) {
	for m := first; m <= last; m++ {
		if pd.info.flags()&(closing|expired(m)|interrupted(m)) == 0 {
			continue
		}
		was := pd.side[m].word.cancel()
		pd.step(m, tracer.U1+tracer.Kind(was), was, afterCancel(was))
		if was == parked {
			toWake |= 1 << m
		}
	}
	return toWake
}

// wake unparks the owners of the sides in toWake.
func (pd *PollDesc) wake(toWake wakes) {
	for m := Read; m <= Write; m++ {
		if toWake&(1<<m) != 0 {
			pd.side[m].unpark()
		}
	}
}
