package fd

import (
	"io"
	"os"

	"github.com/a57b2d82/netpoller/internal/search"
	"github.com/a57b2d82/netpoller/internal/search/kernel"
	"github.com/a57b2d82/netpoller/internal/search/kernel/context"
	"github.com/a57b2d82/netpoller/poller"
)

// Reads, the edges that they wait for, and the system calls that they save after a short read.
var reads = []search.Scenario{
	{Name: "a read waits for data", Notes: "HB-2, HB-3", Variants: 2, Setup: func(r *search.Run) {
		w := newWorldOf(r, KindTCP, poller.Strategy(r.Variant))
		r.Go("reader", func() { w.read(9) })
		r.Go("peer", func() { w.arrive(1) })
		w.expect(1, nil)
		w.CheckCalls("read", 2)
	}},
	{Name: "a read and close", Notes: "HB-1, HB-6", Variants: 2, Setup: func(r *search.Run) {
		w := newWorldOf(r, KindTCP, poller.Strategy(r.Variant))
		r.Go("reader", func() { w.read(9) })
		r.Go("closer", w.close)
		w.expect(1, errClosed)
		w.CheckClosed()
	}},
	{Name: "a read, data and close", Notes: "HB-1, HB-2, HB-6", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("reader", func() { w.read(9) })
		r.Settle()
		r.Go("peer", func() { w.arrive(1) })
		r.Go("closer", w.close)
		w.expect(1, nil, errClosed)
		w.CheckClosed()
	}},
	{Name: "short reads", Notes: "the short-read rule, HB-2", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("reader", func() { w.readAll(2) })
		r.Go("peer", func() { w.arrive(1); w.arrive(1) })
		w.expectBytes(2)
		w.CheckCalls("read", 4)
	}},
	{Name: "reads by two, after a short one", Notes: "the short-read rule, HB-2", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.arrive(1)
		w.read(9)
		r.Settle()
		r.Go("one", func() { w.read(1) })
		r.Go("two", func() { w.read(1) })
		r.Go("peer", func() { w.arrive(2) })
		w.expect(3, nil)
		w.expectBytes(3)
		w.CheckCalls("read", 4)
	}},
	{Name: "data and the end", Notes: "the short-read rule, I5", Variants: 4, Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("reader", func() {
			for len(w.ended) == 0 || w.ended[len(w.ended)-1] == nil {
				w.read(9)
			}
		})
		r.Go("peer", func() {
			switch r.Variant {
			case 0:
				w.Arrive(w.sysfd, 1, kernel.EOF)
			case 1:
				w.arrive(1)
				w.Arrive(w.sysfd, 0, kernel.EOF)
			case 2:
				w.Arrive(w.sysfd, 0, kernel.EOF)
			case 3:
				w.arrive(1)
				w.Arrive(w.sysfd, 0, kernel.Reset)
			}
		})
		last := error(io.EOF)
		if r.Variant == 3 {
			last = errReset
		}
		w.expectLast(last)
		w.CheckCalls("read", 4)
	}},
	{Name: "a short read, then a deadline that is taken back", Notes: "the short-read rule, I4", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.arrive(1)
		w.read(9)
		r.Settle()
		r.Go("reader", func() { w.readAgain(1) })
		r.Go("peer", func() { w.arrive(1) })
		r.Go("setter", func() { w.setDeadline(-1) })
		w.expectBytes(2)
	}},
	{Name: "a short read, then an operation that takes nothing", Notes: "the short-read rule, HB-3", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.arrive(1)
		w.read(9)
		r.Settle()
		r.Go("reader", func() {
			w.end(w.fd.WaitReadable(context.Background()))
			w.read(9)
			w.readAll(3)
		})
		r.Go("peer", func() { w.arrive(1); w.arrive(1) })
		w.expectBytes(3)
		w.CheckCalls("read", 4)
	}},
	{Name: "a short read, and the descriptor is exposed", Notes: "the short-read rule", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.arrive(1)
		w.read(9)
		r.Settle()
		r.Go("reader", func() { w.read(1) })
		r.Go("other", func() { w.end(w.fd.RawControl(func(uintptr) {})) })
		r.Go("peer", func() { w.arrive(1) })
		w.expect(3, nil)
	}},
	{Name: "an operation begins after its deadline, and would not wait", Notes: "D3", Variants: 4, Setup: func(r *search.Run) {
		w := newWorld(r)
		w.arrive(1)
		r.Settle()
		w.setDeadline(-1)
		op, call := func() { w.read(1) }, "read"
		switch r.Variant {
		case 1:
			op, call = func() { w.write(1) }, "write"
		case 2:
			op, call = w.accept, "accept"
		case 3:
			op = func() { w.end(w.rawRead()) }
		}
		r.Go("user", op)
		w.expect(1, os.ErrDeadlineExceeded)
		w.CheckCalls(call, 0)
	}},
	{Name: "PeerClosed and close", Notes: "HB-6", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("peer", func() {
			w.Arrive(w.sysfd, 0, kernel.EOF)
			if !w.fd.PeerClosed() {
				w.wrong = "the peer has closed, and PeerClosed is false"
			}
		})
		r.Go("closer", w.close)
		w.expectNothing()
		w.CheckClosed()
	}},
	{Name: "a deadline comes, or data", Notes: "D1, D3, HB-8", Variants: 2, Setup: func(r *search.Run) {
		w := newWorldOf(r, KindTCP, poller.Strategy(r.Variant))
		w.setDeadline(5)
		r.Go("reader", func() { w.read(1) })
		r.Settle()
		r.Go("peer", func() { w.arrive(1) })
		r.Go("clock", func() { w.Pass(5); w.Pass(10) })
		w.expect(1, nil, os.ErrDeadlineExceeded)
	}},
	{Name: "a deadline or a limit has not come, and data has", Notes: "D1: nothing ends early", Variants: 2, Setup: func(r *search.Run) {
		w := newWorld(r)
		if r.Variant == 0 {
			w.setDeadline(6)
		} else {
			w.fd.SetLimits(5, 0) // from 1 on
		}
		r.Go("reader", func() { w.read(1) })
		r.Settle()
		r.Go("peer", func() { w.arrive(1) })
		r.Go("clock", func() { w.Pass(5) })
		w.expect(1, nil)
	}},
	{Name: "a deadline is set and close", Notes: "D1, HB-4, I5", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("reader", func() { w.read(1) })
		r.Settle()
		r.Go("setter", func() { w.setDeadline(-1) })
		r.Go("closer", w.close)
		w.expect(1, errClosed, os.ErrDeadlineExceeded)
		w.CheckClosed()
	}},
	{Name: "on an eventfd and on a channel, by turns", Notes: "I2, I7", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.waitOnce()
		r.Go("reader", func() { w.read(1); w.read(1) })
		r.Go("peer", func() { w.arrive(1); w.arrive(1) })
		w.expect(3, nil)
		r.Check(func() string {
			if w.Calls["read"] > 2+2 && w.Calls["eventfd"] < 2 { // two reads before, and the poller's
				return "a read was about to wait, and not on an eventfd"
			}
			return ""
		})
	}},
	{Name: "on an eventfd, an edge and close", Notes: "I2, I5, HB-6", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.waitOnce()
		r.Go("reader", func() { w.read(1) })
		r.Settle()
		r.Go("peer", func() { w.arrive(1) })
		r.Go("closer", w.close)
		w.expect(2, nil, errClosed)
		w.expectCalled("take_notify")
		w.CheckClosed()
	}},
}

// waitOnce is a read whose wake-up comes in a quiet batch: the next wait parks on an eventfd.
func (w *world) waitOnce() {
	w.run.Go("reader before", func() { w.read(1) })
	w.run.Settle()
	w.arrive(1)
	w.run.Settle()
}
