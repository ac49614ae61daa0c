package polldesc

import (
	"fmt"
	"net"
	"os"

	"github.com/a57b2d82/netpoller/internal/search"
)

// Deadlines, and the armings that guard them.
var deadlines = []search.Scenario{
	{Name: "an operation begins after its deadline, and the reactor is late", Notes: "D3", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.set(Read, Read, 5)
		r.Go("reader", func() { w.passes(5); w.read() })
		r.Go("poller", func() { w.edge(Readable) })
		w.expect(1, os.ErrDeadlineExceeded)
		w.expectCalls(Read, 0)
	}},
	{Name: "an owner parks after its deadline, and the reactor is late", Notes: "D3", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.set(Read, Read, 5)
		r.Go("reader", func() {
			w.pd.Prepare(Read)
			w.passes(5)
			w.end(w.pd.Wait(Read))
		})
		w.expect(1, os.ErrDeadlineExceeded)
	}},
	{Name: "an edge, and a deadline that comes and is extended", Notes: "D1, I5", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.set(Read, Read, 5)
		r.Go("reader", w.read)
		r.Go("poller", func() { w.edge(Readable) })
		r.Go("timer", func() { w.due(5) })
		r.Go("setter", func() { w.set(Read, Read, 9) })
		w.expect(1, nil, os.ErrDeadlineExceeded)
		w.expectFlags(readExpired, 0)
		w.expectGuarded()
	}},
	{Name: "a deadline moves earlier", Notes: "D1", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.set(Read, Read, 9)
		r.Go("reader", w.read)
		r.Go("setter", func() { w.set(Read, Read, 5); w.due(5) })
		w.expect(1, os.ErrDeadlineExceeded)
	}},
	{Name: "a deadline moves earlier while the reactor sleeps", Notes: "HB-8, D1", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.set(Read, Read, 9)
		r.Go("reader", w.read)
		r.Go("timer", func() { w.sleep(5); w.due(5) })
		r.Go("setter", func() { w.set(Read, Read, 5) })
		w.expect(1, os.ErrDeadlineExceeded)
	}},
	{Name: "a deadline comes, and moves earlier", Notes: "D1, HB-5", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.set(Read, Read, 9)
		done := search.MakeChan(2)
		r.Go("reader", w.read)
		r.Go("timer", func() { w.due(4); done.Receive(); w.due(9) })
		r.Go("setter", func() { w.set(Read, Read, 5); done.Send() })
		w.expect(1, os.ErrDeadlineExceeded)
	}},
	{Name: "a deadline of both sides, of which one is taken back", Notes: "D2, HB-5", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.set(Read, Write, 5)
		done := search.MakeChan(2)
		r.Go("reader", w.read)
		r.Go("timer", func() { w.due(5); done.Receive(); w.due(7) })
		r.Go("setter", func() {
			w.set(Write, Write, 0)
			w.set(Read, Read, 7)
			done.Send()
		})
		w.expect(1, os.ErrDeadlineExceeded)
		w.expectFlags(writeExpired, 0)
	}},
	{Name: "one who shares an arming moves earlier", Notes: "D1, D2", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.set(Read, Write, 5)
		r.Go("writer", w.write)
		r.Go("setter", func() { w.set(Read, Read, 3); w.due(5) })
		w.expect(1, os.ErrDeadlineExceeded)
	}},
	{Name: "one shares an arming that comes due and is made again", Notes: "D1, D2, HB-5", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.set(Write, Write, 3)
		w.set(Write, Write, 4)
		w.set(Read, Read, 2)
		done := search.MakeChan(2)
		r.Go("reader", w.read)
		r.Go("timer", func() { w.heap.RunDue(2); done.Receive(); w.due(3) })
		r.Go("setter", func() { w.set(Read, Read, 3); done.Send() })
		w.expect(1, os.ErrDeadlineExceeded)
	}},
	{Name: "evict while a deadline comes", Notes: "HB-5, I5", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.set(Read, Write, 5)
		r.Go("reader", w.read)
		r.Go("timer", func() { w.due(5) })
		r.Go("closer", w.pd.Evict)
		w.expectArmed(0)
		w.expect(1, os.ErrDeadlineExceeded, net.ErrClosed)
	}},
	{Name: "equal deadlines of both sides", Notes: "D2", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("reader", w.read)
		r.Go("writer", w.write)
		r.Go("setter", func() { w.set(Read, Write, 5); w.sleep(5); w.due(5) })
		w.expect(2, os.ErrDeadlineExceeded)
		w.expectArmings(1)
	}},
	{Name: "a later deadline is a store", Notes: "D1", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("setter", func() { w.set(Read, Read, 5); w.set(Read, Read, 6); w.set(Read, Read, 7) })
		r.Go("timer", func() { w.due(4) })
		w.expectArmings(1)
		w.expectGuarded()
	}},
	{Name: "any three settings, nobody waits", Notes: "D1, D2, HB-5", Variants: len(menu) * len(menu) * len(menu), Setup: func(r *search.Run) {
		w := newWorld(r)
		w.settings(r.Variant, 3)
	}},
}

