package timer

import (
	"math"
	"sync/atomic"

	"github.com/a57b2d82/netpoller/internal/race"
)

// Never is what Next returns when no entry is armed.
const Never = math.MaxInt64

// An Owner has entries. RunDue calls Due when one of them came due, with the sequence number of
// that arming, and the time. An owner that has armed the entry again since, or no longer needs
// it, finds that seq is not the one it keeps and does nothing. While an owner arms the entry,
// Due may come with the new seq at the old time: the owner compares now with its deadline
// (HB-9).
type Owner interface {
	Due(seq uint64, now int64)
}

// An Entry is one deadline. It is meant to be embedded in its owner, so that arming
// allocates nothing. The zero Entry with Owner set is ready for use; it must not be
// copied once armed.
type Entry struct {
	Owner Owner // immutable once armed

	when moment        // when it is due; written by Arm, Disarm, and RunDue when it is
	seq  atomic.Uint64 // of the latest arming; written by Arm

	// link is the entry below this one in the inbox (bottom for the last), or nil if this one
	// is not in the inbox. Arm sets it and RunDue clears it.
	link atomic.Pointer[Entry]

	pos int // index in Heap.places plus one, 0 for none; the reactor's
}

// A Heap holds the armed entries of one reactor. Create it with New.
type Heap struct {
	wake func() // immutable

	// Written by Arm, Disarm and RunDue.
	next  atomic.Int64          // not later than any armed entry, see HB-8; or Never
	inbox atomic.Pointer[Entry] // a stack of entries whose place is out of date, ending with bottom
	seq   atomic.Uint64         // last sequence number given out
	armed atomic.Int64          // entries that are armed now

	fired atomic.Uint64 // statistics: entries that came due; written by RunDue

	// The reactor's: only RunDue touches what follows, and the pos of entries.
	places
	due     []fire // scratch space
	lastDue int64  // see LastDue
}

// bottom is below the last entry of every inbox, so that every entry in an inbox has a link.
var bottom Entry

// A fire is an entry that came due, and the arming that did.
type fire struct {
	entry *Entry
	seq   uint64
	when  int64
}

// New returns an empty heap that calls wake whenever an entry is armed for earlier than
// Next. Disarming the earliest entry, or moving it to later, does not call wake. The reactor
// then wakes up once with nothing to do.
func New(wake func()) *Heap {
	h := &Heap{wake: wake}
	h.next.Store(Never)
	h.inbox.Store(&bottom)
	return h
}

// Arm makes e due at when, wherever it was, and returns the sequence number of this
// arming. Arm takes Never for Never-1, because Never means not armed.
//
// Preconditions: e is not armed or disarmed elsewhere at the same time.
func (h *Heap) Arm(e *Entry, when int64) (seq uint64) {
	when = min(when, Never-1)
	race.Release(e) // to RunDue, which reads Owner
	race.Hide()     // from here on, everything that other owners share is atomic
	seq = h.seq.Add(1)
	e.seq.Store(seq) // HB-9: before when
	if e.when.swap(when) == Never {
		h.armed.Add(1)
	}
	h.post(e)                 // HB-8: after when
	earliest := h.lower(when) // HB-8: after the inbox
	race.Show()
	if earliest {
		h.wake() // DOC: new-earliest
	}
	return seq
}

// Disarm makes e due never. If RunDue has found e due already, e still fires, with the
// sequence number it had. e keeps its place in the heap until RunDue finds it there.
//
// Preconditions: as for Arm.
func (h *Heap) Disarm(e *Entry) {
	race.Hide()
	if e.when.swap(Never) != Never {
		h.armed.Add(-1)
	}
	race.Show()
}

// Next returns a time that is not later than that of any armed entry, or Never. It is
// earlier only if the entry it was for has been disarmed or moved since the last RunDue.
// The result means nothing while RunDue runs.
func (h *Heap) Next() (when int64) { return h.next.Load() }

// Len returns how many entries are armed.
func (h *Heap) Len() int { return int(h.armed.Load()) }

// Counts returns how many times an entry was armed, and how many came due, since
// the heap was made.
func (h *Heap) Counts() (armed, fired uint64) { return h.seq.Load(), h.fired.Load() }

// RunDue calls Due for every entry with when <= now, in order of (when, seq), and returns how
// many there were. It disarms all of them before it calls the first Due. An entry that an
// owner arms then, even at a time in the past, waits for the next RunDue, so that no owner
// can keep the reactor here.
//
// It is called by one goroutine at a time.
func (h *Heap) RunDue(now int64) (n int) {
	if h.Next() > now {
		return 0
	}
	h.next.Store(Never) // HB-8: before the inbox, for an Arm that comes too late for it
	h.settle()
	h.detach(now)
	h.lower(h.first())
	n = len(h.due)
	h.armed.Add(-int64(n))
	h.fired.Add(uint64(n))
	if n > 0 {
		h.lastDue = h.due[0].when
	}

	for _, f := range h.due {
		f.entry.Owner.Due(f.seq, now) // DOC: fire
	}
	clear(h.due) // for the garbage collector
	h.due = h.due[:0]
	return n
}

// LastDue returns when the earliest entry was due of those that the last RunDue with any has
// fired. Only the goroutine that calls RunDue may call it.
func (h *Heap) LastDue() (when int64) { return h.lastDue }

// post puts e into the inbox, unless it is there.
func (h *Heap) post(e *Entry) {
	if e.link.Load() != nil {
		return
	}
	for {
		top := h.inbox.Load()
		e.link.Store(top)
		if h.inbox.CompareAndSwap(top, e) {
			return
		}
	}
}

// lower makes next no later than when, and reports whether it was.
func (h *Heap) lower(when int64) bool {
	for {
		next := h.next.Load()
		if next <= when {
			return false
		}
		if h.next.CompareAndSwap(next, when) {
			return true
		}
	}
}

// settle empties the inbox and moves its entries to their places.
func (h *Heap) settle() {
	for e := h.inbox.Swap(&bottom); e != &bottom; {
		below := e.link.Load()
		e.link.Store(nil) // HB-8: before when is read, so that a later when is posted again
		race.Acquire(e)
		when := e.when.load()
		h.place(e, when, e.seq.Load())
		e = below
	}
}

// detach disarms the entries that are due and takes them out of the heap. It also takes out
// an entry at the top that was disarmed or moved. One that was moved is in the inbox, or
// about to be.
func (h *Heap) detach(now int64) {
	for len(h.places) > 0 {
		p := h.places[0]
		if p.when > now && p.entry.when.load() == p.when {
			return
		}
		if p.when <= now && p.entry.when.expire(p.when) {
			// DOC: told-seq
			h.due = append(h.due, fire{p.entry, p.entry.seq.Load(), p.when}) // HB-9: seq after when
		}
		h.remove(0)
	}
}

// A moment is an atomic time. The zero moment is Never.
type moment struct{ v atomic.Int64 }

func (m *moment) load() int64                 { return m.v.Load() ^ Never }
func (m *moment) swap(when int64) (was int64) { return m.v.Swap(when^Never) ^ Never }
func (m *moment) expire(when int64) (is bool) { return m.v.CompareAndSwap(when^Never, 0) }
