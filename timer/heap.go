package timer

import (
	"math"
	"sync"
	"sync/atomic"
)

// Never is what Next returns when no entry is armed.
const Never = math.MaxInt64

// An Owner is told by RunDue, without the heap's lock held, that one of its entries
// came due, by which arming, and what time it is. An owner that has armed the entry again since, or
// wants it no more, sees that seq is not the one it keeps and does nothing.
type Owner interface {
	Due(seq uint64, now int64)
}

// An Entry is one deadline. It is meant to be embedded in its owner, so that arming
// allocates nothing. The zero Entry with Owner set is ready for use; it must not be
// copied once armed.
type Entry struct {
	Owner Owner // immutable once armed

	// Guarded by Heap.mu.
	when int64  // nanoseconds on the owner's clock
	seq  uint64 // of the latest arming
	pos  int    // index in Heap.entries plus one; 0 when not in the heap
}

// A Heap holds the armed entries of one reactor. Create it with New.
type Heap struct {
	wake func() // immutable

	// next is the earliest when, or Never. Written under mu, read by anyone.
	next atomic.Int64

	mu      sync.Mutex // guards what follows and the unexported fields of entries
	entries []*Entry   // 4-ary heap: entries[(i-1)/4] is never later than entries[i]
	seq     uint64     // last sequence number given out
	armed   uint64     // statistics: calls of Arm
	fired   uint64     // statistics: entries detached by RunDue

	due []fire // scratch space of RunDue; only its caller touches it
}

// A fire is a due entry after it left the heap. It keeps the sequence number of
// its arming, because the entry itself may be armed again before it fires.
type fire struct {
	entry *Entry
	seq   uint64
}

// New returns an empty heap that calls wake, without its lock held, whenever an entry
// is armed for earlier than all others. That the earliest is disarmed wakes nobody:
// who sleeps until then finds nothing due.
func New(wake func()) *Heap {
	h := &Heap{wake: wake}
	h.next.Store(Never)
	return h
}

// Arm puts e into the heap at when, or moves it there, and returns the sequence
// number of this arming.
func (h *Heap) Arm(e *Entry, when int64) (seq uint64) {
	h.mu.Lock()
	h.seq++
	h.armed++
	seq = h.seq
	e.when, e.seq = when, seq
	if e.pos == 0 {
		h.entries = append(h.entries, e)
		e.pos = len(h.entries)
	}
	h.fix(e.pos - 1)
	earlier := h.publishNext()
	h.mu.Unlock()

	if earlier {
		h.wake() // DOC: new-earliest
	}
	return seq
}

// Disarm takes e out of the heap, if it is there. An entry that RunDue has
// detached already still fires, with the sequence number it had.
func (h *Heap) Disarm(e *Entry) {
	h.mu.Lock()
	if e.pos != 0 {
		h.remove(e.pos - 1)
		h.publishNext()
	}
	h.mu.Unlock()
}

// Next returns when the earliest entry is due, or Never.
func (h *Heap) Next() (when int64) { return h.next.Load() }

// Len returns how many entries are in the heap.
func (h *Heap) Len() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.entries)
}

// Counts returns how many times an entry was armed, and how many came due, since
// the heap was made.
func (h *Heap) Counts() (armed, fired uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.armed, h.fired
}

// RunDue tells the owner of every entry with when <= now, in order of (when, seq), and returns
// how many there were. All of them leave the heap before the first owner hears of it:
// what an owner arms then, even at a time gone by, waits for the next RunDue, so
// that no owner can keep the reactor here.
func (h *Heap) RunDue(now int64) (n int) {
	if h.Next() > now {
		return 0
	}
	h.mu.Lock()
	for len(h.entries) > 0 && h.entries[0].when <= now {
		e := h.entries[0]
		h.due = append(h.due, fire{e, e.seq})
		h.remove(0)
	}
	h.fired += uint64(len(h.due))
	h.publishNext()
	h.mu.Unlock()

	for _, f := range h.due {
		f.entry.Owner.Due(f.seq, now) // DOC: fire
	}
	n = len(h.due)
	clear(h.due) // let go of the entries
	h.due = h.due[:0]
	return n
}

// publishNext makes next agree with the heap and reports whether it moved to an
// earlier time.
func (h *Heap) publishNext() (earlier bool) {
	next := int64(Never)
	if len(h.entries) > 0 {
		next = h.entries[0].when
	}
	return next < h.next.Swap(next)
}

func (e *Entry) before(f *Entry) bool {
	return e.when < f.when || e.when == f.when && e.seq < f.seq
}

// remove takes the entry at i out and fills the hole with the last one.
func (h *Heap) remove(i int) {
	h.entries[i].pos = 0
	last := len(h.entries) - 1
	moved := h.entries[last]
	h.entries[last] = nil
	h.entries = h.entries[:last]
	if i < last {
		h.put(moved, i)
		h.fix(i)
	}
}

// fix restores the order after the entry at i changed.
func (h *Heap) fix(i int) {
	if !h.up(i) {
		h.down(i)
	}
}

func (h *Heap) up(i int) (moved bool) {
	e := h.entries[i]
	for i > 0 {
		parent := (i - 1) / 4
		if !e.before(h.entries[parent]) {
			break
		}
		h.put(h.entries[parent], i)
		i, moved = parent, true
	}
	h.put(e, i)
	return moved
}

func (h *Heap) down(i int) {
	e := h.entries[i]
	for {
		child := h.earliestChild(i)
		if child < 0 || !h.entries[child].before(e) {
			break
		}
		h.put(h.entries[child], i)
		i = child
	}
	h.put(e, i)
}

// earliestChild returns the index of the earliest of i's up to four children, or
// -1 when it has none.
func (h *Heap) earliestChild(i int) int {
	first := 4*i + 1
	if first >= len(h.entries) {
		return -1
	}
	earliest := first
	for c := first + 1; c < min(first+4, len(h.entries)); c++ {
		if h.entries[c].before(h.entries[earliest]) {
			earliest = c
		}
	}
	return earliest
}

func (h *Heap) put(e *Entry, i int) {
	h.entries[i] = e
	e.pos = i + 1
}