// A setting is one call of SetDeadline.
type setting struct {
	first, last Mode
	at          int64
}

// menu is every way to set a deadline: none, in the past, and three times to come.
var menu = func() (all []setting) {
	for _, at := range []int64{0, start, 2, 3, 4} {
		all = append(all, setting{Read, Read, at}, setting{Write, Write, at}, setting{Read, Write, at})
	}
	return all
}()

// settings makes n settings of the menu, while all times that there are come.
func (w *world) settings(variant, n int) {
	var latest [2]int64
	w.run.Go("setter", func() {
		for ; n > 0; n-- {
			s := menu[variant%len(menu)]
			variant /= len(menu)
			w.set(s.first, s.last, s.at)
			for m := s.first; m <= s.last; m++ {
				latest[m] = s.at
			}
		}
	})
	w.run.Go("timer", func() { w.due(2); w.due(3) })
	w.run.Check(w.guarded)
	w.run.Check(func() string {
		w.due(9)
		w.due(9) // what was armed meanwhile
		if n := w.heap.Len(); n != 0 {
			return fmt.Sprintf("all time has passed, and %d entries are armed", n)
		}
		for m := range latest {
			if (w.pd.info.flags()&expired(Mode(m)) != 0) != (latest[m] != 0) {
				return fmt.Sprintf("the deadlines are %d, and published is %s", latest, showInfo(search.Peek(&w.pd.info.w)))
			}
		}
		return ""
	})
}

// expectGuarded checks D1 at the end.
func (w *world) expectGuarded() { w.run.Check(w.guarded) }

func (w *world) guarded() string {
	if w.pd.deadlines == nil {
		return ""
	}
	for m := range w.pd.deadlines {
		d := &w.pd.deadlines[m]
		at := d.due()
		if at == 0 || w.pd.info.flags()&expired(Mode(m)) != 0 {
			continue
		}
		if d.seq == 0 || d.when > at || w.heap.Len() == 0 || w.heap.Next() > at {
			return fmt.Sprintf("no arming guards the deadline %d (D1)", at)
		}
	}
	return ""
}

// expectArmed checks at the end how many entries are in the heap.
func (w *world) expectArmed(n int) {
	w.run.Check(func() string {
		if w.heap.Len() != n {
			return fmt.Sprintf("%d entries are armed, not %d", w.heap.Len(), n)
		}
		return ""
	})
}

// expectArmings checks at the end how often an entry was armed.
func (w *world) expectArmings(most int) {
	w.run.Check(func() string {
		if armed, _ := w.heap.Counts(); int(armed) > most {
			return fmt.Sprintf("%d armings, %d would do", armed, most)
		}
		return ""
	})
}
