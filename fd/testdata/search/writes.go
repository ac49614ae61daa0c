package fd

import (
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/a57b2d82/netpoller/internal/search"
	"github.com/a57b2d82/netpoller/internal/search/kernel"
	"github.com/a57b2d82/netpoller/poller"
)

// Writes, and the reports of room that they wait for.
var writes = []search.Scenario{
	{Name: "a write waits for room", Notes: "HB-2, fact b", Variants: 2, Setup: func(r *search.Run) {
		w := newWorldOf(r, KindTCP, poller.Strategy(r.Variant))
		r.Go("writer", func() { w.write(roomy + 1) })
		r.Go("peer", func() { w.Drain(w.sysfd, roomy) })
		w.expect(1, nil)
		w.CheckCalls("epoll_mod", 1)
		w.CheckCalls("write", 3)
	}},
	{Name: "a second write waits for room", Notes: "HB-2, room: it is watched once", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.waitForRoom()
		r.Go("writer", func() { w.write(1) })
		r.Go("peer", func() { w.Drain(w.sysfd, 1) })
		w.expect(3, nil)
		w.CheckCalls("epoll_mod", 1)
	}},
	{Name: "packets wait for room", Notes: "HB-2, fact b", Variants: 2, Setup: func(r *search.Run) {
		w := newWorldOf(r, KindPacket, poller.Strategy(r.Variant))
		w.write(roomy)
		r.Go("writer", func() { w.write(1) })
		r.Go("peer", func() { w.Drain(w.sysfd, 1) })
		w.expect(2, nil)
		w.CheckCalls("epoll_mod", 1)
	}},
	{Name: "packets wait for room again", Notes: "HB-2, room: it is watched as long as writes wait", Setup: func(r *search.Run) {
		w := newWorldOf(r, KindPacket, poller.Nested)
		w.waitForRoom()
		r.Go("writer", func() { w.write(1) })
		r.Go("peer", func() { w.Drain(w.sysfd, 1) })
		w.expect(3, nil)
		w.CheckCalls("epoll_mod", 1)
	}},
	{Name: "packets need no room any more", Notes: "room: it is watched as long as writes wait", Setup: func(r *search.Run) {
		w := newWorldOf(r, KindPacket, poller.Nested)
		w.write(roomy)
		r.Go("writer", func() { w.write(1) })
		r.Settle()
		w.Drain(w.sysfd, roomy)
		r.Settle()
		r.Go("writer", func() { w.write(1); w.write(1) })
		r.Go("peer", func() { w.Drain(w.sysfd, 1) })
		w.expect(4, nil)
		w.CheckCalls("epoll_mod", 2)
		r.Check(func() string {
			if w.WatchesRoom(w.sysfd) {
				return "room is reported that nobody waits for"
			}
			return ""
		})
	}},
	{Name: "packets wait for room after some that needed none", Notes: "HB-2, room: it is watched anew", Setup: func(r *search.Run) {
		w := newWorldOf(r, KindPacket, poller.Nested)
		w.write(roomy)
		r.Go("writer", func() { w.write(1) })
		r.Settle()
		w.Drain(w.sysfd, roomy)
		r.Settle()
		r.Go("writer", func() {
			for range roomy { // for the last one there is no room
				w.write(1)
			}
		})
		r.Go("peer", func() { w.Drain(w.sysfd, 1) })
		w.expect(2+roomy, nil)
		w.CheckCalls("epoll_mod", 3)
	}},
	{Name: "room cannot be watched at first", Notes: "room: it is watched once the registration says so", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.write(roomy)
		w.FailModify.Update(func(uint64) uint64 { return 1 })
		r.Go("writer", func() {
			if w.write(1); w.ended[1] != nil {
				w.write(1)
			}
		})
		r.Go("peer", func() { w.Drain(w.sysfd, 1) })
		w.expectLast(nil)
		w.CheckCalls("epoll_mod", 2)
	}},
	{Name: "a write and close", Notes: "HB-1, HB-6", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.write(roomy)
		r.Go("writer", func() { w.write(1) })
		r.Go("closer", w.close)
		w.expect(2, nil, errClosed)
		w.CheckClosed()
	}},
	{Name: "a write, room and a deadline in the past", Notes: "HB-1, I5", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.write(roomy)
		r.Go("writer", func() { w.write(1) })
		r.Settle()
		r.Go("peer", func() { w.Drain(w.sysfd, 1) })
		r.Go("setter", func() { w.setDeadline(-1) })
		w.expect(2, nil, os.ErrDeadlineExceeded)
	}},
	{Name: "a reader and a writer", Notes: "HB-2, I5: of the right side", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.write(roomy)
		r.Go("reader", func() { w.read(9) })
		r.Go("writer", func() { w.write(1) })
		r.Settle()
		r.Go("peer", func() { w.Arrive(w.sysfd, 1, kernel.EOF); w.Drain(w.sysfd, 1) })
		w.expect(3, nil)
		w.CheckCalls("read", 2)
		w.CheckCalls("write", 3)
	}},
	{Name: "a write waits, and the connection breaks", Notes: "HB-2, I5", Variants: 2, Setup: func(r *search.Run) {
		w := newWorldOf(r, KindTCP, poller.Strategy(r.Variant))
		w.write(roomy)
		r.Go("writer", func() { w.write(1) })
		r.Go("peer", func() { w.Arrive(w.sysfd, 0, kernel.Reset) })
		w.expect(2, nil, errReset)
		w.expectLast(errReset)
	}},
	{Name: "a reader and a writer, and the connection breaks", Notes: "HB-2, I5: both are woken", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.write(roomy)
		var readErr, writeErr error
		r.Go("reader", func() { _, readErr = w.fd.Read(make([]byte, 9)) })
		r.Go("writer", func() { _, writeErr = w.fd.Write(make([]byte, 1)) })
		r.Settle()
		r.Go("peer", func() { w.Arrive(w.sysfd, 0, kernel.Reset) })
		r.Check(func() string {
			if (readErr != errReset || writeErr != syscall.EPIPE) && (readErr != io.EOF || writeErr != errReset) {
				return fmt.Sprintf("the read ends with %v, the write with %v", readErr, writeErr)
			}
			return ""
		})
	}},
}

// waitForRoom fills the socket, and is a write that waits for room.
func (w *world) waitForRoom() {
	w.write(roomy)
	w.run.Go("writer before", func() { w.write(1) })
	w.run.Settle()
	w.Drain(w.sysfd, 1)
	w.run.Settle()
}
