package fd

import (
	"syscall"

	"github.com/a57b2d82/netpoller/internal/clock"
	"github.com/a57b2d82/netpoller/polldesc"
)

// A notification waits, without a goroutine, until a descriptor is readable. It owns the
// reading side until it is delivered or stopped. It is the polldesc.Parker of an owner
// without a goroutine: its Unpark starts one.
type notification struct {
	interrupter // used by stop
	f           func()
	parker      polldesc.Parker // this notification, for the side to point to
}

// Park implements polldesc.Parker. There is no goroutine that could block.
func (n *notification) Park() {}

// Unpark implements polldesc.Parker. Only here is memory allocated for the goroutine, so that
// a connection on which nothing happens holds none.
func (n *notification) Unpark() { n.fd.poller.Go(n.resume) }

// NotifyReadable calls f once, in a goroutine of its own, when a Read would not wait:
// there is data, the end of the stream or an error, the read deadline has passed, or
// Close was called. A waiting notification needs no goroutine and no buffer, and Reads
// wait until it is delivered or stopped. f may block, may read, and may call
// NotifyReadable again. NotifyReadable panics while another notification waits.
//
// In a bubble of testing/synctest a waiting notification has a goroutine, so that f runs
// in the bubble.
//
// stop prevents the call and reports whether it did. False means that f was called or is
// about to be, or that stop was called before.
func (fd *FD) NotifyReadable(f func()) (stop func() bool) {
	if fd.notified.Load() && !fd.mu.isClosed() {
		panic("NotifyReadable: another notification waits: let it come, or call its stop, first")
	}
	if err := fd.lock(polldesc.Read); err != nil {
		go f()
		return func() bool { return false }
	}
	n := &notification{interrupter: interrupter{fd: fd, mode: polldesc.Read}, f: f}
	n.parker = n
	fd.notified.Store(true)
	if clock.InBubble() {
		go n.parkInBubble() // DOC: bubble-notify
	} else if err := fd.prepareNotify(); err != nil || !n.park(fd.sawEmpty) {
		go n.deliver()
	}
	return n.stop
}

// stop is interrupt, and makes way for another notification before this one ends.
func (n *notification) stop() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.over || n.sent {
		return false
	}
	n.fd.notified.Store(false)
	n.send()
	return true
}

// parkInBubble waits in a goroutine of the caller's bubble, in which f then runs.
func (n *notification) parkInBubble() {
	err := n.fd.prepareNotify()
	for empty := n.fd.sawEmpty; err == nil && n.mayWait(empty); empty = false {
		if err = n.fd.pd.Wait(polldesc.Read); err == nil {
			n.fd.sawEmpty = false // Wait consumed an edge
		}
	}
	n.deliver()
}

// prepareNotify is prepareRead without the wait.
func (fd *FD) prepareNotify() error {
	if fd.knownEmpty() {
		return nil
	}
	return fd.prepare(polldesc.Read)
}

// registerNotify is register. If it fails, f is called and the next Read returns the error.
func (fd *FD) registerNotify() error {
	err := fd.register(polldesc.Read)
	if errno, ok := err.(syscall.Errno); ok {
		fd.kept[polldesc.Read] = uint16(errno)
		fd.sawEmpty = false // the Read does not wait
	}
	return err
}

// mayWait registers the descriptor. It reports false if there is already something to deliver.
// Unless the stream is known to be empty, it asks the kernel first.
func (n *notification) mayWait(empty bool) bool {
	if !empty {
		if ok, err := n.fd.ready(polldesc.Read); ok || err != nil {
			return false
		}
	}
	return n.fd.registerNotify() == nil
}

// park subscribes n, so that an edge or an error unparks it. It reports false if there is
// already something to deliver.
func (n *notification) park(empty bool) bool {
	for ; n.mayWait(empty); empty = false {
		parked, err := n.fd.pd.Subscribe(polldesc.Read, &n.parker)
		if parked || err != nil {
			return parked
		}
		n.fd.sawEmpty = false // Subscribe consumed an edge
	}
	return false
}

// resume continues the wait after an edge, in a goroutine of its own.
func (n *notification) resume() {
	n.fd.poller.Running(n.fd.pd.Side(polldesc.Read))
	edge := n.fd.pd.Resumed(polldesc.Read)
	if edge {
		n.fd.sawEmpty = false
	}
	if !n.park(!edge) {
		n.deliver()
	}
}

// deliver unlocks the side, so that f can use it, and calls f unless stop came first.
func (n *notification) deliver() {
	n.fd.notified.Store(false) // before end: a stop that comes too late makes way, too
	n.end()
	n.fd.unlock(polldesc.Read)
	if !n.sent {
		n.f()
	}
}
