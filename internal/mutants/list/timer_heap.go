package list

var timerHeap = []Mutant{
	{
		Name: "seq is stored after when",
		File: "timer/heap.go",
		Old: `	e.seq.Store(seq) // HB-9: before when
	if e.when.swap(when) == Never {
		h.armed.Add(1)
	}
`,
		New: `	if e.when.swap(when) == Never {
		h.armed.Add(1)
	}
	e.seq.Store(seq) // HB-9: before when
`,
		Breaks: "HB-9",
		Tests:  []string{timerSearch},
		Core:   true,
	},
	{
		Name: "when is stored after the inbox",
		File: "timer/heap.go",
		Old: `	if e.when.swap(when) == Never {
		h.armed.Add(1)
	}
	h.post(e)                 // HB-8: after when
`,
		New: `	h.post(e) // HB-8: after when
	if e.when.swap(when) == Never {
		h.armed.Add(1)
	}
`,
		Breaks: "HB-8",
		Tests:  []string{timerSearch},
		Core:   true,
	},
	{
		Name: "next is lowered before the inbox is filled",
		File: "timer/heap.go",
		Old: `	h.post(e)                 // HB-8: after when
	earliest := h.lower(when) // HB-8: after the inbox
`,
		New: `	earliest := h.lower(when) // HB-8: after the inbox
	h.post(e)                 // HB-8: after when
`,
		Breaks: "HB-8",
		Tests:  []string{timerSearch},
		Core:   true,
	},
	{
		Name: "no wake-up",
		File: "timer/heap.go",
		Old: `	if earliest {
		h.wake() // DOC: new-earliest
	}
`,
		New: `	_ = earliest
`,
		Breaks: "New: an empty heap calls wake whenever an entry is armed for earlier than Next",
		Tests:  []string{timerSearch},
		Core:   true,
	},
	{
		Name: "the wake-up precedes what it is about",
		File: "timer/heap.go",
		Old: `	h.post(e)                 // HB-8: after when
	earliest := h.lower(when) // HB-8: after the inbox
	race.Show()
	if earliest {
		h.wake() // DOC: new-earliest
	}
`,
		New: `	if when < h.next.Load() {
		h.wake() // DOC: new-earliest
	}
	h.post(e)
	h.lower(when)
	race.Show()
`,
		Breaks: "HB-8",
		Tests:  []string{timerSearch},
		Core:   true,
	},
	{
		Name: "next is reset after the inbox is taken",
		File: "timer/heap.go",
		Old: `	h.next.Store(Never) // HB-8: before the inbox, for an Arm that comes too late for it
	h.settle()
...
	for e := h.inbox.Swap(&bottom); e != &bottom; {
		below`,
		New: `	h.settle()
...
	e := h.inbox.Swap(&bottom)
	h.next.Store(Never)
	for e != &bottom {
		below`,
		Breaks: "HB-8",
		Tests:  []string{timerSearch},
		Core:   true,
	},
	{
		Name: "next is reset after all has its place",
		File: "timer/heap.go",
		Old: `	h.next.Store(Never) // HB-8: before the inbox, for an Arm that comes too late for it
	h.settle()
	h.detach(now)
`,
		New: `	h.settle()
	h.detach(now)
	h.next.Store(Never) // HB-8: before the inbox, for an Arm that comes too late for it
`,
		Breaks: "HB-8",
		Tests:  []string{timerSearch},
		Core:   true,
	},
	{
		Name: "link is cleared after when is read",
		File: "timer/heap.go",
		Old: `		e.link.Store(nil) // HB-8: before when is read, so that a later when is posted again
		race.Acquire(e)
		when := e.when.load()
`,
		New: `		race.Acquire(e)
		when := e.when.load()
		e.link.Store(nil) // HB-8: before when is read, so that a later when is posted again
`,
		Breaks: "HB-8",
		Tests:  []string{timerSearch},
		Core:   true,
	},
	{
		Name: "link is never cleared",
		File: "timer/heap.go",
		Old: `		e.link.Store(nil) // HB-8: before when is read, so that a later when is posted again
`,
		New:    "",
		Breaks: "HB-8",
		Tests:  []string{timerSearch},
		Core:   true,
	},
	{
		Name: "what is due: seq is read before when",
		File: "timer/heap.go",
		Old: `		if p.when <= now && p.entry.when.expire(p.when) {
			// DOC: told-seq
			h.due = append(h.due, fire{p.entry, p.entry.seq.Load(), p.when}) // HB-9: seq after when
`,
		New: `		if seq := p.entry.seq.Load(); p.when <= now && p.entry.when.expire(p.when) {
			// DOC: told-seq
			h.due = append(h.due, fire{p.entry, seq, p.when}) // HB-9: seq after when
`,
		Breaks: "HB-9",
		Tests:  []string{timerSearch},
		Core:   true,
	},
	{
		Name: "what is due: the seq of the place is told",
		File: "timer/heap.go",
		Old:  `fire{p.entry, p.entry.seq.Load(), p.when}`, New: `fire{p.entry, p.seq, p.when}`,
		Breaks: "HB-9",
		Tests:  []string{timerSearch},
		Core:   true,
	},
	{
		Name: "next is not lowered at the end",
		File: "timer/heap.go",
		Old: `	h.lower(h.first())
`,
		New:    "",
		Breaks: "Next is not later than any armed entry",
		Tests:  []string{timerSearch},
		Core:   true,
	},
	{
		Name: "next is loaded, then stored",
		File: "timer/heap.go",
		Old:  `if h.next.CompareAndSwap(next, when) {`, New: `if h.next.Store(when); true {`,
		Breaks: "Next is not later than any armed entry",
		Tests:  []string{timerSearch},
	},
	{
		Name: "the inbox is filled by a store",
		File: "timer/heap.go",
		Old:  `if h.inbox.CompareAndSwap(top, e) {`, New: `if h.inbox.Store(e); true {`,
		Breaks: "HB-8: no entry is forgotten",
		Tests:  []string{timerSearch},
		Core:   true,
	},
	{
		Name: "an entry that was disarmed is due",
		File: "timer/heap.go",
		Old:  `if p.when <= now && p.entry.when.expire(p.when) {`, New: `if p.when <= now {`,
		Breaks: "Disarm makes e due never",
		Tests:  []string{"./timer -skip Model|Mutants"},
		Core:   true,
	},
	{
		Name: "an entry that moved to later stays at the top",
		File: "timer/heap.go",
		Old:  `if p.when > now && p.entry.when.load() == p.when {`, New: `if p.when > now {`,
		Breaks: "the reactor wakes up in vain for the first of the disarmed, not for each",
		Tests:  []string{"./timer -run TestDisarmedFirst"},
		Core:   true,
	},
	{
		Name: "owners are told while entries are still armed",
		File: "timer/heap.go",
		Old: `	for _, f := range h.due {
		f.entry.Owner.Due(f.seq, now) // DOC: fire
	}
	clear(h.due) // for the garbage collector
	h.due = h.due[:0]
...
			h.due = append(h.due, fire{p.entry, p.entry.seq.Load(), p.when}) // HB-9: seq after when
		}
		h.remove(0)
`,
		New: `	clear(h.due) // for the garbage collector
	h.due = h.due[:0]
...
			h.due = append(h.due, fire{p.entry, p.entry.seq.Load(), p.when}) // HB-9: seq after when
			h.remove(0)
			p.entry.Owner.Due(p.entry.seq.Load(), now)
			continue
		}
		h.remove(0)
`,
		Breaks: "RunDue disarms all of them before it calls the first Due",
		Tests:  []string{"./timer -skip Model|Mutants"},
		Core:   true,
	},
	{
		Name: "next is never reset",
		File: "timer/heap.go",
		Old: `	h.next.Store(Never) // HB-8: before the inbox, for an Arm that comes too late for it
`,
		New:    ``,
		Breaks: "next is earlier than what is to come only once: the reactor would never sleep",
		Tests:  []string{timerSearch},
		Core:   true,
	},
	{
		Name: "next counts as lowered though the CAS failed",
		File: "timer/heap.go",
		Old: `		if h.next.CompareAndSwap(next, when) {
			return true
		}
`,
		New: `		h.next.CompareAndSwap(next, when)
		return true
`,
		Breaks: "HB-8",
		Tests:  []string{timerSearch},
		Core:   true,
	},
	{
		Name: "next is lowered before what is due is taken out",
		File: "timer/heap.go",
		Old: `	h.detach(now)
	h.lower(h.first())
`,
		New: `	h.lower(h.first())
	h.detach(now)
`,
		Breaks: "next is earlier than what is to come only once: the reactor would not sleep",
		Tests:  []string{timerSearch},
		Core:   true,
	},
	{
		Name: "the heap has a lock, and tells owners while it holds it",
		File: "timer/heap.go",
		Old: `import (
	"math"
...
type Heap struct {
	wake func() // immutable
...
	race.Release(e) // to RunDue, which reads Owner
...
	h.next.Store(Never) // HB-8: before the inbox, for an Arm that comes too late for it
`,
		New: `import (
	"math"
	"sync"
...
type Heap struct {
	mu   sync.Mutex
	wake func() // immutable
...
	h.mu.Lock()
	defer h.mu.Unlock()
	race.Release(e) // to RunDue, which reads Owner
...
	h.mu.Lock()
	defer h.mu.Unlock()
	h.next.Store(Never) // HB-8: before the inbox, for an Arm that comes too late for it
`,
		Breaks: "golang/go#35532: no lock is held while owners are told",
		Tests:  []string{search},
		Core:   true,
	},
}
