package timer

import (
	"fmt"
	"testing"

	"github.com/a57b2d82/netpoller/internal/search"
)

// If this failed, some schedule would break HB-8 or HB-9. The failure shows it.
func TestScenarios(t *testing.T) { search.Scenarios(t, scenarios) }

// Two owners arm and disarm an entry each while the reactor runs what is due at 3 and then at
// 5. The variants are what the owners do.
var scenarios = []search.Scenario{
	{Name: "one owner, one operation", Notes: "HB-8", Variants: variants(1), Setup: func(r *search.Run) {
		w := newWorld(r)
		w.does(0, pick(r.Variant, 1))
	}},
	{Name: "one owner, two operations", Notes: "HB-8, HB-9", Variants: variants(2), Setup: func(r *search.Run) {
		w := newWorld(r)
		w.does(0, pick(r.Variant, 2))
	}},
	{Name: "one owner, who is armed, two operations", Notes: "HB-8, HB-9", Variants: variants(2), Setup: func(r *search.Run) {
		w := newWorld(r)
		w.arm(0, 4)
		w.heap.RunDue(4 - 1) // gives the entry its place
		w.does(0, pick(r.Variant, 2))
	}},
	{Name: "two owners, an operation each", Notes: "HB-8, HB-9", Variants: variants(2), Setup: func(r *search.Run) {
		w := newWorld(r)
		all := pick(r.Variant, 2)
		w.does(0, all[:1])
		w.does(1, all[1:])
	}},
	{Name: "two owners, one of them armed, an operation each", Notes: "HB-8, HB-9", Variants: variants(2), Setup: func(r *search.Run) {
		w := newWorld(r)
		w.arm(0, 4)
		all := pick(r.Variant, 2)
		w.does(0, all[:1])
		w.does(1, all[1:])
	}},
	{Name: "one owner, three operations", Notes: "HB-8, HB-9", Variants: variants(3), Setup: func(r *search.Run) {
		w := newWorld(r)
		w.does(0, pick(r.Variant, 3))
	}},
}

// menu is what an owner may do: arm at a time, or disarm with never.
var menu = []int64{2, 5, never}

const never = -1

func variants(n int) int {
	all := 1
	for range n {
		all *= len(menu)
	}
	return all
}

// pick returns the operations of a variant.
func pick(variant, n int) (ops []int64) {
	for range n {
		ops = append(ops, menu[variant%len(menu)])
		variant /= len(menu)
	}
	return ops
}

// A world is a heap, two owners and the reactor.
type world struct {
	run    *search.Run
	heap   *Heap
	owners [2]owner
	woken  search.Var // wake-ups that the reactor has not seen
	slept  int64      // until when the reactor would sleep now
}

// An owner has a lock, as a PollDesc has, under which it arms and is told.
type owner struct {
	w     *world
	mu    search.Mutex
	entry Entry
	at    int64 // when it wants to be told, 0 for never
	seq   uint64
	told  int
}

func newWorld(r *search.Run) *world {
	w := &world{run: r}
	w.heap = New(func() { w.woken.Update(func(n uint64) uint64 { return n + 1 }) })
	search.Name(&w.woken, "wake-up", nil)
	for i := range w.owners {
		o := &w.owners[i]
		o.w, o.entry.Owner = w, o
		n := fmt.Sprint(i + 1)
		search.Name(&o.mu, "owner"+n+".mu", nil)
		search.Name(&o.entry.when.v, "when"+n, showMoment)
		search.Name(&o.entry.seq, "seq"+n, nil)
		search.Name(&o.entry.link, "link"+n, w.showEntry)
	}
	search.Name(&w.heap.next, "next", showTime)
	search.Name(&w.heap.inbox, "inbox", w.showEntry)
	search.NameAll("heap", w.heap)
	r.Go("reactor", func() { w.look(3); w.look(5) })
	r.Check(w.sleepsTooLong)
	r.Check(w.forgets)
	return w
}

func showMoment(v uint64) string { return showTime(v ^ Never) }

func showTime(v uint64) string {
	if v == Never {
		return "never"
	}
	return fmt.Sprint(v)
}

// showEntry names the entry at an address.
func (w *world) showEntry(address uint64) string {
	for i := range w.owners {
		if search.Address(&w.owners[i].entry) == address {
			return fmt.Sprint("entry", i+1)
		}
	}
	if address == search.Address(&bottom) {
		return "bottom"
	}
	return "nil"
}

// look is what a reactor does at a time: the wake-ups are cleared before it looks, and then it
// knows when to look again.
func (w *world) look(now int64) {
	w.woken.Update(func(uint64) uint64 { return 0 })
	w.heap.RunDue(now)
	w.slept = w.heap.Next()
}

// does adds the goroutine of an owner.
func (w *world) does(i int, ops []int64) {
	w.run.Go(fmt.Sprint("owner", i+1), func() {
		for _, at := range ops {
			w.arm(i, at)
		}
	})
}

func (w *world) arm(i int, at int64) {
	o := &w.owners[i]
	o.mu.Lock()
	defer o.mu.Unlock()
	if at == never {
		o.at = 0
		w.heap.Disarm(&o.entry)
		return
	}
	o.at = at
	o.seq = w.heap.Arm(&o.entry, at)
}

// Due is as that of PollDesc: told of the latest arming before its time (HB-9), it arms again.
func (o *owner) Due(seq uint64, now int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	switch {
	case seq != o.seq || o.at == 0:
	case o.at > now:
		o.seq = o.w.heap.Arm(&o.entry, o.at)
	default:
		o.at = 0
		o.told++
	}
}

// sleepsTooLong is about the end: the reactor sleeps, and nobody does anything any more.
func (w *world) sleepsTooLong() string {
	for i := range w.owners {
		at := w.owners[i].at
		switch {
		case at == 0:
		case at < w.heap.Next():
			return fmt.Sprintf("owner%d wants to be told at %d, and next is %s", i+1, at, showTime(uint64(w.heap.Next())))
		case at < w.slept && search.Peek(&w.woken) == 0:
			return fmt.Sprintf("owner%d wants to be told at %d, and the reactor sleeps until %s", i+1, at, showTime(uint64(w.slept)))
		}
	}
	if w.heap.Next() < w.slept && search.Peek(&w.woken) == 0 {
		return "next was lowered, and the reactor was not woken"
	}
	return ""
}

// forgets is whether an owner was not told when all time has passed.
func (w *world) forgets() string {
	armed := 0
	for i := range w.owners {
		if w.owners[i].at != 0 {
			armed++
		}
	}
	if n := w.heap.Len(); n < armed { // more if an owner was told early, and the arming stays (HB-9)
		return fmt.Sprintf("%d entries are armed, and %d are said to be", armed, n)
	}
	if w.heap.RunDue(9); w.heap.Next() != Never {
		return fmt.Sprintf("nothing is to come, and next is %d", w.heap.Next())
	}
	for i := range w.owners {
		if w.owners[i].at != 0 {
			return fmt.Sprintf("owner%d is not told of what is due at %d", i+1, w.owners[i].at)
		}
	}
	if w.heap.Len() != 0 || len(w.heap.places) != 0 {
		return "entries are left in the heap"
	}
	return ""
}
