package fd

import (
	"github.com/a57b2d82/netpoller/internal/search"
	"github.com/a57b2d82/netpoller/internal/search/kernel/context"
)

// Operations that a context can end.
var contexts = []search.Scenario{
	{Name: "a context ends a read", Notes: "HB-1, I5", Setup: func(r *search.Run) {
		w, ctx := newWorld(r), context.New()
		r.Go("reader", func() { w.readContext(ctx, 1) })
		r.Go("canceler", ctx.Cancel)
		w.expect(1, context.Canceled)
		w.expectUninterrupted()
	}},
	{Name: "a context ends a read, or data does", Notes: "HB-1, HB-2, I4", Setup: func(r *search.Run) {
		w, ctx := newWorld(r), context.New()
		r.Go("reader", func() {
			w.readContext(ctx, 1)
			if w.got == 0 {
				w.read(1)
			}
		})
		r.Settle()
		r.Go("canceler", ctx.Cancel)
		r.Go("peer", func() { w.arrive(1) })
		w.expectNothing()
		w.expectBytes(1)
		w.expectUninterrupted()
	}},
	{Name: "a context ends a read, and another reader waits", Notes: "an interrupt is of one owner", Setup: func(r *search.Run) {
		w, ctx := newWorld(r), context.New()
		r.Go("one", func() { w.readContext(ctx, 1) })
		r.Settle()
		r.Go("two", func() { w.read(1) })
		r.Settle()
		r.Go("canceler", func() { ctx.Cancel(); w.arrive(2) }) // the first may still take one
		w.expect(2, nil, context.Canceled)
		w.expectUninterrupted()
	}},
	{Name: "a read begins after its context, and would not wait", Notes: "D3, of a context", Setup: func(r *search.Run) {
		w, ctx := newWorld(r), context.New()
		w.arrive(1)
		r.Settle()
		ctx.Cancel()
		r.Go("reader", func() { w.readContext(ctx, 1) })
		w.expect(1, context.Canceled)
		w.CheckCalls("read", 0)
	}},
	{Name: "a context ends late", Notes: "an interrupt is of one owner", Setup: func(r *search.Run) {
		w, ctx := newWorld(r), context.New()
		w.arrive(1)
		r.Settle()
		r.Go("reader", func() { w.readContext(ctx, 1); w.read(1) })
		r.Go("canceler", func() { ctx.Cancel(); w.arrive(1) })
		w.expect(2, nil, context.Canceled)
		w.expectUninterrupted()
	}},
}
