package fd

import (
	"os"
	"time"

	"github.com/a57b2d82/netpoller/internal/search"
	"github.com/a57b2d82/netpoller/internal/search/kernel"
	"github.com/a57b2d82/netpoller/poller"
)

// Accepts, and what ends them.
var accepts = []search.Scenario{
	{Name: "an accept waits for a connection", Notes: "HB-2, HB-3", Variants: 2, Setup: func(r *search.Run) {
		w := newWorldOf(r, KindTCP, poller.Strategy(r.Variant))
		r.Go("accepter", w.accept)
		r.Go("peer", func() { w.arrive(1) })
		w.expect(1, nil)
		w.CheckCalls("accept", 2)
	}},
	{Name: "two accept", Notes: "HB-2: an edge is of all that is in the queue", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("one", w.accept)
		r.Go("two", w.accept)
		r.Settle()
		r.Go("peer", func() { w.arrive(2) })
		w.expect(2, nil)
		w.CheckCalls("accept", 3)
	}},
	{Name: "two accept, and close", Notes: "HB-1, HB-6", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("one", w.accept)
		r.Go("two", w.accept)
		r.Settle()
		r.Go("peer", func() { w.arrive(1) })
		r.Go("closer", w.close)
		w.expect(2, nil, errClosed)
		w.CheckClosed()
	}},
	{Name: "a connection that was aborted, and another one", Notes: "Accept passes over it", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("accepter", w.accept)
		r.Go("peer", func() { w.Arrive(w.sysfd, 0, kernel.Aborted); w.arrive(1) })
		w.expect(1, nil)
	}},
	{Name: "an accept, a connection, and a deadline that is taken back", Notes: "HB-1, HB-2, I4", Variants: 2, Setup: func(r *search.Run) {
		w := newWorld(r)
		if r.Variant == 1 {
			w.expose()
		}
		r.Go("accepter", w.acceptAgain)
		r.Settle()
		r.Go("peer", func() { w.arrive(1) })
		r.Go("setter", func() { w.setDeadline(-1) })
		w.expect(1, nil)
	}},
	{Name: "an accept, and code that was given the listener makes it blocking", Notes: "a raw accept4 does not block", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("accepter", w.accept)
		r.Go("user", func() {
			if err := w.fd.RawControl(func(fd uintptr) { w.Block(int(fd)) }); err != nil {
				panic(err)
			}
			w.arrive(1)
		})
		w.expect(1, nil)
	}},
	{Name: "an accept, and a deadline comes", Notes: "HB-8, D1", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("accepter", w.accept)
		r.Go("setter", func() { w.setDeadline(5); w.Pass(10) })
		w.expect(1, os.ErrDeadlineExceeded)
	}},
	{Name: "an accept, a connection, a deadline in the past and close", Notes: "HB-1, HB-2, HB-6, I5", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("accepter", w.accept)
		r.Settle()
		r.Go("peer", func() { w.arrive(1) })
		r.Go("setter", func() { w.setDeadline(-1) })
		r.Go("closer", w.close)
		w.expect(1, nil, os.ErrDeadlineExceeded, errClosed)
		w.CheckClosed()
	}},
}

// accept accepts one connection.
func (w *world) accept() {
	_, _, err := w.fd.Accept()
	w.end(err)
}

// acceptAgain accepts one, and again if a deadline ends that. It takes the deadline back first.
func (w *world) acceptAgain() {
	for {
		_, _, err := w.fd.Accept()
		if err != os.ErrDeadlineExceeded {
			w.end(err)
			return
		}
		w.fd.SetReadDeadline(time.Time{})
	}
}

// expose gives the descriptor out.
func (w *world) expose() {
	if err := w.fd.RawControl(func(uintptr) {}); err != nil {
		panic(err)
	}
}
