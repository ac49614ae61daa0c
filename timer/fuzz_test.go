package timer

//lint:file-ignore SA4016 arm|0 is arm of entry 0, in a table of calls and entries

import (
	"cmp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// An oracle is a heap that cannot be wrong: a slice, sorted when asked.
type oracle struct {
	armed []arming
	seq   uint64
}

type arming struct {
	entry int // index of the entry
	when  int64
	seq   uint64
}

func (o *oracle) arm(entry int, when int64) uint64 {
	o.disarm(entry)
	o.seq++
	o.armed = append(o.armed, arming{entry, when, o.seq})
	return o.seq
}

func (o *oracle) disarm(entry int) {
	o.armed = slices.DeleteFunc(o.armed, func(a arming) bool { return a.entry == entry })
}

func (o *oracle) next() int64 {
	next := int64(Never)
	for _, a := range o.armed {
		next = min(next, a.when)
	}
	return next
}

func (o *oracle) runDue(now int64) (due []arming) {
	slices.SortFunc(o.armed, func(a, b arming) int {
		return cmp.Or(cmp.Compare(a.when, b.when), cmp.Compare(a.seq, b.seq))
	})
	n := 0
	for n < len(o.armed) && o.armed[n].when <= now {
		n++
	}
	due = slices.Clone(o.armed[:n])
	o.armed = slices.Delete(o.armed, 0, n)
	return due
}

// A pair is a heap and an oracle that are asked the same.
type pair struct {
	t       *testing.T
	heap    *Heap
	oracle  oracle
	entries [16]fuzzOwner
	next    int64 // what Next is expected to be: the earliest, or what was before the last look
	woken   bool
	due     []arming // the calls of Due that the oracle expects, in order
}

// A fuzzOwner arms, when it is told of one of its entries, what it was asked to.
type fuzzOwner struct {
	*pair
	entry Entry
	index int
	again []func() // what to do when told
}

func (o *fuzzOwner) Due(seq uint64, now int64) {
	require.NotEmpty(o.t, o.due, "told of an entry that is not due")
	require.Equal(o.t, o.due[0].entry, o.index, "told in the wrong order")
	require.Equal(o.t, o.due[0].seq, seq, "told of another arming")
	o.due = o.due[1:]
	again := o.again
	o.again = nil
	for _, do := range again {
		do()
	}
}

func (p *pair) arm(i int, when int64) {
	p.woken = false
	want := p.oracle.arm(i, when)
	require.Equal(p.t, want, p.heap.Arm(&p.entries[i].entry, when))
	require.Equal(p.t, when < p.next, p.woken, "a new earliest deadline, and the reactor sleeps on")
	p.next = min(p.next, when)
	p.check()
}

func (p *pair) disarm(i int) {
	p.oracle.disarm(i)
	p.heap.Disarm(&p.entries[i].entry)
	p.check()
}

func (p *pair) runDue(now int64) {
	p.due = p.oracle.runDue(now)
	n := len(p.due)
	if p.next <= now {
		p.next = p.oracle.next()
	}
	require.Equal(p.t, n, p.heap.RunDue(now))
	require.Empty(p.t, p.due, "due, and its owner was not told")
	p.check()
}

func (p *pair) check() {
	require.Equal(p.t, p.next, p.heap.Next())
	require.LessOrEqual(p.t, p.next, p.oracle.next())
	require.Equal(p.t, len(p.oracle.armed), p.heap.Len())
	requireHeap(p.t, p.heap)
}

// FuzzHeap takes its input two bytes at a time: what to do to which entry, and a time.
// If it failed, some sequence of calls would put the heap out of order.
func FuzzHeap(f *testing.F) {
	const arm, disarm, run, armInDue, disarmInDue = 0x00, 0x10, 0x20, 0x30, 0x40
	f.Add([]byte{arm | 0, 5, arm | 1, 5, arm | 2, 5, run, 5})                              // ties
	f.Add([]byte{arm | 0, 9, arm | 0, 3, arm | 0, 7, run, 5, run, 7})                      // moved
	f.Add([]byte{arm | 0, 1, disarm | 0, 0, disarm | 0, 0, run, 9})                        // disarmed
	f.Add([]byte{arm | 0, 4, armInDue | 0, 1, run, 5, run, 5})                             // again, at a time in the past
	f.Add([]byte{arm | 0, 1, arm | 1, 2, disarmInDue | 0x0, 1, run, 9})                    // disarms one on its way
	f.Add([]byte{arm | 0, 1, arm | 1, 2, armInDue | 0, 0x90, run, 9, run, 255})            // arms one on its way
	f.Add([]byte{arm | 15, 255, arm | 0, 0, run, 0, run, 255})                             // the ends of time
	f.Add([]byte("\x00\x09\x01\x08\x02\x07\x03\x06\x04\x05\x05\x04\x10\x00\x11\x00 \x06")) // from behind
	f.Fuzz(func(t *testing.T, ops []byte) {
		p := &pair{t: t, next: Never}
		p.heap = New(func() { p.woken = true })
		for i := range p.entries {
			o := &p.entries[i]
			o.pair, o.index = p, i
			o.entry.Owner = o
		}
		for ; len(ops) >= 2; ops = ops[2:] {
			i, when, other := int(ops[0]&0xf), int64(int8(ops[1])), int(ops[1]%16)
			o := &p.entries[i]
			switch ops[0] & 0xf0 {
			case disarm:
				p.disarm(i)
			case run:
				p.runDue(when)
			case armInDue: // the entry after this one, when this one comes due
				o.again = append(o.again, func() { p.arm((i+1)%16, when) })
			case disarmInDue:
				o.again = append(o.again, func() { p.disarm(other) })
			default:
				p.arm(i, when)
			}
		}
		p.runDue(1 << 40)
		for len(p.oracle.armed) > 0 { // armed in Due
			p.runDue(1 << 40)
		}
	})
}
