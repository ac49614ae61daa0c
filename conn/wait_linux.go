package conn

import (
	"context"
	"io"
	"runtime"
	"syscall"

	"github.com/a57b2d82/netpoller/fd"
	"github.com/a57b2d82/netpoller/internal/neterr"
)

// This file is what package net's connections cannot do: to wait without a goroutine, or
// without taking anything, and to be ended by a context.

// ReadContext is Read that a context can end, with an error that is the context's
// (context.Canceled or context.DeadlineExceeded). It takes no data then, deadlines stay
// as they are, and the connection can be used on. While another goroutine reads, it waits
// for its turn, whatever the context does, and so behind a notification that waits (see
// NotifyReadable).
func (c *conn) ReadContext(ctx context.Context, b []byte) (int, error) {
	if !c.ok() {
		return 0, syscall.EINVAL
	}
	n, err := c.fd.pfd.ReadContext(ctx, b)
	runtime.KeepAlive(c.fd)
	if err != nil && err != io.EOF {
		err = c.opError("read", neterr.OfContext(neterr.OfSyscall("read", err)))
	}
	return n, err
}

// WriteContext is Write that a context can end, as it can ReadContext. The count is what
// was written before.
func (c *conn) WriteContext(ctx context.Context, b []byte) (int, error) {
	if !c.ok() {
		return 0, syscall.EINVAL
	}
	n, err := c.fd.pfd.WriteContext(ctx, b)
	runtime.KeepAlive(c.fd)
	if err != nil {
		err = c.opError("write", neterr.OfContext(neterr.OfSyscall("write", err)))
	}
	return n, err
}

// WaitReadable waits until a Read would not: there is data (no less than SO_RCVLOWAT, if
// that is set), the end of the stream, or an error that a Read fails with. A
// message in the socket's error queue, such as the time stamp of a packet sent (MSG_ERRQUEUE), is
// none of these. It takes no data and needs no buffer. It keeps an error for the next call
// that reads, also if the program takes the message about it from the error queue meanwhile.
// It fails as Read does when the read
// deadline passes or the connection is closed, and as ReadContext does when the context
// is done. While another goroutine reads, or a notification waits, it waits for its turn,
// whatever the context does.
func (c *conn) WaitReadable(ctx context.Context) error {
	return c.waitFor("read", ctx, (*fd.FD).WaitReadable)
}

// WaitWritable waits until there is room to write some data, or an error that a Write
// fails with.
func (c *conn) WaitWritable(ctx context.Context) error {
	return c.waitFor("write", ctx, (*fd.FD).WaitWritable)
}

func (c *conn) waitFor(op string, ctx context.Context, wait func(*fd.FD, context.Context) error) error {
	if !c.ok() {
		return syscall.EINVAL
	}
	err := wait(&c.fd.pfd, ctx)
	runtime.KeepAlive(c.fd)
	if err != nil {
		err = c.opError(op, neterr.OfContext(err))
	}
	return err
}

// NotifyReadable calls f once, when a Read would not wait: there is data, the end of the
// stream or an error, the read deadline has passed, or the connection is closed, now or
// already. Until then it needs neither a goroutine nor a buffer, so that a connection
// on which nothing happens costs little more than its socket.
//
// Each f runs in a goroutine of its own. So it may read, wait, or take its time without
// holding up other connections, and may call NotifyReadable again. Until f is called, a
// Read by anyone waits behind it, and so do ReadContext and WaitReadable, whose contexts do
// not end that. So does another NotifyReadable: as long as another goroutine reads or waits for
// a notification, it does not return. It panics if f is nil.
//
// stop prevents the call and reports whether it did; false means that f was called or is
// about to be, or that it was stopped before. A connection is not garbage while a
// notification waits. The limits of WithTimeout do not end it; a read deadline does.
func (c *conn) NotifyReadable(f func()) (stop func() bool) {
	if f == nil {
		panic("nil function") // here, and not where nobody knows whose it was
	}
	if !c.ok() {
		go f() // and a Read fails
		return func() bool { return false }
	}
	return c.fd.pfd.NotifyReadable(f)
}

// PeerClosed reports whether the peer has closed its end, or shut down its writing side,
// or the connection is broken, or there is none yet; data from before may still be there
// to be read. It takes nothing and does not wait. It is true, too, after Close and CloseRead
// at this end, and always false for packets that have no end: UDP, raw IP and unixgram.
func (c *conn) PeerClosed() bool {
	if !c.ok() {
		return true
	}
	closed := c.fd.pfd.PeerClosed()
	runtime.KeepAlive(c.fd)
	return closed
}
