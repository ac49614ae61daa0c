package polldesc

import (
	"sync/atomic"

	"github.com/a57b2d82/netpoller/internal/race"
)

// This file is where an owner parks: on a channel, or in a seat.
//
// A send on a channel makes the owner runnable, and if a processor is idle the runtime
// wakes it to look for work. Mostly that finds none: the sender is about to park, and its
// own processor takes the owner next. Beside other work nobody notices; for an owner that
// is alone it is most of what a wake-up costs.
//
// A Seat carries the same token (I2) by way of the kernel, where the processor that runs
// out of work finds it: nobody is woken for it.

// A Seat holds at most one token.
type Seat interface {
	// Sit reports whether the owner should park here this time, rather than on a channel.
	Sit() bool

	// Take takes the token, and waits for it. Give puts it there, and touches nothing of
	// the seat's after Take could return.
	Take()
	Give()

	// Close ends the seat. Nobody is in it, and no token will be given.
	Close()
}

// A Claim is what a seat may ask about its owner. As long as MayTake reports false, no token
// has been given.
type Claim interface{ MayTake() bool }

func (w *waitWord) MayTake() bool { return !w.waiting() }

// earned is after how many Quiet wake-ups in succession an owner is worth a seat: a
// connection that ends after a few requests makes none.
const earned = 16

// A seating says where an owner parks, and how many wake-ups in succession were Quiet, up to
// earned. Atomic: written by the owner before its commit and by the poller before it sends
// the token, so never by two at a time. Nothing that the race detector sees orders the
// poller before the owner: see waitWord.edge.
type seating struct{ v atomic.Uint32 } // quiet<<1, and 1 when seated

func (s *seating) seated() bool  { return s.v.Load()&1 != 0 }
func (s *seating) quiet() uint32 { return s.v.Load() >> 1 }

// set writes only what changes: a second owner, who is about to panic, changes nothing.
func (s *seating) set(seated bool, quiet uint32) {
	v := quiet << 1
	if seated {
		v |= 1
	}
	if s.v.Load() != v {
		s.v.Store(v)
	}
}

// choose decides where the coming wait parks, if it does. Preconditions: the caller owns
// the side, and will commit after this.
func (s *side) choose(c *Cache) {
	// DOC: seat
	if quiet := s.seating.quiet(); quiet >= earned {
		s.sit(c)
	} else {
		s.seating.set(false, quiet)
	}
	if !s.seating.seated() && s.token == nil {
		s.token = c.env.NewToken()
	}
}

// sit takes the seat that was earned, if there is one and it should be taken now.
func (s *side) sit(c *Cache) {
	if s.seat.Load() == nil && c.env.NewSeat != nil {
		if seat := c.env.NewSeat(&s.word); seat != nil {
			taken := seat // a variable that is only made when there is one
			s.seat.Store(&taken)
		}
	}
	if seat := s.seat.Load(); seat != nil {
		s.seating.set((*seat).Sit(), earned)
	} else {
		s.seating.set(false, 0) // there may be one later
	}
}

// count notes whether a wake-up was Quiet. Preconditions: the caller took the
// word out of parked, and has not sent the token.
func (s *side) count(e Events) {
	race.Hide() // as in waitWord.edge
	quiet := uint32(0)
	if e&Quiet != 0 {
		quiet = min(s.seating.quiet()+1, earned)
	}
	s.seating.set(s.seating.seated(), quiet)
	race.Show()
}

// take takes the token that a commit is owed.
func (s *side) take() {
	if s.seating.seated() {
		(*s.seat.Load()).Take()
	} else {
		<-s.token // DOC: park
	}
}

// leave gives the seat back. Preconditions: the side has no owner, and no token is owed.
func (s *side) leave() {
	s.seating.set(false, 0)
	if seat := s.seat.Swap(nil); seat != nil {
		(*seat).Close()
	}
}
