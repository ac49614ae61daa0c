package polldesc

import (
	"encoding/binary"
	"testing"
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
