package fd

import (
	"github.com/a57b2d82/netpoller/internal/clock"
	"github.com/a57b2d82/netpoller/polldesc"
)

// A notification waits for a descriptor to become readable, without a goroutine. It owns
// the reading side until it is delivered or stopped.
type notification struct {
	interrupter // by stop
	f           func()
	again       func() // resume
}

// NotifyReadable calls f once, in a goroutine of its own, when a Read would not wait:
// data, the end of the stream or an error is there, the read deadline has passed, or
// Close was called. Until then it takes no goroutine and no buffer, and Reads wait behind
// it. f may read, and may call NotifyReadable again; as it has a goroutine of its own, it
// may take as long as it likes.
//
// In a bubble of testing/synctest it does take a goroutine, so that f runs in the bubble.
//
// stop prevents the call, and reports whether it did: false means that f was called, or
// is about to be.
func (fd *FD) NotifyReadable(f func()) (stop func() bool) {
	if err := fd.lock(polldesc.Read); err != nil {
		go f()
		return func() bool { return false }
	}
	n := &notification{interrupter: interrupter{fd: fd, mode: polldesc.Read}, f: f}
	n.again = n.resume
	if clock.InBubble() {
		go n.await() // DOC: bubble-notify
	} else if err := fd.prepareNotify(); err != nil || !n.park(fd.drained) {
		go n.deliver()
	}
	return n.interrupt
}

// await is park for a goroutine that waits, and so keeps f in the caller's bubble.
func (n *notification) await() {
	err := n.fd.prepareNotify()
	for empty := n.fd.drained; err == nil; empty = false {
		if !empty {
			if ok, err := n.fd.ready(polldesc.Read); ok || err != nil {
				break
			}
		}
		if err = n.fd.pd.Wait(polldesc.Read); err == nil {
			n.fd.drained = false // an edge was taken
		}
	}
	n.deliver()
}

// prepareNotify is prepareRead that does not wait.
func (fd *FD) prepareNotify() error {
	if fd.drained && !fd.lent.Load() {
		return nil
	}
	return fd.prepare(polldesc.Read)
}

// park reports false when there is something to tell. Only a descriptor that is known to
// be empty is not asked first.
func (n *notification) park(empty bool) bool {
	for ; ; empty = false {
		if !empty {
			if ok, err := n.fd.ready(polldesc.Read); ok || err != nil {
				return false
			}
		}
		parked, err := n.fd.pd.Subscribe(polldesc.Read, &n.again)
		if parked || err != nil {
			return parked
		}
		n.fd.drained = false // an edge was taken
	}
}

// resume is where the wait goes on, in a goroutine of its own.
func (n *notification) resume() {
	edge := n.fd.pd.Resumed(polldesc.Read)
	if edge {
		n.fd.drained = false
	}
	if !n.park(!edge) {
		n.deliver()
	}
}

// deliver lets the side go, so that f can use it, and calls f.
func (n *notification) deliver() {
	n.end()
	n.fd.unlock(polldesc.Read)
	if !n.sent {
		n.f()
	}
}
