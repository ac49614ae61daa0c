package polldesc

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

// choose decides where the coming wait parks, if it does. Preconditions: the caller owns
// the side, and will commit after this.
func (s *side) choose(c *Cache) {
	// DOC: seat
	if sits := s.quiet >= earned && s.sit(c); s.seated != sits {
		s.seated = sits // only then: a second owner, who is about to panic, changes nothing
	}
	if !s.seated && s.token == nil {
		s.token = c.env.NewToken()
	}
}

func (s *side) sit(c *Cache) bool {
	if s.seat == nil && c.env.NewSeat != nil {
		if seat := c.env.NewSeat(&s.word); seat != nil {
			taken := seat // a variable that is only made when there is one
			s.seat = &taken
		}
	}
	if s.seat == nil {
		s.quiet = 0 // there may be one later
		return false
	}
	return (*s.seat).Sit()
}

// count notes whether a wake-up was Quiet. Preconditions: the caller took the
// word out of parked, and has not sent the token.
func (s *side) count(e Events) {
	switch {
	case e&Quiet == 0:
		s.quiet = 0
	case s.quiet < earned:
		s.quiet++
	}
}

// take takes the token that a commit is owed.
func (s *side) take() {
	if s.seated {
		(*s.seat).Take()
	} else {
		<-s.token // DOC: park
	}
}

// leave gives the seat back. Preconditions: the side has no owner, and no token is owed.
func (s *side) leave() {
	s.quiet = 0
	if s.seat != nil {
		(*s.seat).Close()
		s.seat = nil
	}
}
