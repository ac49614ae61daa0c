package fd

import (
	"context"
	"net"
	"sync"
	"syscall"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
)

// This file holds the operations that a context can end, and those that only wait.

// ReadContext is Read that fails with ctx's error once ctx is done. It then has read no
// data, and the deadlines are unchanged. While another goroutine reads, ReadContext waits
// for its turn; the end of ctx ends that wait, too.
func (fd *FD) ReadContext(ctx context.Context, p []byte) (n int, err error) {
	err = fd.during(ctx, polldesc.Read, func() error {
		n, err = fd.read(p)
		return err
	})
	return n, err
}

// WriteContext is Write that fails with ctx's error once ctx is done. It returns how many
// bytes the kernel has accepted.
func (fd *FD) WriteContext(ctx context.Context, p []byte) (n int, err error) {
	err = fd.during(ctx, polldesc.Write, func() error {
		n, err = fd.write(p)
		return err
	})
	return n, err
}

// WaitReadable waits until a Read would not wait: there is data, the end of the stream or
// an error. It reads nothing.
func (fd *FD) WaitReadable(ctx context.Context) error {
	return fd.during(ctx, polldesc.Read, func() error {
		if err := fd.prepareRead(); err != nil {
			return err
		}
		return fd.waitReady(polldesc.Read)
	})
}

// WaitWritable waits until a Write of one byte would not wait. It writes nothing.
func (fd *FD) WaitWritable(ctx context.Context) error {
	return fd.during(ctx, polldesc.Write, func() error {
		if err := fd.prepare(polldesc.Write); err != nil {
			return err
		}
		return fd.waitReady(polldesc.Write)
	})
}

// waitReady waits until the next call of a side would not wait.
//
// Preconditions: the operation is prepared.
func (fd *FD) waitReady(m polldesc.Mode) error {
	for {
		if ok, err := fd.ready(m); ok || err != nil {
			return err
		}
		if err := fd.waitEdge(m); err != nil {
			return err
		}
	}
}

// ready reports whether the next call of a side would not wait. If poll(2) shows an error
// and nothing else, ready makes a call that moves no data. If that call fails, it has also
// cleared the socket's error, and ready keeps the error for the next call. (SO_ERROR would
// also return soft errors, with which no call fails.)
//
// Preconditions: the caller owns the side.
func (fd *FD) ready(m polldesc.Mode) (bool, error) {
	if fd.kept[m] != 0 {
		return true, nil
	}
	look, try := sys.Readable, sys.Peek
	if m == polldesc.Write {
		look, try = sys.Writable, sys.SendNothing
	}
	ok, errored, err := look(fd.sysfd)
	if ok || !errored && err == nil {
		return ok, nil
	}
	if m == polldesc.Write {
		if err != nil {
			return false, err
		}
		if !fd.kind.isStream() { // sending nothing would send an empty packet
			try = sys.TakeError
		}
	}
	switch err := try(fd.sysfd); err {
	case nil:
		return m == polldesc.Read, nil // the peek found data or the end
	case syscall.EAGAIN:
		return false, nil
	default:
		errno, _ := err.(syscall.Errno)
		fd.kept[m] = uint16(errno)
		return true, nil
	}
}

// owed returns the error that ready has kept, once.
//
// Preconditions: the caller owns the side, and its operation fails with the error.
func (fd *FD) owed(m polldesc.Mode) error {
	errno := fd.kept[m]
	if errno == 0 {
		return nil
	}
	fd.kept[m] = 0
	return syscall.Errno(errno)
}

// PeerClosed reports whether the peer has sent its last byte, the connection is broken or
// Close was called. It reads nothing and does not wait. It asks the kernel, because the
// recorded facts may be out of date: another owner of the descriptor may have connected
// the socket again. For packets without an end it returns false.
func (fd *FD) PeerClosed() bool {
	if err := fd.incref(); err != nil {
		return true
	}
	defer fd.decref()
	if fd.kind == KindPacket {
		return false
	}
	up, err := sys.HungUp(fd.sysfd)
	if err != nil { // poll(2) is denied: epoll tells, from the first call on
		_ = fd.register(polldesc.Read)
		return fd.pd.HungUp()
	}
	return up
}

// during runs op as the owner of a side and interrupts it when ctx is done.
func (fd *FD) during(ctx context.Context, m polldesc.Mode, op func() error) error {
	if !fd.mu.lockContext(ctx, m) {
		if err := ctx.Err(); err != nil && !fd.mu.isClosed() {
			return err
		}
		return net.ErrClosed
	}
	defer fd.unlock(m)
	if err := ctx.Err(); err != nil {
		return err
	}
	if ctx.Done() != nil {
		i := &interrupter{fd: fd, mode: m}
		stop := context.AfterFunc(ctx, func() { i.interrupt() })
		defer func() {
			stop()
			i.end()
		}()
	}
	err := op()
	if err == polldesc.ErrInterrupted {
		return ctx.Err()
	}
	return err
}

// An interrupter ends the operation of one owner of a side, and no later owner's.
type interrupter struct {
	fd   *FD
	mode polldesc.Mode

	sent bool // guarded by mu
	over bool // the operation has ended; guarded by mu
	mu   sync.Mutex
}

// interrupt may be called at any time, from any goroutine. It reports whether it ended the
// operation: false means that the operation had ended before, or was interrupted before.
func (i *interrupter) interrupt() bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.over || i.sent {
		return false
	}
	i.send()
	return true
}

// send interrupts the operation.
//
// Preconditions: the caller holds mu, and the operation is neither over nor interrupted.
func (i *interrupter) send() {
	i.sent = true
	i.fd.pd.Interrupt(i.mode)
}

// end takes an interrupt back. The owner calls it before it unlocks the side.
func (i *interrupter) end() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.over = true
	if i.sent {
		i.fd.pd.Uninterrupt(i.mode)
	}
}
