package poller

import (
	"fmt"
	"net"

	"github.com/a57b2d82/netpoller/internal/search"
	"github.com/a57b2d82/netpoller/polldesc"
)

// The flag that coalesces wake-ups: what is armed while the reactor is awake, or about to
// sleep, is in time.
var wakes = []search.Scenario{
	{Name: "two deadlines are set, the later one first", Notes: "HB-7, HB-8", Variants: 2, Setup: func(r *search.Run) {
		w := newWorld(r, Strategy(r.Variant))
		_, pd := w.register()
		r.Settle()
		r.Go("setter", func() { w.set(pd, 9); w.set(pd, 5) })
		w.expectSleep(5)
		w.CheckCalls("notify", 2)
	}},
	{Name: "two set deadlines", Notes: "HB-7, HB-8", Variants: 2, Setup: func(r *search.Run) {
		w := newWorld(r, Strategy(r.Variant))
		_, one := w.register()
		_, two := w.register()
		r.Settle()
		r.Go("one", func() { w.set(one, 9) })
		r.Go("two", func() { w.set(two, 5) })
		w.expectSleep(5)
		w.CheckCalls("notify", 2)
	}},
	{Name: "a deadline is set while an event comes", Notes: "HB-7, HB-8", Variants: 2, Setup: func(r *search.Run) {
		w := newWorld(r, Strategy(r.Variant))
		fd, pd := w.register()
		r.Settle()
		r.Go("setter", func() { w.set(pd, 5) })
		r.Go("peer", func() { w.Arrive(fd, 1, 0) })
		w.expectSleep(5)
		w.CheckCalls("notify", 1)
	}},
	{Name: "more events than a batch has", Notes: "fact e", Variants: 2, Setup: func(r *search.Run) {
		w := newWorld(r, Strategy(r.Variant))
		var fds [3]int
		for i := range fds {
			fds[i], _ = w.register()
		}
		r.Settle()
		r.Go("peer", func() {
			for _, fd := range fds {
				w.Arrive(fd, 1, 0)
			}
		})
		r.Check(func() string {
			if w.Listed(w.p.epfd) {
				return "an event was not fetched"
			}
			return ""
		})
	}},
}

// setUnlessClosed is set of a descriptor that may be evicted meanwhile.
func (w *world) setUnlessClosed(pd *polldesc.PollDesc, at int64) {
	if w.set(pd, at); w.wrong == net.ErrClosed.Error() {
		w.wrong = ""
	}
}

func (w *world) set(pd *polldesc.PollDesc, at int64) {
	if err := pd.SetDeadline(pd.Token().Gen, polldesc.Read, polldesc.Read, at, 1); err != nil {
		w.wrong = err.Error()
	}
}

// expectSleep checks that the reactor sleeps at the end, until then.
func (w *world) expectSleep(until int64) {
	w.run.Check(func() string {
		if got := w.SleepsUntil(w.p.epfd); got != until || w.wrong != "" {
			return fmt.Sprintf("the reactor sleeps until %d, not %d %s", got, until, w.wrong)
		}
		return ""
	})
}
