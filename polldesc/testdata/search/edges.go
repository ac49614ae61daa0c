package polldesc

import (
	"fmt"
	"net"
	"os"

	"github.com/a57b2d82/netpoller/internal/search"
)

// Edges, and what ends a wait without one.
var edges = []search.Scenario{
	{Name: "an edge", Notes: "HB-2, HB-3, I2", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("reader", w.read)
		r.Go("poller", func() { w.edge(Readable) })
		w.expect(1, nil)
		w.expectCalls(Read, 2)
	}},
	{Name: "two edges and three reads", Notes: "HB-2, HB-3, I2", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.arrive(Read)
		r.Go("reader", func() { w.read(); w.read(); w.read() })
		r.Go("poller", func() { w.edge(Readable); w.edge(Readable) })
		w.expect(3, nil)
		w.expectCalls(Read, 3+2)
	}},
	{Name: "an edge of data that a read has seen", Notes: "HB-3", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.edge(Readable)
		r.Go("reader", func() { w.read(); w.read() })
		r.Go("poller", func() { w.edge(Readable) })
		w.expect(2, nil)
		w.expectCalls(Read, 3)
	}},
	{Name: "an edge that was stored, and a wait that begins with it", Notes: "I4, HB-2", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.edge(Readable)
		w.edge(Readable) // E2
		r.Go("reader", func() {
			w.end(w.pd.Wait(Read)) // as after a short read
			w.call(Read)
			w.call(Read)
			w.read()
		})
		r.Go("poller", func() { w.edge(Readable) })
		w.expect(2, nil)
	}},
	{Name: "a deadline in the past", Notes: "HB-1, I5", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("reader", w.read)
		r.Go("setter", func() { w.set(Read, Read, start) })
		w.expect(1, os.ErrDeadlineExceeded)
		w.expectCalls(Read, 1)
	}},
	{Name: "an operation that begins too late", Notes: "I5, D3", Variants: 3, Setup: func(r *search.Run) {
		w := newWorld(r)
		var want error
		switch r.Variant {
		case 0:
			w.pd.Evict()
			want = net.ErrClosed
		case 1:
			w.pd.Interrupt(Read)
			want = ErrInterrupted
		case 2:
			w.set(Read, Read, start)
			want = os.ErrDeadlineExceeded
		}
		r.Go("reader", w.read)
		w.expect(1, want)
		w.expectCalls(Read, 0)
	}},
	{Name: "operations that begin too late keep an edge", Notes: "I4, D3", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.edge(Readable)
		w.set(Read, Read, start)
		r.Go("reader", func() {
			if w.pd.Prepare(Read) == nil || w.pd.Wait(Read) == nil {
				w.wrong = "an operation begins after its deadline"
			}
			w.set(Read, Read, 0)
			w.end(w.pd.Wait(Read)) // as after a short read
			w.call(Read)
		})
		w.expect(1, nil)
	}},
	{Name: "a deadline comes", Notes: "HB-1, I5, D1", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.set(Read, Read, 5)
		r.Go("reader", w.read)
		r.Go("timer", func() { w.due(5) })
		w.expect(1, os.ErrDeadlineExceeded)
		w.expectCalls(Read, 1)
	}},
	{Name: "evict", Notes: "HB-1, I5", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("reader", w.read)
		r.Go("closer", w.pd.Evict)
		w.expect(1, net.ErrClosed)
		w.expectCalls(Read, 1)
	}},
	{Name: "two evict", Notes: "HB-1, I2", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("reader", func() { w.read(); w.pd.Limit(Read, 5, start) })
		r.Go("closer", w.pd.Evict)
		r.Go("other", func() { w.pd.Evict(); w.set(Read, Read, 5) })
		w.expect(1, net.ErrClosed)
		w.expectArmed(0)
	}},
	{Name: "evict before a deadline", Notes: "HB-1, I5, D1", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.set(Read, Read, 5)
		r.Go("reader", w.read)
		r.Go("closer", w.pd.Evict)
		w.expect(1, net.ErrClosed)
		w.expectArmed(0)
	}},
	{Name: "an edge and evict", Notes: "HB-1, HB-2, I2", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("reader", w.read)
		r.Go("poller", func() { w.edge(Readable) })
		r.Go("closer", w.pd.Evict)
		w.expect(1, nil, net.ErrClosed)
	}},
	{Name: "an edge and a deadline in the past, taken back", Notes: "HB-2, I4", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("reader", func() { w.end(w.again(func() error { return w.transfer(Read) })) })
		r.Go("poller", func() { w.edge(Readable) })
		r.Go("setter", func() { w.set(Read, Read, start) })
		w.expect(1, nil)
	}},
	{Name: "a wait that begins an operation, and a deadline in the past, taken back", Notes: "I4", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("reader", func() { w.end(w.again(func() error { return w.pd.Wait(Read) })) }) // as after a short read
		r.Go("poller", func() { w.edge(Readable) })
		r.Go("setter", func() { w.set(Read, Read, start) })
		w.expect(1, nil)
	}},
	{Name: "facts are published before the edge", Notes: "I5", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("reader", func() {
			w.end(w.pd.Wait(Read))
			if !w.pd.Exceptional() || !w.pd.HungUp() {
				w.wrong = "an edge, and the facts that came with it are not published"
			}
		})
		r.Go("poller", func() { w.pd.Edge(w.gen, Readable|RDHUP) })
		r.Go("other", func() { w.set(Write, Write, start) }) // writes to info too
		w.expect(1, nil)
	}},
	{Name: "both sides and evict", Notes: "HB-1, HB-2, I2", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("reader", w.read)
		r.Go("writer", w.write)
		r.Go("poller", func() { w.edge(Readable | Writable) })
		r.Go("closer", w.pd.Evict)
		w.expect(2, nil, net.ErrClosed)
	}},
	{Name: "one side only", Notes: "HB-2, I5", Setup: func(r *search.Run) {
		w := newWorld(r)
		var readErr, writeErr error
		r.Go("reader", func() { readErr = w.transfer(Read) })
		r.Go("writer", func() { writeErr = w.transfer(Write) })
		r.Go("poller", func() { w.edge(Writable) })
		r.Go("setter", func() { w.set(Read, Read, start) })
		w.expectCalls(Read, 1)
		w.expectCalls(Write, 2)
		w.expect(0)
		r.Check(func() string {
			if readErr != os.ErrDeadlineExceeded || writeErr != nil {
				return fmt.Sprintf("the reader ended with %v, the writer with %v", readErr, writeErr)
			}
			return ""
		})
	}},
}

// again repeats an operation until it is not told of a deadline. It takes the deadline back
// each time.
func (w *world) again(op func() error) error {
	err := op()
	for tries := 0; err == os.ErrDeadlineExceeded; tries++ {
		if tries > 2 {
			panic("a deadline that was taken back")
		}
		w.set(Read, Read, 0)
		err = op()
	}
	return err
}
