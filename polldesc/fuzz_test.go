package polldesc

import (
	"encoding/binary"
	"errors"
	"os"
	"testing"

	"github.com/a57b2d82/netpoller/timer"
)

// FuzzToken sends a token through the eight bytes that the kernel keeps. If it failed, an
// event would reach another descriptor, or another life of one.
func FuzzToken(f *testing.F) {
	for _, n := range []uint32{0, 1, 1 << 31, 1<<31 - 1, 1<<32 - 1} {
		f.Add(n, uint32(0), uint32(0), n)
		f.Add(n, n, n, n)
	}
	f.Fuzz(func(t *testing.T, slot, gen, slot2, gen2 uint32) {
		kept := func(slot, gen uint32) (b [8]byte) {
			lo, hi := Token{slot, gen}.Words()
			binary.NativeEndian.PutUint32(b[:], uint32(lo))
			binary.NativeEndian.PutUint32(b[4:], uint32(hi))
			return b
		}
		b := kept(slot, gen)
		back := TokenOf(int32(binary.NativeEndian.Uint32(b[:])), int32(binary.NativeEndian.Uint32(b[4:])))
		if back.Slot != slot || back.Gen != gen {
			t.Errorf("slot %d, generation %d came back as %v", slot, gen, back)
		}
		if (back == WakeToken) != (slot == 0 && gen == 0) {
			t.Errorf("%v is the token of the wake-up descriptor", back)
		}
		if (b == kept(slot2, gen2)) != (slot == slot2 && gen == gen2) {
			t.Errorf("%v and slot %d, generation %d look the same", back, slot2, gen2)
		}
	})
}

// facts are what an info is to say: a generation, and flags by themselves.
type facts struct {
	gen uint32
	has [9]bool
}

func (f *facts) put(mask flags, v bool) {
	for bit := range f.has {
		if mask&(1<<bit) != 0 {
			f.has[bit] = v
		}
	}
}

// FuzzInfo takes its input three bytes at a time: what to do, and to which flags or
// generation. If it failed, some sequence of changes to the word would change what it
// should not.
func FuzzInfo(f *testing.F) {
	const set, clearing, see, open, renew, last = 0, 1, 2, 3, 4, 5
	f.Add(uint32(0), []byte{renew, 0, 0, open, 0, 0, see, 0, 1, set, 2, 0, clearing, 2, 0})
	f.Add(uint32(1<<32-1), []byte{open, 0, 0, see, 0, 3, renew, 0, 0, see, 0, 3})
	f.Add(uint32(1<<31), []byte{set, 255, 1, clearing, 255, 1, see, 1, 3, see, 2, 3})
	f.Fuzz(func(t *testing.T, gen uint32, ops []byte) {
		var i info
		i.w.Store(uint64(gen) << 32)
		want := facts{gen: gen}
		for ; len(ops) >= 3; ops = ops[3:] {
			mask := flags(ops[1]) | flags(ops[2]&1)<<8
			switch ops[0] % last {
			case set:
				i.set(mask)
				want.put(mask, true)
			case clearing:
				i.clear(mask)
				want.put(mask, false)
			case see:
				gen := want.gen + uint32(ops[1]%3)
				fits := gen == want.gen
				mask := flags(ops[2]&15) * seenRDHUP
				if i.see(gen, mask) != fits {
					t.Errorf("generation %d was seen at %d: %t", gen, want.gen, !fits)
				}
				if fits {
					want.put(mask, true)
				}
			case open:
				i.open()
				want.has = facts{}.has
			case renew:
				i.renew()
				want.gen++
				if want.gen == 0 {
					want.gen = 1
				}
				want.has = facts{}.has
				want.put(closing, true)
			}
			gen, f := i.load()
			for bit, has := range want.has {
				if has != (f&(1<<bit) != 0) {
					t.Errorf("flag %d: %t after operation %d", bit, !has, ops[0]%last)
				}
			}
			if gen != want.gen || f>>len(want.has) != 0 {
				t.Errorf("generation %d, not %d; flags %x", gen, want.gen, f)
			}
		}
	})
}

