package conn

import (
	"context"
	"io"
)

// This file holds the ways to wait that package net does not have: for readiness alone,
// without a goroutine, and until a context is done. On other systems than Linux they fail with
// errors.ErrUnsupported, see onlinux_other.go.

// ReadContext is Read that fails when ctx is done, with an error that is ctx's
// (context.Canceled or context.DeadlineExceeded). It then has read no data, the deadlines
// are unchanged, and the connection can be used further. While another goroutine reads, or a
// notification waits (see NotifyReadable), ReadContext waits for its turn, until ctx is done.
// On other systems than Linux it fails with errors.ErrUnsupported.
func (c *conn) ReadContext(ctx context.Context, b []byte) (int, error) {
	n, err := c.netFD().readContext(ctx, b)
	if err != nil && err != io.EOF {
		err = c.opError("read", err)
	}
	return n, err
}

// WriteContext is Write that fails when ctx is done, as ReadContext does. It returns how
// many bytes the kernel has accepted. On other systems than Linux it fails with
// errors.ErrUnsupported.
func (c *conn) WriteContext(ctx context.Context, b []byte) (int, error) {
	n, err := c.netFD().writeContext(ctx, b)
	if err != nil {
		err = c.opError("write", err)
	}
	return n, err
}

// WaitReadable waits until a Read would not wait: there is data (at least SO_RCVLOWAT
// bytes, if that is set), the end of the stream, or an error with which a Read fails. A
// message in the socket's error queue (MSG_ERRQUEUE), such as the time stamp of a packet
// sent, is none of these.
//
// WaitReadable reads no data and needs no buffer. It keeps an error for the next call that
// reads, even if the program receives the message about the error from the error queue in
// between. It fails as Read does when the read deadline passes or the connection is closed,
// and as ReadContext does when ctx is done. While another goroutine reads, or a notification
// waits, WaitReadable waits for its turn, until ctx is done. On other systems than Linux it fails
// with errors.ErrUnsupported.
func (c *conn) WaitReadable(ctx context.Context) error {
	if err := c.netFD().waitReadable(ctx); err != nil {
		return c.opError("read", err)
	}
	return nil
}

// WaitWritable waits until a Write of one byte would not wait, or would fail. In all else it
// is like WaitReadable.
func (c *conn) WaitWritable(ctx context.Context) error {
	if err := c.netFD().waitWritable(ctx); err != nil {
		return c.opError("write", err)
	}
	return nil
}

// NotifyReadable calls f once, when a Read would not wait: there is data, the end of the
// stream or an error, the read deadline has passed, or the connection is closed. A waiting
// notification needs neither a goroutine nor a buffer. NotifyReadable panics if f is nil, or if
// another notification of the connection waits.
//
// Each f runs in a goroutine of its own. It may read, block, and call NotifyReadable again.
// Until f is called or stop prevents it, Read, ReadContext and WaitReadable wait for their turn.
// While one of those is in progress, NotifyReadable waits for its own: call it where no other
// goroutine reads.
//
// NotifyReadable knows of this connection alone. Where a layer above it, such as a tls.Conn or a
// bufio.Reader, still holds data, there may be nothing more to come: an IdleServer takes that
// into account.
//
// stop prevents the call and reports whether it did. False means that f was called or is
// about to be, or that stop was called before. The garbage collector does not close a
// connection while a notification waits. A read deadline ends the wait; the limits of
// WithTimeout do not.
//
// On other systems than Linux NotifyReadable panics with an error that is errors.ErrUnsupported.
// An IdleServer works on every system.
func (c *conn) NotifyReadable(f func()) (stop func() bool) {
	if f == nil {
		panic("NotifyReadable: nil function") // in the goroutine of the caller
	}
	return c.netFD().notifyReadable(f)
}

// withoutWaiting implements notifier.
func (c *conn) withoutWaiting(f func()) (wouldWait bool) { return c.netFD().pfd.WithoutWaiting(f) }

// PeerClosed reports whether the peer has closed its end or shut down its writing side, the
// connection is broken or not yet made, or Close or CloseRead was called at this end. There
// may still be data to read. PeerClosed reads nothing and does not wait. For packets without
// an end (UDP, raw IP and unixgram) it returns false, except after Close. On other systems than
// Linux it panics with an error that is errors.ErrUnsupported.
func (c *conn) PeerClosed() bool { return c.netFD().peerClosed() }
