package polldesc

import (
	"fmt"
	"net"

	"github.com/a57b2d82/netpoller/internal/search"
)

// A slot in one life after the other.
var lives = []search.Scenario{
	{Name: "a late edge", Notes: "HB-4, I6", Setup: func(r *search.Run) {
		w := newWorld(r)
		old := w.gen
		r.Go("poller", func() { w.pd.Edge(old, Readable|RDHUP) })
		r.Go("closer", func() { w.pd.Evict(); w.nextLife() })
		w.expect(1, nil)
		w.expectFlags(seen|closing, 0)
	}},
	{Name: "a late edge, and a reader in the first life", Notes: "HB-4, I6, I7", Setup: func(r *search.Run) {
		w := newWorld(r)
		old, done := w.gen, search.MakeChan(2)
		r.Go("reader", func() {
			if err := w.transfer(Read); err != net.ErrClosed {
				panic(fmt.Sprint("first life: ", err))
			}
			done.Send()
		})
		r.Go("poller", func() { w.pd.Edge(old, Readable|RDHUP) })
		r.Go("closer", func() {
			w.pd.Evict()
			done.Receive()
			w.cache.Free(w.pd)
			w.open()
		})
		w.expect(0)
		w.expectFlags(seen|closing, 0)
	}},
	{Name: "a late SetDeadline", Notes: "HB-4", Setup: func(r *search.Run) {
		w := newWorld(r)
		old := w.gen
		r.Go("setter", func() { w.pd.SetDeadline(old, Read, Read, start, start) })
		r.Go("closer", func() { w.pd.Evict(); w.nextLife() })
		w.expect(1, nil)
		w.expectFlags(seen|closing|readExpired, 0)
	}},
	{Name: "a late deadline", Notes: "HB-5, HB-9", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.set(Read, Read, 5)
		r.Go("timer", func() { w.due(5) })
		r.Go("closer", func() { w.pd.Evict(); w.nextLife() })
		w.expect(1, nil)
		w.expectFlags(seen|closing|readExpired, 0)
	}},
	{Name: "a late deadline, and another one in the next life", Notes: "HB-5, HB-9, D1", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.set(Read, Read, 5)
		r.Go("timer", func() { w.due(5) })
		r.Go("closer", func() {
			w.pd.Evict()
			w.cache.Free(w.pd)
			w.open()
			w.set(Read, Read, 9)
		})
		w.expectFlags(readExpired|closing, 0)
		w.expectGuarded()
	}},
	{Name: "a limit in the next life", Notes: "D1, HB-4", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.set(Read, Read, 5)
		w.pd.Evict()
		w.cache.Free(w.pd)
		w.open()
		r.Go("reader", func() {
			w.pd.Limit(Read, 9, w.now())
			w.read()
			w.pd.Limit(Read, 0, w.now())
		})
		r.Go("timer", func() { w.due(5) })
		r.Go("poller", func() { w.edge(Readable) })
		w.expect(1, nil)
	}},
	{Name: "one is freed while another opens", Notes: "HB-4", Setup: func(r *search.Run) {
		w := newWorldWith(r, &turns{})
		pd := w.pd
		pd.Evict()
		r.Go("closer", func() { w.cache.Free(pd) })
		r.Go("opener", func() {
			if w.open(); w.pd != pd {
				return // the slot was not free yet
			}
			search.Go(func() { w.edge(Readable) })
			w.read()
		})
		r.Check(w.nothingLeft)
	}},
	{Name: "two take a slot", Notes: "HB-4", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.pd.Evict()
		w.cache.Free(w.pd)
		life := func() {
			pd := w.cache.Alloc()
			gen := pd.Token().Gen
			pd.Edge(gen, RDHUP)
			if !pd.HungUp() || pd.Token().Gen != gen {
				w.wrong = "a life that another descriptor has too"
			}
			pd.Evict()
			w.cache.Free(pd)
		}
		r.Go("one", life)
		r.Go("two", life)
		r.Check(func() string {
			free := 0
			for pd := w.cache.free; pd != nil; pd = pd.nextFree {
				if free++; w.cache.Get(pd.slot) != pd || pd.Token() == WakeToken {
					return "a slot has the token of another one"
				}
			}
			if w.cache.Open() != 0 || free != len(*w.cache.slabs.Load())*slabSize {
				return "a slot is lost"
			}
			return w.wrong
		})
	}},
}

// nextLife gives the slot back, takes it again and reads.
func (w *world) nextLife() {
	pd := w.pd
	w.cache.Free(pd)
	if w.open(); w.pd != pd {
		panic("another slot")
	}
	search.Go(func() { w.edge(Readable) })
	w.read()
}
