package fd

import (
	"fmt"
	"os"
	"slices"
	"syscall"

	"github.com/a57b2d82/netpoller/internal/search"
	"github.com/a57b2d82/netpoller/internal/search/kernel/context"
	"github.com/a57b2d82/netpoller/polldesc"
	"github.com/a57b2d82/netpoller/poller"
)

const refused = syscall.ECONNREFUSED

// Connects, and what ends them.
var connects = []search.Scenario{
	{Name: "a connect", Notes: "HB-2, fact b", Variants: 2, Setup: func(r *search.Run) {
		w := newConnecting(r, poller.Strategy(r.Variant))
		w.AtRegister = func() { search.GoNamed("peer", func() { w.Answer(w.sysfd) }) }
		r.Go("dialer", func() { w.connect(context.Background()) })
		w.expect(2, nil)
		w.CheckCalls("epoll_mod", 1)
	}},
	{Name: "a connect is refused", Notes: "HB-2, fact b", Variants: 2, Setup: func(r *search.Run) {
		w := newConnecting(r, poller.Strategy(r.Variant))
		w.AtRegister = func() { search.GoNamed("peer", func() { w.Refuse(w.sysfd) }) }
		r.Go("dialer", func() { w.connect(context.Background()) })
		w.expect(1, refused)
		w.CheckCalls("epoll_mod", 1)
	}},
	{Name: "a connect is answered before the socket is registered", Notes: "fact b", Variants: 2, Setup: func(r *search.Run) {
		w := newConnecting(r, poller.Strategy(r.Variant))
		w.AtConnect = func() { w.Answer(w.sysfd) }
		r.Go("dialer", func() { w.connect(context.Background()) })
		w.expect(2, nil)
		w.CheckCalls("epoll_mod", 0)
	}},
	{Name: "a context ends a connect", Notes: "HB-1, I5", Setup: func(r *search.Run) {
		w, ctx := newConnecting(r, poller.Nested), context.New()
		r.Go("dialer", func() { w.connect(ctx) })
		r.Go("canceler", ctx.Cancel)
		w.expect(1, context.Canceled)
	}},
	{Name: "a context ends a connect, or the peer answers", Notes: "HB-1, HB-2: and what is connected can be written to", Variants: 2, Setup: func(r *search.Run) {
		w, ctx := newConnecting(r, poller.Nested), context.New()
		r.Go("dialer", func() { w.end(w.connectOnly(ctx)) })
		r.Settle()
		r.Go("canceler", ctx.Cancel)
		want := error(nil)
		if r.Variant == 0 {
			r.Go("peer", func() { w.Answer(w.sysfd) })
		} else {
			r.Go("peer", func() { w.Refuse(w.sysfd) })
			want = refused
		}
		w.expect(1, want, context.Canceled)
		r.Check(func() string {
			if w.ended[0] == nil && w.fd.pd.Prepare(polldesc.Write) != nil {
				return "connected, and a Write would fail"
			}
			return ""
		})
	}},
	{Name: "a context ends a connect when the peer has answered", Notes: "a connection that came too late is none", Setup: func(r *search.Run) {
		w, ctx := newConnecting(r, poller.Nested), context.New()
		w.AtConnect = func() { w.Answer(w.sysfd) }
		r.Go("dialer", func() { w.connect(ctx) })
		r.Go("canceler", ctx.Cancel)
		w.expectOneOf([]error{context.Canceled}, []error{nil, nil})
	}},
	{Name: "a group is closed while one connects", Notes: "group close, HB-1", Setup: func(r *search.Run) {
		w := newConnecting(r, poller.Nested)
		r.Go("dialer", func() { w.connect(context.Background()) })
		r.Go("closer", func() { w.group.Close() })
		w.expect(1, errClosed, poller.ErrClosed)
	}},
}

// newConnecting returns a world with a second socket that is not connected. The poller is there
// already, because of the first one.
func newConnecting(r *search.Run, wait poller.Strategy) *world {
	w := newWorldOf(r, KindTCP, wait)
	w.sysfd, w.fd = w.Unconnected(roomy), new(FD)
	w.fd.Own(w.sysfd, KindTCP)
	search.NameAll("fd", w.fd)
	return w
}

// connect connects, and then writes, or closes the socket.
func (w *world) connect(ctx context.Context) {
	err := w.connectOnly(ctx)
	w.end(err)
	if err == nil {
		w.write(1)
	} else {
		w.close()
	}
}

func (w *world) connectOnly(ctx context.Context) error {
	err := w.fd.Connect(ctx, nil, w.group)
	if call, ok := err.(*os.SyscallError); ok {
		err = call.Err
	}
	return err
}

// expectOneOf checks at the end that all operations ended in one of several ways.
func (w *world) expectOneOf(ways ...[]error) {
	w.expectNothing()
	w.run.Check(func() string {
		for _, way := range ways {
			if slices.Equal(w.ended, way) {
				return ""
			}
		}
		return fmt.Sprintf("the operations ended with %v", w.ended)
	})
}