// FuzzDeadlines takes its input two bytes at a time: what to do to which side, and a time.
// The reactor may be as late as the input likes. If it failed, a side would be said to be
// due before it is, or would not be when it is; or nothing would look at it in time.
func FuzzDeadlines(f *testing.F) {
	const read, write, both, limit, other, pass, run, last = 0, 1, 2, 3, 4, 5, 6, 7
	f.Add([]byte{read, 9, write, 9, both, 5, pass, 6, run, 0})             // shared, and earlier
	f.Add([]byte{both, 5, read, 9, pass, 7, run, 0, pass, 5, run, 0})      // moved on, of one side
	f.Add([]byte{read, 9, limit, 3, pass, 4, run, 0, limit, 0, run, 0})    // a limit before a deadline
	f.Add([]byte{limit, 9, read, 3, read, 0, pass, 10, limit, 0, run, 0})  // a deadline before a limit
	f.Add([]byte{both, 255, both, 0, other, 255, other, 0, pass, 1})       // in the past, and taken back
	f.Add([]byte{both, 4, pass, 9, both, 20, run, 0, pass, 30, read, 3})   // the reactor is late
	f.Add([]byte{read, 5, write, 5, read, 3, write, 8, pass, 6, run, 0})   // which guards which
	f.Add([]byte{write, 7, read, 7, write, 2, pass, 3, run, 0, write, 9})  // and the other way round
	f.Add([]byte{limit, 7, other, 7, limit, 0, other, 0, pass, 9, run, 9}) // limits share as well
	f.Fuzz(func(t *testing.T, ops []byte) {
		now := int64(1)
		env := testEnv
		env.Now = func() int64 { return now }
		heap := timer.New(func() {})
		pd := NewCache(heap, env).Alloc()
		gen := pd.Token().Gen
		var at, limits [2]int64 // 0: none
		for ; len(ops) >= 2; ops = ops[2:] {
			when := int64(ops[1]) + now
			switch ops[1] {
			case 0:
				when = 0
			case 255:
				when = -1
			}
			switch op := ops[0] % last; op {
			case read, write, both:
				first, end := Mode(op%both), Mode(min(op, 1))
				if err := pd.SetDeadline(gen, first, end, when, now); err != nil {
					t.Fatal(err)
				}
				for m := first; m <= end; m++ {
					at[m] = when
				}
			case limit, other:
				m := Mode(op - limit)
				limits[m] = max(when, 0)
				pd.Limit(m, limits[m], now)
			case pass:
				now += int64(ops[1])
			case run:
				heap.RunDue(now)
			}
			for m := Read; m <= Write; m++ {
				checkDue(t, pd, m, at[m], limits[m], now, ops[0]%last == run)
				if due := earlier(at[m], limits[m]); due > now && heap.Next() > due {
					t.Fatalf("mode %d is due at %d, and the next look is at %d", m, due, heap.Next())
				}
			}
		}
		pd.Evict()
		if n := heap.Len(); n != 0 {
			t.Errorf("%d deadlines are left", n)
		}
	})
}

// earlier returns the one of two times that comes first; 0 is never.
func earlier(a, b int64) int64 {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// checkDue compares what a side says of its deadline with the deadline. The published facts
// are never early; and are not late once the reactor has run.
func checkDue(t *testing.T, pd *PollDesc, m Mode, at, limit, now int64, ran bool) {
	due := earlier(at, limit)
	passed := due != 0 && due <= now
	if err := pd.Prepare(m); errors.Is(err, os.ErrDeadlineExceeded) != passed || err != nil && !passed {
		t.Fatalf("mode %d is due at %d, and at %d it says %v", m, due, now, err)
	}
	published := pd.info.flags()&expired(m) != 0
	if published && !passed || ran && passed && !published {
		t.Fatalf("mode %d is due at %d, and at %d it is published: %t", m, due, now, published)
	}
}
