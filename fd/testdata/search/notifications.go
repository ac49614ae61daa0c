package fd

import (
	"fmt"

	"github.com/a57b2d82/netpoller/internal/search"
)

// Notifications, which wait without a goroutine.
var notifications = []search.Scenario{
	{Name: "a notification", Notes: "HB-1, HB-2", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("user", func() { w.notify() })
		r.Go("peer", func() { w.arrive(1) })
		w.expectNotified(1)
	}},
	{Name: "a notification and close", Notes: "HB-1, HB-6", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("user", func() { w.notify() })
		r.Go("closer", w.close)
		w.expectNotified(1)
		w.CheckClosed()
	}},
	{Name: "a notification is stopped", Notes: "stop and the call: one of them", Setup: func(r *search.Run) {
		w := newWorld(r)
		stop := w.notify()
		r.Settle()
		r.Go("stopper", func() { w.stop(stop) })
		r.Go("peer", func() { w.arrive(1) })
		w.expectNotified(1)
		w.expectUninterrupted()
	}},
	{Name: "a notification is stopped by two", Notes: "stop and the call: one of them", Setup: func(r *search.Run) {
		w := newWorld(r)
		stop := w.notify()
		r.Settle()
		r.Go("one", func() { w.stop(stop) })
		r.Go("two", func() { w.stop(stop) })
		w.expectNotified(1)
		w.expectUninterrupted()
	}},
	{Name: "a notification is stopped, and a reader waits behind it", Notes: "an interrupt is of one owner", Setup: func(r *search.Run) {
		w := newWorld(r)
		stop := w.notify()
		r.Go("reader", func() { w.read(1) })
		r.Settle()
		r.Go("stopper", func() { w.stop(stop) })
		r.Go("peer", func() { w.arrive(1) })
		w.expectNotified(1)
		w.expect(1, nil)
		w.expectUninterrupted()
	}},
	{Name: "a notification is stopped late", Notes: "an interrupt is of one owner", Setup: func(r *search.Run) {
		w := newWorld(r)
		stop := w.notify()
		r.Go("reader", func() { w.read(1); w.read(1) })
		r.Settle()
		r.Go("peer", func() { w.arrive(2); w.stop(stop) })
		w.expectNotified(1)
		w.expect(2, nil)
		w.expectUninterrupted()
	}},
	{Name: "a notification after a short read, then a read", Notes: "the short-read rule, HB-3", Variants: 2, Setup: func(r *search.Run) {
		w := newWorld(r)
		w.InBubble = r.Variant == 1
		w.arrive(1)
		w.read(9)
		r.Settle()
		r.Go("user", func() { w.fd.NotifyReadable(func() { w.called++; w.readAll(3) }) })
		r.Go("peer", func() { w.arrive(1); w.arrive(1) })
		w.expectNotified(1)
		w.expectBytes(3)
	}},
	{Name: "a notification, then another one", Notes: "HB-2, I2", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("user", func() {
			w.fd.NotifyReadable(func() { w.called++; w.read(1); w.notify() })
		})
		r.Settle()
		r.Go("peer", func() { w.arrive(1); w.arrive(1) })
		w.expectNotified(2)
	}},
	{Name: "a notification is stopped, perhaps too late, then another one", Notes: "stop makes way", Setup: func(r *search.Run) {
		w := newWorld(r)
		stop := w.notify()
		r.Settle()
		r.Go("user", func() { w.stop(stop); w.notify() })
		r.Go("peer", func() { w.arrive(1) })
		w.expectNotified(2)
		w.expectUninterrupted()
	}},
	{Name: "a notification in a bubble", Notes: "HB-1, HB-2", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.InBubble = true
		stop := w.notify()
		r.Settle()
		r.Go("stopper", func() { w.stop(stop) })
		r.Go("peer", func() { w.arrive(1) })
		w.expectNotified(1)
		w.expectUninterrupted()
	}},
}

// notify asks for a call, and counts it.
func (w *world) notify() (stop func() bool) {
	return w.fd.NotifyReadable(func() { w.called++ })
}

// stop counts a call that it prevents as one: there is one or the other.
func (w *world) stop(stop func() bool) {
	if stop() {
		w.called++
	}
}

func (w *world) expectNotified(n int) {
	w.expectNothing()
	w.run.Check(func() string {
		if w.called != n {
			return fmt.Sprintf("%d calls and stops, not %d", w.called, n)
		}
		return ""
	})
}
