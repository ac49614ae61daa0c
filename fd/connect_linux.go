package fd

import (
	"context"
	"os"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
	"github.com/a57b2d82/netpoller/poller"
)

// Accept returns the next connection from a listening socket's queue, a non-blocking
// descriptor that the caller owns, and the peer's address. A connection that was
// aborted in the queue is passed over. Other errors are accept4's; the listener works
// on after them. Where O_NONBLOCK was cleared and the connection that was reported is taken
// elsewhere, by another listener or process, it blocks in accept4.
func (fd *FD) Accept() (sysfd int, sa syscall.Sockaddr, err error) {
	if err := fd.begin(polldesc.Read); err != nil {
		return -1, nil, err
	}
	defer fd.unlock(polldesc.Read)
	for {
		sysfd, sa, err := fd.accept()
		switch err {
		case nil:
			return sysfd, sa, nil
		case syscall.ECONNABORTED:
		case syscall.EAGAIN:
			if err := fd.waitEdge(polldesc.Read); err != nil {
				return -1, nil, err
			}
		default:
			return -1, nil, os.NewSyscallError("accept4", err)
		}
	}
}

// accept is accept4. That has no MSG_DONTWAIT, so where O_NONBLOCK may be cleared it is
// called only when poll(2) reports a connection, or for a socket that does not listen, on
// which it fails. A process that may call neither poll nor epoll calls accept4.
func (fd *FD) accept() (sysfd int, sa syscall.Sockaddr, err error) {
	if fd.Lent() {
		if is, _, err := sys.Readable(fd.sysfd); !is && err == nil && sys.Listens(fd.sysfd) {
			return -1, nil, syscall.EAGAIN
		}
	}
	return sys.Accept(fd.sysfd)
}

// Connect connects the socket to sa and registers it with one of g's pollers, in that
// order. It returns the peer's address if it had to ask for it. The error is ctx's
// if that is what ended it, and the caller closes the FD after any error.
//
// Preconditions: the caller is the only one who has the FD.
//
//	connect -> EINPROGRESS -> register -> poll -- yes --> SO_ERROR -- 0 --> getpeername
//	                                      ^  no                                ENOTCONN
//	                                      |   v                                    |
//	                                      +-- wait until writable <----------------+
func (fd *FD) Connect(ctx context.Context, sa syscall.Sockaddr, g *poller.Group) (peer syscall.Sockaddr, err error) {
	if fd.mayBlock() { // by a Control hook
		if err := syscall.SetNonblock(fd.sysfd, true); err != nil {
			return nil, os.NewSyscallError("setnonblock", err)
		}
	}
	switch err := sys.Connect(fd.sysfd, sa); err {
	case syscall.EINPROGRESS, syscall.EALREADY, syscall.EINTR:
	case nil, syscall.EISCONN:
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return nil, fd.Init(g)
	default:
		return nil, os.NewSyscallError("connect", err)
	}
	if err := fd.Init(g); err != nil {
		return nil, err
	}
	if ctx.Done() == nil {
		return fd.finishConnect()
	}

	// Whatever ends ctx, its deadline included, ends the wait by a deadline gone by.
	stop := context.AfterFunc(ctx, func() { fd.SetWriteDeadline(longAgo) }) // DOC: dial-cancel
	peer, err = fd.finishConnect()
	if !stop() && (err == nil || err == os.ErrDeadlineExceeded) { // DOC: dial-too-late
		// The deadline gone by is set, or about to be, and would fail the first Write:
		// a connection that came too late is none (golang/go#16523).
		return nil, ctx.Err()
	}
	return peer, err
}

var longAgo = time.Unix(1, 0)

// finishConnect waits until the socket is connected, or known not to be. To an address of
// this machine it is at once, though connect did not say so.
func (fd *FD) finishConnect() (peer syscall.Sockaddr, err error) {
	for edge := false; ; edge = true {
		// An edge may be spurious (I6), and the first look waits for none. Poll knows. The
		// questions after it would not do alone: there is no error yet, and a name already,
		// when two SYNs have crossed (a simultaneous open) and ours is not acknowledged.
		known, _, err := sys.Writable(fd.sysfd) // DOC: really-connected
		if err != nil {
			known = edge // a process that may not call poll asks after an edge, as package net does
		}
		if known {
			switch errno, err := sys.SocketError(fd.sysfd); {
			case err != nil:
				return nil, err
			case errno == syscall.EISCONN:
				return nil, nil
			case errno == 0:
				if peer, err := sys.Getpeername(fd.sysfd); err == nil {
					return peer, nil
				}
			case errno != syscall.EINPROGRESS && errno != syscall.EALREADY && errno != syscall.EINTR:
				return nil, os.NewSyscallError("connect", errno)
			}
		}
		if err := fd.waitEdge(polldesc.Write); err != nil {
			return nil, err
		}
	}
}
