package poller

import (
	"net"

	"github.com/a57b2d82/netpoller/internal/search"
	"github.com/a57b2d82/netpoller/internal/search/kernel"
	"github.com/a57b2d82/netpoller/polldesc"
)

// A poller that is closed, and what the reactor does for those in bubbles.
var groups = []search.Scenario{
	{Name: "a poller is closed while one waits", Notes: "group close, HB-1, HB-7", Variants: 2, Setup: func(r *search.Run) {
		w := newWorld(r, Strategy(r.Variant))
		w.ReactorsEnd = true
		fd, pd := w.register()
		r.Go("reader", func() { w.end(w.read(fd, pd)) })
		r.Go("closer", w.p.close)
		w.expect(1, net.ErrClosed)
	}},
	{Name: "a poller is closed while one registers", Notes: "group close", Setup: func(r *search.Run) {
		w := newWorld(r, Nested)
		w.ReactorsEnd = true
		r.Go("user", func() {
			fd := w.Socket(kernel.TCP, 1)
			pd, err := w.p.open(fd)
			if err == nil {
				err = w.read(fd, pd)
				w.unregister(fd, pd)
			}
			w.end(err)
		})
		r.Go("closer", w.p.close)
		w.expect(1, net.ErrClosed, ErrClosed)
	}},
	{Name: "a poller is closed while one unregisters", Notes: "group close, HB-6", Setup: func(r *search.Run) {
		w := newWorld(r, Nested)
		w.ReactorsEnd = true
		fd, pd := w.register()
		r.Settle()
		r.Go("user", func() { w.unregister(fd, pd) })
		r.Go("closer", w.p.close)
		w.expect(0)
	}},
	{Name: "a poller is closed by two", Notes: "group close", Setup: func(r *search.Run) {
		w := newWorld(r, Nested)
		w.ReactorsEnd = true
		w.register()
		r.Settle()
		r.Go("one", w.p.close)
		r.Go("two", w.p.close)
		w.expect(0)
	}},
	{Name: "a group makes its poller for two", Notes: "group", Setup: func(r *search.Run) {
		w := newWorld(r, Nested)
		g := NewGroup(Config{Pollers: 1})
		use := func() {
			_, _, err := g.Register(w.Socket(kernel.TCP, 1))
			w.end(err)
		}
		r.Go("one", use)
		r.Go("two", use)
		w.expect(2, nil)
		r.Check(func() string {
			if g.Stats().Open != 2 {
				return "a poller was lost"
			}
			return ""
		})
	}},
	{Name: "a channel is made for an owner in a bubble", Notes: "errands", Setup: func(r *search.Run) {
		w := newWorld(r, Nested)
		fd, pd := w.register()
		r.Settle()
		w.InBubble = true
		r.Go("reader", func() { w.end(w.read(fd, pd)) })
		r.Go("peer", func() { w.Arrive(fd, 1, 0) })
		w.expect(1, nil)
	}},
	{Name: "a channel is made for an owner in a bubble, and the poller is closed", Notes: "errands, group close", Setup: func(r *search.Run) {
		w := newWorld(r, Nested)
		w.ReactorsEnd = true
		fd, pd := w.register()
		r.Settle()
		w.InBubble = true
		r.Go("reader", func() { w.end(w.read(fd, pd)) })
		r.Go("closer", w.p.close)
		w.expect(1, net.ErrClosed)
	}},
	{Name: "a channel is made for an owner in a bubble while a deadline is set, and the poller is closed", Notes: "errands, group close: the last of them too", Setup: func(r *search.Run) {
		w := newWorld(r, Nested)
		w.ReactorsEnd = true
		fd, pd := w.register()
		_, other := w.register()
		r.Settle()
		w.InBubble = true
		r.Go("reader", func() { w.end(w.read(fd, pd)) })
		r.Go("setter", func() { w.setUnlessClosed(other, 5) })
		r.Go("closer", w.p.close)
		w.expect(1, net.ErrClosed)
	}},
	{Name: "one in a bubble registers", Notes: "errands, life", Setup: func(r *search.Run) {
		w := newWorld(r, Nested)
		w.InBubble = true
		r.Go("user", func() {
			fd := w.Socket(kernel.TCP, 1)
			w.Arrive(fd, 1, 0)
			pd, err := w.p.open(fd)
			if err == nil {
				err = pd.Wait(polldesc.Read)
			}
			w.end(err)
		})
		w.expect(1, nil)
	}},
}
