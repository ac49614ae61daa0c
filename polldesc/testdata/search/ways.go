package polldesc

import (
	"fmt"
	"net"
	"os"

	"github.com/a57b2d82/netpoller/internal/search"
)

// Other ways to wait: interrupted, limited, without a goroutine, in a seat.
var ways = []search.Scenario{
	{Name: "interrupt", Notes: "HB-1, I5", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("reader", w.read)
		r.Go("other", func() { w.pd.Interrupt(Read) })
		w.expect(1, ErrInterrupted)
	}},
	{Name: "an edge and interrupt", Notes: "HB-1, HB-2, I4, I5", Setup: func(r *search.Run) {
		w := newWorld(r)
		done := search.MakeChan(2)
		r.Go("reader", func() {
			err := w.transfer(Read)
			done.Receive()
			w.pd.Uninterrupt(Read)
			if err == ErrInterrupted {
				err = w.transfer(Read)
			}
			w.end(err)
		})
		r.Go("poller", func() { w.edge(Readable) })
		r.Go("other", func() { w.pd.Interrupt(Read); done.Send() })
		w.expect(1, nil)
	}},
	{Name: "a limit and an edge", Notes: "HB-1, D1", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("reader", func() {
			w.pd.Limit(Read, 5, w.now())
			search.Go(func() { w.due(5) })
			err := w.transfer(Read)
			w.pd.Limit(Read, 0, w.now())
			if err == os.ErrDeadlineExceeded {
				err = w.transfer(Read)
			}
			w.end(err)
		})
		r.Go("poller", func() { w.edge(Readable) })
		w.expect(1, nil)
		w.expectFlags(readExpired, 0)
	}},
	{Name: "a limit before a deadline", Notes: "D1, D3", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.set(Read, Read, 9)
		r.Go("reader", func() {
			w.pd.Limit(Read, 5, w.now())
			w.read()
			w.pd.Limit(Read, 0, w.now())
		})
		r.Go("timer", func() { w.sleep(5); w.due(5) })
		w.expect(1, os.ErrDeadlineExceeded)
		w.expectFlags(readExpired, 0)
		w.expectGuarded()
	}},
	{Name: "subscribe and evict", Notes: "HB-1, I2, I5", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("reader", func() { w.subscribe(nil) })
		r.Go("closer", w.pd.Evict)
		w.expect(1, net.ErrClosed)
		w.expectCalls(Read, 1)
	}},
	{Name: "subscribe, an edge and evict", Notes: "HB-1, HB-2, I2", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("reader", func() { w.subscribe(nil) })
		r.Go("poller", func() { w.edge(Readable) })
		r.Go("closer", w.pd.Evict)
		w.expect(1, nil, net.ErrClosed)
	}},
	{Name: "subscribe, then wait", Notes: "HB-1, HB-2, I2, I7", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("reader", func() { w.subscribe(w.read) })
		r.Go("poller", func() { w.edge(Readable); w.edge(Readable) })
		r.Go("closer", w.pd.Evict)
		w.expect(2, nil, net.ErrClosed)
	}},
	{Name: "in a seat and on a channel, by turns", Notes: "I2, I7", Setup: func(r *search.Run) {
		w := newWorldWithSeats(r, func(Claim) Seat { return &chair{c: named(search.MakeChan(1), "seat")} })
		w.pd.side[Read].seating.set(false, earned)
		r.Go("reader", func() { w.read(); w.read() })
		r.Go("poller", func() { w.edge(Readable | Quiet); w.edge(Readable) })
		r.Go("closer", w.pd.Evict)
		w.expect(2, nil, net.ErrClosed)
	}},
	{Name: "a deadline to come wakes nobody", Notes: "I5", Setup: func(r *search.Run) {
		c := &chair{c: named(search.MakeChan(1), "seat")}
		w := newWorldWithSeats(r, func(Claim) Seat { return c })
		w.pd.side[Read].seating.set(false, earned)
		r.Go("reader", w.read)
		r.Go("setter", func() { w.set(Read, Write, 9) })
		r.Go("poller", func() { w.edge(Readable) })
		w.expect(1, nil)
		r.Check(func() string {
			if c.given > 1 {
				return "an owner was woken for nothing"
			}
			return ""
		})
	}},
	{Name: "a seat is left after a wake-up that was not quiet", Notes: "I2", Setup: func(r *search.Run) {
		w := newWorldWithSeats(r, func(Claim) Seat { return &chair{c: named(search.MakeChan(1), "seat")} })
		w.pd.side[Read].seating.set(false, earned)
		r.Go("reader", func() { w.read(); w.read() })
		r.Go("poller", func() { w.edge(Readable); w.edge(Readable) })
		w.expect(2, nil)
	}},
	{Name: "a seat is earned, and taken", Notes: "I2", Variants: 4, Setup: func(r *search.Run) {
		c := &chair{c: named(search.MakeChan(1), "seat")}
		w := newWorldWithSeats(r, func(Claim) Seat { return c })
		before, e := uint32(earned-r.Variant%2), Readable|Quiet*Events(r.Variant/2)
		s := &w.pd.side[Read]
		s.seating.set(false, before)
		var woken int
		r.Go("reader", w.read)
		r.Go("poller", func() { w.arrive(Read); woken, _ = w.pd.Edge(w.gen, e) })
		w.expect(1, nil)
		r.Check(func() string {
			waited, after := w.calls[Read] > 1, before
			if woken > 0 && e&Quiet != 0 {
				after = earned
			} else if woken > 0 {
				after = 0
			}
			switch {
			case s.seating.quiet() != after:
				return fmt.Sprintf("%d wake-ups were quiet, not %d", after, s.seating.quiet())
			case (c.turn > 0) != (waited && before == earned):
				return "a seat counts for earned, and is not"
			case waited && s.seating.seated() == (s.token != nil) || c.given > 0 != (woken > 0 && before == earned):
				return "an owner parks elsewhere"
			}
			return ""
		})
	}},
	{Name: "a seat that cannot be had", Notes: "I2", Setup: func(r *search.Run) {
		w := newWorldWithSeats(r, func(Claim) Seat { return nil })
		w.pd.side[Read].seating.set(false, earned)
		r.Go("reader", w.read)
		r.Go("poller", func() { w.edge(Readable | Quiet) })
		w.expect(1, nil)
	}},
	{Name: "a seat is given back", Notes: "I2, I7", Setup: func(r *search.Run) {
		var closed int
		w := newWorldWithSeats(r, func(Claim) Seat { return &chair{c: named(search.MakeChan(1), "seat"), closed: &closed} })
		w.pd.side[Read].seating.set(false, earned)
		done := search.MakeChan(2)
		r.Go("reader", func() { w.read(); done.Send() })
		r.Go("closer", func() {
			w.pd.Evict()
			done.Receive()
			w.cache.Free(w.pd)
			if s := &w.pd.side[Read]; s.seat.Load() != nil || s.seating.seated() {
				w.wrong = "the seat was not given back"
			}
		})
		r.Check(func() string {
			if len(w.ended) == 1 && w.ended[0] != net.ErrClosed || closed > 1 {
				return "the reader ended otherwise"
			}
			return w.wrong
		})
	}},
}

