package polldesc

import (
	"fmt"
	"net"

	"github.com/a57b2d82/netpoller/internal/search"
	"github.com/a57b2d82/netpoller/timer"
)

// A world is one descriptor, what there is to read from it and to write to it, the deadlines,
// and the clock.
type world struct {
	run   *search.Run
	heap  *timer.Heap
	cache *Cache
	pd    *PollDesc
	gen   uint32

	clock search.Var
	data  [2]search.Var // what there is for each side; a system call takes one
	wakes *search.Chan  // the reactor's wake-ups

	calls [2]int  // system calls made
	ended []error // of operations, in the order of their ends
	wrong string  // found on the way
}

// start is the time at which a world begins.
const start = 1

func newWorld(r *search.Run) *world { return newWorldWith(r, nil) }

func newWorldWith(r *search.Run, p Policy) *world {
	w := &world{run: r, wakes: search.MakeChan(99)}
	w.passes(start)
	w.heap = timer.New(w.wakes.Send)
	w.cache = NewCache(w.heap, Env{
		Now:        w.now,
		NewChannel: func() *search.Chan { return named(search.MakeChan(1), "permit") },
		Policy:     p,
	})
	search.Name(w.wakes, "wake-up", nil)
	search.Name(&w.clock, "clock", nil)
	search.NameAll("heap", w.heap)
	w.open()
	search.NameAll("cache", w.cache)
	return w
}

func named(c *search.Chan, name string) *search.Chan {
	search.Name(c, name, nil)
	return c
}

// open takes the descriptor from the cache.
func (w *world) open() {
	pd := w.cache.Alloc()
	w.pd, w.gen = pd, pd.Token().Gen
	search.Name(&pd.info.w, "info", showInfo)
	search.Name(&pd.mu, "pd.mu", nil)
	search.NameAll("pd", pd)
	for m, side := range []string{"R", "W"} {
		s := &pd.side[m]
		search.Name(&s.word.g, "word "+side, showState)
		search.Name(&s.due, "due "+side, nil)
		search.Name(&s.Memo, "memo "+side, nil)
		search.Name(&s.parker, "parker "+side, showPointer)
		search.Name(&w.data[m], "data "+side, nil)
	}
}

// transfer is an operation as package fd has them. The system call is the update.
func (w *world) transfer(m Mode) error {
	if err := w.pd.Prepare(m); err != nil {
		return err
	}
	for !w.call(m) {
		if err := w.pd.Wait(m); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) call(m Mode) bool {
	w.calls[m]++
	return w.data[m].Update(func(n uint64) uint64 { return n - min(n, 1) }) != 0
}

// read and write are what a goroutine does that calls Read or Write once.
func (w *world) read()  { w.end(w.transfer(Read)) }
func (w *world) write() { w.end(w.transfer(Write)) }

func (w *world) end(err error) { w.ended = append(w.ended, err) }

// edge is data, or room, and then the edge that reports it (HB-2).
func (w *world) edge(e Events) {
	for m := Read; m <= Write; m++ {
		if e&(Readable<<m) != 0 {
			w.arrive(m)
		}
	}
	w.pd.Edge(w.gen, e)
}

func (w *world) arrive(m Mode) { w.data[m].Update(func(n uint64) uint64 { return n + 1 }) }

func (w *world) set(first, last Mode, at int64) {
	if err := w.pd.SetDeadline(w.gen, first, last, at, w.now()); err != nil && err != net.ErrClosed {
		w.wrong = "SetDeadline: " + err.Error()
	}
}

func (w *world) now() int64 { return int64(w.clock.Load()) }

// passes makes the clock show now, if that is later.
func (w *world) passes(now int64) {
	w.clock.Update(func(was uint64) uint64 { return max(was, uint64(now)) })
}

// due is the reactor when it is now.
func (w *world) due(now int64) {
	w.passes(now)
	w.heap.RunDue(now)
}

// sleep is the reactor until the earliest deadline, which comes by then. It is asleep forever
// if it is not told of it (HB-8).
func (w *world) sleep(by int64) {
	for w.heap.Next() > by {
		w.wakes.Receive()
	}
}

// expect checks at the end that so many operations ended, each with one of the errors, and that
// nothing is left over.
func (w *world) expect(n int, want ...error) {
	w.run.Check(func() string { return w.wrong })
	w.run.Check(func() string { return search.Ended(w.ended, n, want...) })
	w.run.Check(w.nothingLeft)
}

func (w *world) nothingLeft() string {
	if search.Peek(&w.pd.mu) != 0 || search.Peek(&w.cache.mu) != 0 {
		return "a lock is held at the end"
	}
	for m := range w.pd.side {
		s := &w.pd.side[m]
		switch {
		case s.channel != nil && search.Peek((*s.channel).(channel).permit) > 0:
			return "a permit is left over (I2)"
		case s.parker.Load() != nil && isSubscriber(*s.parker.Load()):
			return "a subscription is left over"
		case s.word.busy():
			return "a word is left " + showState(search.Peek(&s.word.g))
		}
	}
	return ""
}

// expectFlags checks at the end which facts of a set are published.
func (w *world) expectFlags(of, want flags) {
	w.run.Check(func() string {
		if got := w.pd.info.flags() & of; got != want {
			return "published at the end: " + showInfo(uint64(got))
		}
		return ""
	})
}

// expectCalls checks at the end how many system calls of a side there were at most.
func (w *world) expectCalls(m Mode, most int) {
	w.run.Check(func() string {
		if w.calls[m] > most {
			return fmt.Sprintf("%d system calls, %d would do", w.calls[m], most)
		}
		return ""
	})
}
