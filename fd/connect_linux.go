package fd

import (
	"context"
	"os"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/internal/tracer"
	"github.com/a57b2d82/netpoller/polldesc"
	"github.com/a57b2d82/netpoller/poller"
)

// Connect connects the socket to sa and calls Init, in that order. If ctx ends the attempt, the
// error is ctx's. After any error the caller closes the FD.
//
// Preconditions: no other goroutine has the FD.
//
//	connect -- EINPROGRESS --> Init --> connect -- 0, EISCONN --> connected
//	                                     ^  EALREADY
//	                                     |     v
//	                                     +-- wait until writable
func (fd *FD) Connect(ctx context.Context, sa syscall.Sockaddr, g *poller.Group) error {
	done, err := fd.connect(sa)
	if err == nil {
		err = ctx.Err() // even if the peer has refused meanwhile, as in package net
	}
	if err != nil {
		return err
	}
	if err := fd.Init(g); err != nil {
		return err
	}
	if done {
		return nil
	}
	if ctx.Done() == nil {
		return fd.finishConnect(sa)
	}

	// The end of ctx, its deadline included, ends the wait through a deadline in the past.
	stop := context.AfterFunc(ctx, func() { fd.SetWriteDeadline(longAgo) }) // DOC: dial-cancel
	err = fd.finishConnect(sa)
	if !stop() && (err == nil || err == os.ErrDeadlineExceeded) { // DOC: dial-too-late
		// The deadline in the past is set, or about to be, and would fail the first Write.
		// So a connection that was made too late is an error (golang/go#16523).
		return ctx.Err()
	}
	return err
}

var longAgo = time.Unix(1, 0)

// finishConnect waits until connect(2) has succeeded or failed. A connection within this
// machine is complete at once, although connect returned EINPROGRESS.
func (fd *FD) finishConnect(sa syscall.Sockaddr) error {
	for {
		// The first look waits for no edge, and a later edge may be spurious (I6), so the
		// kernel decides.
		done, err := fd.connect(sa) // DOC: really-connected
		if done || err != nil {
			return err
		}
		if err := fd.waitEdge(polldesc.Write); err != nil {
			return err
		}
	}
}

// connect makes one connect(2), which begins to connect, or tells what came of it: success
// or its error, once. It reports false while the connection is in progress.
//
// One call answers what SO_ERROR and getpeername(2) do not: after two SYNs have crossed (a
// simultaneous open) and before ours is acknowledged, the socket has no error and already has
// a peer.
func (fd *FD) connect(sa syscall.Sockaddr) (done bool, err error) {
	if fd.mayBlock() { // by a Control hook
		if err := syscall.SetNonblock(fd.sysfd, true); err != nil {
			return false, os.NewSyscallError("setnonblock", err)
		}
	}
	err = sys.Connect(fd.sysfd, sa)
	fd.note(tracer.Connect, 0, err)
	switch err {
	case nil, syscall.EISCONN:
		return true, nil
	case syscall.EINPROGRESS, syscall.EALREADY, syscall.EINTR:
		return false, nil
	default:
		return false, os.NewSyscallError("connect", err)
	}
}
