package fd

import (
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/a57b2d82/netpoller/internal/search"
	"github.com/a57b2d82/netpoller/internal/search/kernel"
	"github.com/a57b2d82/netpoller/polldesc"
	"github.com/a57b2d82/netpoller/poller"
)

const noSpace = syscall.ENOSPC

// Waits for which a descriptor is registered: it was not before.
var registers = []search.Scenario{
	{Name: "a read registers", Notes: "HB-2, fact b", Variants: 2, Setup: func(r *search.Run) {
		w := newUnregistered(r, KindTCP, poller.Strategy(r.Variant))
		r.Go("reader", func() { w.read(9) })
		r.Go("peer", func() { w.arrive(1) })
		w.expect(1, nil)
		w.CheckCalls("read", 2)
		w.CheckCalls("epoll_add", 2) // with the poller's
	}},
	{Name: "a read registers, and close", Notes: "HB-1, HB-6, fact d", Variants: 2, Setup: func(r *search.Run) {
		w := newUnregistered(r, KindTCP, poller.Strategy(r.Variant))
		r.Go("reader", func() { w.read(9) })
		r.Go("closer", w.close)
		w.expect(1, errClosed)
		w.CheckClosed()
	}},
	{Name: "a read registers, and a group is closed", Notes: "group close, HB-1", Setup: func(r *search.Run) {
		w := newUnregistered(r, KindTCP, poller.Nested)
		r.Go("reader", func() { w.read(1) })
		r.Go("closer", func() { w.group.Close() })
		w.expect(1, errClosed)
	}},
	{Name: "a read registers, data and a deadline in the past", Notes: "HB-1, I5", Setup: func(r *search.Run) {
		w := newUnregistered(r, KindTCP, poller.Nested)
		r.Go("reader", func() { w.read(1) })
		r.Go("peer", func() { w.arrive(1) })
		r.Go("setter", func() { w.setDeadline(-1) })
		w.expect(1, nil, os.ErrDeadlineExceeded)
	}},
	{Name: "a read and a write register", Notes: "HB-2: one side's registration serves the other", Setup: func(r *search.Run) {
		w := newUnregistered(r, KindTCP, poller.Nested)
		w.write(roomy)
		r.Go("reader", func() { w.read(9) })
		r.Go("writer", func() { w.write(1) })
		r.Settle()
		r.Go("peer", func() { w.Arrive(w.sysfd, 1, 0); w.Drain(w.sysfd, 1) })
		w.expect(3, nil)
	}},
	{Name: "two sides register at once, and one registration may fail", Notes: "HB-2: nobody relies on one that failed", Variants: 2, Setup: func(r *search.Run) {
		w := newUnregistered(r, KindTCP, poller.Nested)
		w.write(roomy)
		w.FailAdd.Update(func(uint64) uint64 { return uint64(r.Variant) })
		sides := [2]error{}
		r.Go("reader", func() { sides[polldesc.Read] = w.fd.register(polldesc.Read) })
		r.Go("writer", func() { sides[polldesc.Write] = w.fd.register(polldesc.Write) })
		r.Check(func() string {
			failed := 0
			for m, err := range sides {
				is := w.Registered(w.sysfd)
				if polldesc.Mode(m) == polldesc.Write {
					is = w.WatchesRoom(w.sysfd)
				}
				if err != nil {
					failed++
				} else if !is {
					return fmt.Sprintf("side %d relies on a registration that is not there", m)
				}
			}
			if failed != r.Variant {
				return fmt.Sprintf("the sides ended with %v", sides)
			}
			return ""
		})
	}},
	{Name: "packets register when there is no room", Notes: "HB-2, fact b; room: it is watched as long as writes wait", Setup: func(r *search.Run) {
		w := newUnregistered(r, KindPacket, poller.Nested)
		w.write(roomy)
		r.Go("writer", func() { w.write(1) })
		r.Settle()
		w.Drain(w.sysfd, roomy)
		r.Settle()
		r.Go("writer", func() { w.write(1); w.write(1) })
		w.expect(4, nil)
		w.CheckCalls("epoll_add", 2) // with the poller's
		w.CheckCalls("epoll_mod", 1)
		r.Check(func() string {
			if w.WatchesRoom(w.sysfd) {
				return "room is reported that nobody waits for"
			}
			return ""
		})
	}},
	{Name: "a short read, and the next one registers", Notes: "the short-read rule, fact b", Setup: func(r *search.Run) {
		w := newUnregistered(r, KindTCP, poller.Nested)
		w.arrive(1)
		w.read(9)
		r.Go("reader", func() { w.readAll(2) })
		r.Go("peer", func() { w.arrive(1) })
		w.expectBytes(2)
		w.CheckCalls("read", 3)
	}},
	{Name: "a short read, then the end, and the next read registers", Notes: "the short-read rule, I5, fact b", Variants: 3, Setup: func(r *search.Run) {
		w := newUnregistered(r, KindTCP, poller.Nested)
		w.arrive(1)
		if r.Variant == 0 {
			w.Arrive(w.sysfd, 0, kernel.EOF) // before the short read
		}
		w.read(9)
		r.Go("reader", func() { w.read(9) })
		last := error(io.EOF)
		switch r.Variant {
		case 1:
			r.Go("peer", func() { w.Arrive(w.sysfd, 0, kernel.EOF) })
		case 2:
			r.Go("peer", func() { w.Arrive(w.sysfd, 0, kernel.Reset) })
			last = errReset
		}
		w.expectLast(last)
		w.CheckCalls("read", 2)
	}},
	{Name: "a short read and the end, while a write registers", Notes: "the short-read rule, I5: facts come with the registration of the other side", Setup: func(r *search.Run) {
		w := newUnregistered(r, KindTCP, poller.Nested)
		w.write(roomy)
		w.Arrive(w.sysfd, 1, kernel.EOF)
		r.Go("reader", func() { w.read(9); w.read(9) })
		r.Go("writer", func() {
			if err := w.fd.register(polldesc.Write); err != nil {
				w.wrong = err.Error()
			}
		})
		w.expectLast(io.EOF)
	}},
	{Name: "a notification registers", Notes: "HB-1, HB-2", Variants: 2, Setup: func(r *search.Run) {
		w := newUnregistered(r, KindTCP, poller.Nested)
		w.InBubble = r.Variant == 1
		r.Go("user", func() { w.notify() })
		r.Go("peer", func() { w.arrive(1) })
		w.expectNotified(1)
	}},
	{Name: "a notification cannot register", Notes: "the next read returns the error", Variants: 2, Setup: func(r *search.Run) {
		w := newUnregistered(r, KindTCP, poller.Nested)
		w.InBubble = r.Variant == 1
		w.arrive(1)
		w.read(9)
		w.FailAdd.Update(func(uint64) uint64 { return 1 })
		r.Go("user", func() {
			w.fd.NotifyReadable(func() { w.called++; w.read(9); w.arrive(1); w.read(9) })
		})
		w.expectNotified(1)
		w.run.Check(func() string {
			if len(w.ended) != 3 || w.ended[1] != noSpace || w.ended[2] != nil {
				return fmt.Sprint("the operations ended with ", w.ended)
			}
			return ""
		})
	}},
	{Name: "an exchange that need not wait", Notes: "epoll is told nothing", Setup: func(r *search.Run) {
		w := newUnregistered(r, KindTCP, poller.Nested)
		w.arrive(1)
		r.Go("server", func() { w.read(9); w.write(1); w.close() })
		w.expect(2, nil)
		w.CheckClosed()
		w.CheckCalls("epoll_add", 1) // the poller's
		w.CheckCalls("epoll_del", 0)
	}},
}

// newUnregistered returns a world whose connection is not registered. The poller is there.
func newUnregistered(r *search.Run, kind Kind, wait poller.Strategy) *world {
	w := boot(r, wait)
	w.own(kind, roomy)
	if err := w.fd.Init(w.group); err != nil {
		panic(err)
	}
	r.Settle()
	return w
}
