package polldesc

import (
	"sync/atomic"

	"github.com/a57b2d82/netpoller/internal/race"
)

// An info is the published word of facts about a descriptor, read without a lock by
// the owners of both sides.
//
//	 63         32 31  9  8     7    6   5   4    3      2       1        0
//	+-------------+----+-----+-----+---+---+---+-----+-------+-------+-------+
//	| generation  | 0  |wIntr|rIntr|pri|err|hup|rdhup|wExpire|rExpire|closing|
//	+-------------+----+-----+-----+---+---+---+-----+-------+-------+-------+
//
//	bit              written by                            cleared by
//	generation       Cache, when a life ends               never, it grows
//	closing          Evict, and Cache for a free slot      Cache.Alloc
//	rExpire wExpire  SetDeadline and Due                   SetDeadline, end of life
//	rdhup hup ...    Edge, by a CAS with the generation    end of life
//	rIntr wIntr      Interrupt                             Uninterrupt, end of life
//
// Evict, SetDeadline, Due, Interrupt and Uninterrupt hold PollDesc.mu; the Cache has the slot
// to itself. While a descriptor is open its bits are changed by mask and the word is never
// rebuilt from parts. The four facts that Edge records are sticky: nothing would ever correct a
// fact that reached the wrong owner of a slot, so they carry the generation in the same CAS.
type info struct{ w atomic.Uint64 }

// Flags are the low half of an info.
type flags = uint32

const (
	closing flags = 1 << iota
	readExpired
	writeExpired
	seenRDHUP
	seenHUP
	seenERR
	seenPRI
	readInterrupted
	writeInterrupted

	seen = seenRDHUP | seenHUP | seenERR | seenPRI
)

// expired is the bit that says mode's deadline has passed.
func expired(m Mode) flags { return readExpired << m }

// interrupted is the bit that says mode's owner is to give up.
func interrupted(m Mode) flags { return readInterrupted << m }

func (i *info) load() (gen uint32, f flags) {
	w := i.w.Load()
	return uint32(w >> 32), flags(w)
}

func (i *info) flags() flags { return flags(i.w.Load()) }

// set and clear. Preconditions: PollDesc.mu is held.
func (i *info) set(f flags)   { i.w.Or(uint64(f)) }
func (i *info) clear(f flags) { i.w.And(^uint64(f)) }

// see records sticky facts if the descriptor still has that generation, and
// reports whether it has.
func (i *info) see(gen uint32, f flags) bool {
	race.Hide() // as in waitWord.edge
	w := i.w.Load()
	for uint32(w>>32) == gen && flags(w)&f != f && !i.w.CompareAndSwap(w, w|uint64(f)) { // DOC: sticky-cas
		w = i.w.Load()
	}
	race.Show()
	return uint32(w>>32) == gen
}

// open clears every flag. Preconditions: the slot was taken from the cache just now,
// so that only edges of an earlier life could touch the word, and those change nothing.
func (i *info) open() { i.w.And(^uint64(1<<32 - 1)) }

// renew starts the next generation, marked closing until open is called. Generation 0 belongs to no
// descriptor: the poller's own wake-up descriptor has it.
func (i *info) renew() {
	gen, _ := i.load()
	gen++
	if gen == 0 {
		gen = 1
	}
	i.w.Store(uint64(gen)<<32 | uint64(closing))
}
