package fd

import (
	"github.com/a57b2d82/netpoller/internal/search"
)

// Reads, and the edges that they wait for.
var reads = []search.Scenario{
	{Name: "a read waits for data", Notes: "HB-2, HB-3", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("reader", func() { w.read(9) })
		r.Go("peer", func() { w.arrive(1) })
		w.expect(1, nil)
		w.CheckCalls("read", 2)
	}},
	{Name: "a read and close", Notes: "HB-1, HB-6", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("reader", func() { w.read(9) })
		r.Go("closer", w.close)
		w.expect(1, errClosed)
		w.CheckClosed()
	}},
}
