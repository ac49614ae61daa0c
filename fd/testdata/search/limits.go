package fd

import (
	"os"

	"github.com/a57b2d82/netpoller/internal/search"
)

// How long a wait may last.
var limits = []search.Scenario{
	{Name: "a limit and a pause", Notes: "D1, a limit is of one wait", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.fd.SetLimits(5, 0)
		w.waitOnce()
		r.Go("reader", func() { w.Pass(20); w.arrive(1); w.read(1) })
		w.expect(2, nil)
	}},
	{Name: "a limit and data", Notes: "HB-1, D1", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.fd.SetLimits(5, 0)
		r.Go("reader", func() { w.read(1) })
		r.Settle()
		r.Go("peer", func() { w.arrive(1) })
		r.Go("clock", func() { w.Pass(10) })
		w.expect(1, nil, os.ErrDeadlineExceeded)
	}},
	{Name: "a limit that came, and another read", Notes: "HB-8, D1", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.fd.SetLimits(5, 0)
		r.Go("reader", func() { w.readAgain(1) })
		r.Settle()
		w.Pass(10)
		r.Go("peer", func() { w.arrive(1) })
		w.expectBytes(1)
	}},
	{Name: "a limit comes", Notes: "HB-8, D1", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.fd.SetLimits(5, 0)
		r.Go("reader", func() { w.read(1) })
		r.Settle()
		r.Go("clock", func() { w.Pass(10) })
		w.expect(1, os.ErrDeadlineExceeded)
	}},
	{Name: "a limit and close", Notes: "HB-1, I5", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.fd.SetLimits(5, 0)
		r.Go("reader", func() { w.read(1) })
		r.Settle()
		r.Go("closer", w.close)
		w.expect(1, errClosed)
		w.CheckClosed()
	}},
	{Name: "a limit of a write, and the peer takes all at last", Notes: "HB-1, D1", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.fd.SetLimits(0, 5)
		r.Go("writer", func() { w.write(roomy + 1) })
		r.Settle()
		r.Go("peer", func() { w.Pass(10); w.Drain(w.sysfd, roomy) })
		w.expect(1, nil, os.ErrDeadlineExceeded)
	}},
	{Name: "a limit of a write, and the peer takes a little", Notes: "a limit is of one wait without progress", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.open(KindTCP, roomier)
		w.fd.SetLimits(0, 5)
		r.Go("writer", func() { w.write(2 * roomier) })
		r.Settle()
		r.Go("peer", func() {
			w.Drain(w.sysfd, 1) // of which nobody is told
			w.Pass(10)
			w.Drain(w.sysfd, 2*roomier)
		})
		w.expect(1, nil)
	}},
}
