package fd

import (
	"errors"
	"syscall"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
)

// errNotPollable is package net's error for a Control hook that wants to wait.
var errNotPollable = errors.New("waiting for unsupported file type")

// MarkExposed records that code outside this package gets the descriptor, or had it
// already. From then on the short-read rule does not hold. That code may receive an urgent
// byte: reads still end there, and epoll reports no EPOLLPRI any more. It may set a
// low-water mark (SO_RCVLOWAT): data below the mark makes no edge. It may also change the
// socket into something other than a plain stream. It waits for an accept4 that is a
// raw call: if O_NONBLOCK were cleared meanwhile, that would block, and stop the whole program.
func (fd *FD) MarkExposed() {
	fd.accepting.Lock()
	fd.exposed.Store(true)
	fd.accepting.Unlock()
}

// InheritOptions records that fd was accepted from l. The kernel copies a listener's socket
// options to its connections, and an exposed listener may have a low-water mark; so the
// short-read rule does not hold for fd. But fd has a descriptor and an O_NONBLOCK of its
// own, and is not exposed.
//
// Preconditions: Init has not been called.
func (fd *FD) InheritOptions(l *FD) { fd.inherits = l.exposed.Load() || l.lingers.Load() }

// InheritsExposed reports whether fd was accepted from an exposed listener.
func (fd *FD) InheritsExposed() bool { return fd.inherits }

// mayBlock reports whether a system call without MSG_DONTWAIT would block: the socket is
// exposed, and O_NONBLOCK, which all duplicates share, has been cleared. Another process
// may clear it after the check.
//
// Preconditions: the caller has a side or a reference.
func (fd *FD) mayBlock() bool { return fd.exposed.Load() && sys.Blocks(fd.sysfd) }

// mayBlockUnlocked is mayBlock for a caller that has neither a side nor a reference. A closed
// FD does not block.
func (fd *FD) mayBlockUnlocked() bool {
	if !fd.exposed.Load() || fd.incref() != nil {
		return false
	}
	defer fd.decref()
	return fd.mayBlock()
}

// RawControl calls f with the descriptor, which stays open until f returns. f must not
// call Close.
func (fd *FD) RawControl(f func(sysfd uintptr)) error {
	if err := fd.incref(); err != nil {
		return err
	}
	defer fd.decref()
	fd.MarkExposed()
	f(uintptr(fd.sysfd))
	return nil
}

// RawRead calls f with the descriptor until f returns true. Before each call but the first
// it waits until the descriptor is readable. Other reads wait until RawRead returns.
func (fd *FD) RawRead(f func(sysfd uintptr) (done bool)) error { return fd.raw(polldesc.Read, f) }

// RawWrite is RawRead for writing.
func (fd *FD) RawWrite(f func(sysfd uintptr) (done bool)) error { return fd.raw(polldesc.Write, f) }

func (fd *FD) raw(m polldesc.Mode, f func(sysfd uintptr) (done bool)) error {
	if err := fd.lock(m); err != nil {
		return err
	}
	defer fd.unlock(m)
	fd.MarkExposed()
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
		// f cannot find an error that WaitReadable or WaitWritable took from the socket.
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
	return fd.calls.SetsockoptInt(fd.sysfd, level, name, value)
}

// SetsockoptLinger is setsockopt(2) with a struct linger.
func (fd *FD) SetsockoptLinger(level, name int, l *syscall.Linger) error {
	if err := fd.incref(); err != nil {
		return err
	}
	defer fd.decref()
	fd.lingers.Store(true)
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
