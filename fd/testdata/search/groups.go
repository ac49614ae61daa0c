package fd

import (
	"github.com/a57b2d82/netpoller/internal/search"
	"github.com/a57b2d82/netpoller/poller"
)

// A group that is closed.
var groups = []search.Scenario{
	{Name: "a group is closed while a reader waits", Notes: "group close, HB-1", Variants: 2, Setup: func(r *search.Run) {
		w := newWorldOf(r, KindTCP, poller.Strategy(r.Variant))
		r.Go("reader", func() { w.read(1) })
		r.Go("closer", func() { w.group.Close() })
		w.expect(1, errClosed)
	}},
	{Name: "a group is closed while a writer waits", Notes: "group close, HB-1", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.write(roomy)
		r.Go("writer", func() { w.write(1) })
		r.Go("closer", func() { w.group.Close() })
		w.expect(2, nil, errClosed)
	}},
	{Name: "a group and a descriptor are closed", Notes: "group close, HB-6", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("reader", func() { w.read(1) })
		r.Settle()
		r.Go("group", func() { w.group.Close() })
		r.Go("closer", w.close)
		w.expect(1, errClosed)
	}},
}
