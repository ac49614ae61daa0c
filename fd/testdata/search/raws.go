package fd

import (
	"io"
	"os"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller/internal/search"
	"github.com/a57b2d82/netpoller/internal/search/kernel"
	"github.com/a57b2d82/netpoller/poller"
)

// Reads and writes by code that has the descriptor.
var raws = []search.Scenario{
	{Name: "a raw read waits for data", Notes: "HB-2, HB-3", Variants: 2, Setup: func(r *search.Run) {
		w := newWorldOf(r, KindTCP, poller.Strategy(r.Variant))
		r.Go("reader", func() { w.end(w.rawRead()) })
		r.Go("peer", func() { w.arrive(1) })
		w.expect(1, nil)
		w.expectBytes(1)
		w.CheckCalls("read", 2)
	}},
	{Name: "a raw read, data and close", Notes: "HB-1, HB-2, HB-6", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("reader", func() { w.end(w.rawRead()) })
		r.Settle()
		r.Go("peer", func() { w.arrive(1) })
		r.Go("closer", w.close)
		w.expect(1, nil, errClosed)
		w.CheckClosed()
	}},
	{Name: "a raw read and close", Notes: "HB-1, HB-6", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("reader", func() { w.end(w.rawRead()) })
		r.Go("closer", w.close)
		w.expect(1, errClosed)
		w.CheckClosed()
	}},
	{Name: "a raw read, data, and a deadline that is taken back", Notes: "HB-1, HB-2, I4", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("reader", func() {
			err := w.rawRead()
			for ; err == os.ErrDeadlineExceeded; err = w.rawRead() {
				w.fd.SetReadDeadline(time.Time{})
			}
			w.end(err)
		})
		r.Settle()
		r.Go("peer", func() { w.arrive(1) })
		r.Go("setter", func() { w.setDeadline(-1) })
		w.expect(1, nil)
		w.expectBytes(1)
	}},
	{Name: "a short read, a raw read, and a read", Notes: "the short-read rule, HB-3", Setup: func(r *search.Run) {
		w := newWorld(r)
		w.arrive(1)
		w.read(9)
		r.Settle()
		r.Go("reader", func() { w.end(w.rawRead()); w.readAll(3) })
		r.Go("peer", func() { w.arrive(1); w.arrive(1) })
		w.expectBytes(3)
	}},
	{Name: "a raw read, and the end", Notes: "HB-2, I5", Variants: 2, Setup: func(r *search.Run) {
		w := newWorld(r)
		facts, want := uint64(kernel.EOF), error(io.EOF)
		if r.Variant == 1 {
			facts, want = kernel.Reset, errReset
		}
		r.Go("reader", func() { w.end(w.rawRead()) })
		r.Go("peer", func() { w.Arrive(w.sysfd, 0, facts) })
		w.expect(1, want)
	}},
	{Name: "a raw control and close", Notes: "HB-6", Setup: func(r *search.Run) {
		w := newWorld(r)
		r.Go("user", func() { w.end(w.fd.RawControl(func(fd uintptr) { kernel.Queued(int(fd)) })) })
		r.Go("closer", w.close)
		w.expect(1, nil, errClosed)
		w.CheckClosed()
	}},
	{Name: "a raw write waits for room", Notes: "HB-2, fact b", Variants: 2, Setup: func(r *search.Run) {
		w := newWorldOf(r, KindTCP, poller.Strategy(r.Variant))
		w.write(roomy)
		r.Go("writer", func() {
			w.end(w.fd.RawWrite(func(fd uintptr) bool {
				_, err := kernel.RawCalls.SendTo(int(fd), make([]byte, 1), nil)
				return err != syscall.EAGAIN
			}))
		})
		r.Go("peer", func() { w.Drain(w.sysfd, 1) })
		w.expect(2, nil)
		w.CheckCalls("write", 3)
	}},
}

// rawRead reads one byte.
func (w *world) rawRead() (err error) {
	rawErr := w.fd.RawRead(func(fd uintptr) bool {
		var n int
		n, err = kernel.RawCalls.Read(int(fd), make([]byte, 1))
		if w.got += n; n == 0 && err == nil {
			err = io.EOF
		}
		return err != syscall.EAGAIN
	})
	if rawErr != nil {
		return rawErr
	}
	return err
}
