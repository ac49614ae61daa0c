package fd

import (
	"errors"
	"syscall"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
)

// errNotPollable is what package net says to a Control hook that wants to wait.
var errNotPollable = errors.New("waiting for unsupported file type")

// lend notes, before it happens, that the descriptor is given out. Who has it may
// receive an urgent byte, and epoll reports no PRI any more though reads still end
// there; may set a low-water mark, and what is below it makes no edge; or may make the
// socket something else than a plain stream: the short-read rule is over.
func (fd *FD) lend() { fd.lent.Store(true) }

// Lent reports whether the descriptor was ever given out.
func (fd *FD) Lent() bool { return fd.lent.Load() }

// Lend says that it was: what a listener's options are, its connections inherit.
func (fd *FD) Lend() { fd.lend() }

// mayBlock reports whether a call that has no MSG_DONTWAIT would block: somebody who had the
// descriptor has cleared O_NONBLOCK, which belongs to all who share it. Another process may
// do so after it was asked.
func (fd *FD) mayBlock() bool { return fd.Lent() && sys.Blocks(fd.sysfd) }

// RawControl calls f with the descriptor, which stays open until f returns.
func (fd *FD) RawControl(f func(sysfd uintptr)) error {
	if err := fd.incref(); err != nil {
		return err
	}
	defer fd.decref()
	fd.lend()
	f(uintptr(fd.sysfd))
	return nil
}

// RawRead calls f with the descriptor until it returns true, waiting before each
// call but the first until the descriptor is readable.
func (fd *FD) RawRead(f func(sysfd uintptr) (done bool)) error { return fd.raw(polldesc.Read, f) }

// RawWrite is RawRead for writing.
func (fd *FD) RawWrite(f func(sysfd uintptr) (done bool)) error { return fd.raw(polldesc.Write, f) }

func (fd *FD) raw(m polldesc.Mode, f func(sysfd uintptr) (done bool)) error {
	if err := fd.lock(m); err != nil {
		return err
	}
	defer fd.unlock(m)
	fd.lend()
	if fd.pd == nil { // a Control hook: the socket is not even bound
		if !f(uintptr(fd.sysfd)) {
			return errNotPollable
		}
		return nil
	}
	if err := fd.prepare(m); err != nil {
		return err
	}
	for !f(uintptr(fd.sysfd)) {
		// An error that a wait has taken from the socket is one that f cannot find.
		if err := fd.owed(m); err != nil {
			return err
		}
		if err := fd.waitEdge(m); err != nil {
			return err
		}
	}
	return nil
}

// SetsockoptInt is setsockopt(2) with an int.
func (fd *FD) SetsockoptInt(level, name, value int) error {
	if err := fd.incref(); err != nil {
		return err
	}
	defer fd.decref()
	return syscall.SetsockoptInt(fd.sysfd, level, name, value)
}

// SetsockoptLinger is setsockopt(2) with a struct linger.
func (fd *FD) SetsockoptLinger(level, name int, l *syscall.Linger) error {
	if err := fd.incref(); err != nil {
		return err
	}
	defer fd.decref()
	return syscall.SetsockoptLinger(fd.sysfd, level, name, l)
}

// GetsockoptInt is getsockopt(2) with an int.
func (fd *FD) GetsockoptInt(level, name int) (int, error) {
	if err := fd.incref(); err != nil {
		return -1, err
	}
	defer fd.decref()
	return syscall.GetsockoptInt(fd.sysfd, level, name)
}
