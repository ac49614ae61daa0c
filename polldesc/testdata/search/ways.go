package polldesc

import (
	"fmt"
	"net"
	"os"

	"github.com/a57b2d82/netpoller/internal/search"
)

// Other ways to wait: interrupted, limited, without a goroutine, parked elsewhere.
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
	{Name: "another parker and the channel, by turns", Notes: "I2, I7", Setup: func(r *search.Run) {
		w := newWorldWith(r, &turns{})
		r.Go("reader", func() { w.read(); w.read() })
		r.Go("poller", func() { w.edge(Readable); w.edge(Readable) })
		r.Go("closer", w.pd.Evict)
		w.expect(2, nil, net.ErrClosed)
	}},
	{Name: "a deadline to come wakes nobody", Notes: "I5", Setup: func(r *search.Run) {
		p := &turns{}
		w := newWorldWith(r, p)
		r.Go("reader", w.read)
		r.Go("setter", func() { w.set(Read, Write, 9) })
		r.Go("poller", func() { w.edge(Readable) })
		w.expect(1, nil)
		r.Check(func() string {
			if p.given > 1 {
				return "an owner was woken for nothing"
			}
			return ""
		})
	}},
	{Name: "the policy is told of wake-ups by edges", Notes: "I2, I7", Setup: func(r *search.Run) {
		p := &turns{edgesOnly: true}
		w := newWorldWith(r, p)
		var woken int
		r.Go("reader", w.read)
		r.Go("poller", func() { w.arrive(Read); woken, _ = w.pd.Edge(w.gen, Readable) })
		w.expect(1, nil)
		r.Check(func() string {
			switch s := &w.pd.side[Read]; {
			case int(s.Memo.Load()) != woken || p.given != woken:
				return fmt.Sprintf("woken %d times, of which %d were counted", woken, s.Memo.Load())
			case (p.asked > 0) != (w.calls[Read] > 1):
				return "the policy was not asked, or needlessly"
			case p.asked > 0 && s.channel != nil:
				return "an owner has a channel that it does not need"
			}
			return ""
		})
	}},
	{Name: "a parker is released", Notes: "I2, I7", Setup: func(r *search.Run) {
		p := &turns{}
		w := newWorldWith(r, p)
		done := search.MakeChan(2)
		r.Go("reader", func() { w.read(); done.Send() })
		r.Go("closer", func() {
			w.pd.Evict()
			done.Receive()
			w.cache.Free(w.pd)
			if s := &w.pd.side[Read]; p.released != 2 || s.Spare != nil || s.parker.Load() != nil {
				w.wrong = "the parker was not released"
			}
		})
		r.Check(func() string {
			if len(w.ended) == 1 && w.ended[0] != net.ErrClosed {
				return "the reader ended otherwise"
			}
			return w.wrong
		})
	}},
}

// A turns is a Policy that chooses another parker every other time.
type turns struct {
	asked, given, released int

	edgesOnly bool // wake owners
	told      bool // of the wake-up whose permit is to be given
}

func (p *turns) Choose(s *Side, _ int) *Parker {
	p.asked++
	if s.Spare == nil {
		parker := Parker(&spot{p: p, permit: named(search.MakeChan(1), "spot")})
		s.Spare = &parker
	}
	here := (*s.Spare).(*spot)
	here.chosen = p.asked%2 == 1
	if !here.chosen {
		return nil
	}
	return s.Spare
}

func (p *turns) Woken(s *Side) {
	s.Memo.Store(s.Memo.Load() + 1)
	p.told = true
}

func (p *turns) Running(*Side) {}

func (p *turns) Release(s *Side) {
	p.released++
	s.Spare = nil
}

// A spot is a parker other than the channel.
type spot struct {
	p      *turns
	permit *search.Chan
	chosen bool // for the coming wait
}

func (s *spot) Park() {
	if !s.chosen {
		panic("an owner parks where it was not to")
	}
	s.permit.Receive()
}

func (s *spot) Unpark() {
	if s.p.edgesOnly && !s.p.told {
		panic("the policy was not told before the permit is given (I7)")
	}
	s.p.told = false
	s.p.given++
	s.permit.Send()
}

// subscribe is an operation without a goroutine. then follows it, by the same owner.
func (w *world) subscribe(then func()) {
	s := &subscriber{w: w, then: then}
	s.parker = s
	if err := w.pd.Prepare(Read); err != nil {
		s.end(err)
		return
	}
	s.try()
}

type subscriber struct {
	w      *world
	then   func()
	parker Parker // this subscriber
}

// Park and Unpark make it the parker of an owner without a goroutine.
func (s *subscriber) Park()   { panic("a subscriber parks") }
func (s *subscriber) Unpark() { search.Go(s.resumed) }

func (s *subscriber) try() {
	for !s.w.call(Read) {
		if parked, err := s.w.pd.Subscribe(Read, &s.parker); parked {
			return
		} else if err != nil {
			s.end(err)
			return
		}
	}
	s.end(nil)
}

func isSubscriber(p Parker) bool {
	_, is := p.(*subscriber)
	return is
}

// resumed goes on where Subscribe parked.
func (s *subscriber) resumed() {
	if !s.w.pd.Resumed(Read) {
		parked, err := s.w.pd.Subscribe(Read, &s.parker)
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
