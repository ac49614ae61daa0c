package polldesc

import (
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/a57b2d82/netpoller/internal/tracer"
)

// This file lets package debug look at the descriptors, while they are used.

// A Look is what a descriptor is like at one time. Its parts are read one after the other.
type Look struct {
	Slot, Gen uint32
	FD        int      // its number
	Facts     []string // that epoll has reported: RDHUP, HUP, ERR, PRI
	Sides     [2]SideLook
}

// A SideLook is one side of a Look.
type SideLook struct {
	State string // of the word: idle, ready, wait or parked
	Place string // where the owner parks: channel, eventfd or notification; "" if it does not
	Due   int64  // when its deadline passes, on the clock of Env.Now; 0 for never
}

// SetNumber notes the number of the descriptor that Alloc was called for. Packages trace and
// debug show it; nothing else uses it.
func (pd *PollDesc) SetNumber(fd int) {
	pd.number().Store(int32(fd) + 1)
	pd.note(tracer.Open, tracer.Both, int64(fd))
}

// number is one more than what SetNumber noted, or 0 before it and after Free.
func (pd *PollDesc) number() *atomic.Int32 {
	return &(*pd.cache.numbers.Load())[pd.slot/slabSize][pd.slot%slabSize]
}

// Looks calls yield with each open descriptor until it returns false.
func (c *Cache) Looks(yield func(Look) bool) {
	for _, slab := range *c.slabs.Load() {
		for i := range slab {
			if l, open := slab[i].Look(); open && !yield(l) {
				return
			}
		}
	}
}

// Look looks at the descriptor, and reports whether it is open and has its number.
func (pd *PollDesc) Look() (l Look, open bool) {
	gen, f := pd.info.load()
	number := pd.number().Load()
	if f&closing != 0 || number == 0 {
		return l, false
	}
	l = Look{Slot: pd.slot, Gen: gen, FD: int(number) - 1}
	for i, name := range [...]string{"RDHUP", "HUP", "ERR", "PRI"} {
		if f&(seenRDHUP<<i) != 0 {
			l.Facts = append(l.Facts, name)
		}
	}
	for m := range pd.side {
		l.Sides[m] = pd.side[m].look()
	}
	again, f := pd.info.load()
	return l, again == gen && f&closing == 0
}

func (s *Side) look() (l SideLook) {
	l.State, l.Due = tracer.States[s.word.now()], s.due.Load()
	if p := s.parker.Load(); p != nil && l.State == tracer.States[parked] {
		kind := fmt.Sprintf("%T", *p) // such as *poller.eventfd
		l.Place = kind[strings.LastIndexByte(kind, '.')+1:]
	}
	return l
}