// A chair is a seat that is taken every other time.
type chair struct {
	c      *search.Chan
	turn   int
	sat    bool // Sit said so, and Take has not followed
	given  int
	closed *int
}

func (c *chair) Sit() bool {
	c.turn++
	c.sat = c.turn%2 == 1
	return c.sat
}

func (c *chair) Take() {
	if !c.sat {
		panic("an owner parks in a seat that was not to be taken")
	}
	c.sat = false
	c.c.Receive()
}

func (c *chair) Give() { c.given++; c.c.Send() }
func (c *chair) Close() {
	if c.closed != nil {
		*c.closed++
	}
}

// subscribe is an operation without a goroutine. then follows it, by the same owner.
func (w *world) subscribe(then func()) {
	s := &subscriber{w: w, then: then}
	s.resume = s.resumed
	if err := w.pd.Prepare(Read); err != nil {
		s.end(err)
		return
	}
	s.try()
}

type subscriber struct {
	w      *world
	then   func()
	resume func()
}

func (s *subscriber) try() {
	for !s.w.call(Read) {
		if parked, err := s.w.pd.Subscribe(Read, &s.resume); parked {
			return
		} else if err != nil {
			s.end(err)
			return
		}
	}
	s.end(nil)
}

// resumed goes on where Subscribe parked.
func (s *subscriber) resumed() {
	if !s.w.pd.Resumed(Read) {
		parked, err := s.w.pd.Subscribe(Read, &s.resume)
		if parked {
			return
		}
		if err != nil {
			s.end(err)
			return
		}
	}
	s.try()
}

func (s *subscriber) end(err error) {
	s.w.end(err)
	if s.then != nil {
		s.then()
	}
}
