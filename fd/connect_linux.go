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

// Connect connects the socket to sa and registers it with one of g's pollers, in that
// order. It returns the peer's address if it asked the kernel for it, else nil. If ctx
// ends the attempt, the error is ctx's. After any error the caller closes the FD.
//
// Preconditions: no other goroutine has the FD.
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

	// The end of ctx, its deadline included, ends the wait through a deadline in the past.
	stop := context.AfterFunc(ctx, func() { fd.SetWriteDeadline(longAgo) }) // DOC: dial-cancel
	peer, err = fd.finishConnect()
	if !stop() && (err == nil || err == os.ErrDeadlineExceeded) { // DOC: dial-too-late
		// The deadline in the past is set, or about to be, and would fail the first Write.
		// So a connection that was made too late is an error (golang/go#16523).
		return nil, ctx.Err()
	}
	return peer, err
}

var longAgo = time.Unix(1, 0)

// finishConnect waits until connect(2) has succeeded or failed. A connection within this
// machine is complete at once, although connect returned EINPROGRESS.
func (fd *FD) finishConnect() (peer syscall.Sockaddr, err error) {
	for edge := false; ; edge = true {
		// The first look waits for no edge, and a later edge may be spurious (I6), so poll(2)
		// decides. SO_ERROR and getpeername(2) alone do not: after two SYNs have crossed (a
		// simultaneous open) and before ours is acknowledged, the socket has no error and
		// already has a peer.
		known, _, err := sys.Writable(fd.sysfd) // DOC: really-connected
		if err != nil {
			known = edge // poll(2) is denied: ask after an edge, as package net does
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
