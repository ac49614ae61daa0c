package polldesc

import "github.com/a57b2d82/netpoller/internal/race"

// This file is the seam between an owner that parks and the place where it does. There are
// three places: a channel (here), an eventfd (package poller), and none, for an owner without
// a goroutine (package fd). The protocol of state.go is the same for all of them.

// A Parker is a place to park. It belongs to one side, and holds at most one permit (I2).
type Parker interface {
	// Park takes the permit, and blocks until there is one.
	Park()

	// Unpark gives the permit. It is the last thing that the caller does with the side, and
	// it touches nothing of the Parker once Park could return (I7).
	Unpark()
}

// A Policy chooses the parker of each wait. It decides about speed only: any choice is right.
type Policy interface {
	// Choose returns the parker of the coming wait, or nil for the side's own channel. The
	// owner calls it once for each Wait, before it announces, and may not park after all. Since
	// its last Wait it has called Prepare begun times, or more often.
	Choose(s *Side, begun int) *Parker

	// Woken notes that an edge has taken the word out of parked. The poller calls it before it
	// unparks the owner, for one side at a time. Deadlines and Evict do not call it.
	Woken(s *Side)

	// Running notes that the owner runs again after it parked. The owner calls it. Its turn
	// lasts until the next Choose.
	Running(s *Side)

	// Release forgets the side. Cache.Free calls it: the side has no owner, and no permit is
	// outstanding.
	Release(s *Side)
}

// channels is the Policy that chooses the channel each time.
type channels struct{}

func (channels) Choose(*Side, int) *Parker { return nil }
func (channels) Woken(*Side)               {}
func (channels) Running(*Side)             {}
func (channels) Release(*Side)             {}

// A channel is the parker that every side has: a channel with room for one permit.
type channel struct{ permit chan struct{} }

func (c channel) Park() { <-c.permit } // DOC: park

func (c channel) Unpark() {
	race.Hide()            // as in waitWord.edge
	c.permit <- struct{}{} // DOC: permit
	race.Show()
}

// choose returns the parker of the coming wait.
//
// Preconditions: the caller owns the side, and publishes the parker before it commits.
func (pd *PollDesc) choose(m Mode) *Parker {
	s := &pd.side[m]
	p := pd.cache.env.Policy.Choose(s, int(pd.begun[m])) // DOC: choose
	pd.begun[m] = 0
	if p == nil {
		p = s.own(pd.cache)
	}
	return p
}

// own returns the side's channel.
func (s *Side) own(c *Cache) *Parker {
	if s.channel == nil {
		p := Parker(channel{c.env.NewChannel()})
		s.channel = &p
	}
	return s.channel
}

// publish tells wakers where the owner parks. Mostly that is where it parked before, and a
// load is cheaper than a store.
//
// Preconditions: the caller owns the side. A wait publishes between its announcement, which
// panics for a second owner, and its commit.
func (s *Side) publish(p *Parker) {
	if s.parker.Load() != p {
		s.parker.Store(p)
	}
}

// unpark gives the permit that a transition owes.
func (s *Side) unpark() { (*s.parker.Load()).Unpark() }

// Parked reports whether the owner is parked, or is about to be, and nothing has ended its
// wait. As long as it does, no permit has been given.
func (s *Side) Parked() bool { return s.word.waiting() }
