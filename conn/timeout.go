package conn

import (
	"errors"
	"io"
	"net"
	"syscall"
	"time"
)

// A TimeoutConn is a connection on which every Read and every Write has a time limit of
// its own. The limit ends an operation that makes no progress; a slow one that makes progress
// may take any time. WithTimeout returns a TimeoutConn.
//
// The methods of net.Conn are those of the wrapped connection. Deadlines apply in addition to
// the limits: an operation fails at the earlier of the two, with an error that is
// os.ErrDeadlineExceeded.
type TimeoutConn struct {
	net.Conn

	wrapped net.Conn // the argument of WithTimeout
}

// WithTimeout limits how long operations of c may make no progress. A Read fails when it has
// waited for data for the duration read. A Write fails when it has waited for the duration
// write while the peer has taken no data, however large the Write is. A limit of 0 or less
// is none. After a failed Read the connection can be used further; after a failed Write too,
// if the caller takes the count into account.
//
// On a connection of this package a limit costs nothing until an operation waits. The limits
// belong to the connection itself: they also apply to operations of c that do not go through
// the TimeoutConn, and a second WithTimeout replaces them. They apply to data that the kernel
// moves too (ReadFrom, WriteTo, SyscallConn).
//
// On any other connection the TimeoutConn sets a deadline before each Read and Write and
// clears it afterwards. A Write that has made progress by its deadline gets a new one, so it may
// fail up to write late. Data that the peer has taken counts as progress only when c accepts
// more data, which a socket of package net reports late: a larger write limit is needed there. c
// must be used through the TimeoutConn only. A tls.Conn cannot be used after a deadline has
// ended one of its writes: wrap the connection below it instead.
//
// WithTimeout panics if c is nil.
func WithTimeout(c net.Conn, read, write time.Duration) *TimeoutConn {
	if c == nil {
		panic("WithTimeout: nil connection")
	}
	limited := &TimeoutConn{Conn: c, wrapped: c}
	if before, ok := c.(*TimeoutConn); ok {
		limited.Conn = before.Conn
	}
	if own, ok := limited.Conn.(interface {
		setLimits(read, write time.Duration)
	}); ok {
		own.setLimits(read, write)
	} else {
		limited.Conn = newDeadlineConn(limited.Conn, read, write)
	}
	return limited
}

// NetConn returns the connection that was passed to WithTimeout.
func (c *TimeoutConn) NetConn() net.Conn { return c.wrapped }

// ReadFrom implements io.ReaderFrom: it writes the data of r until the end or an error. On a
// connection of this package the data stays in the kernel as it does without the limits.
func (c *TimeoutConn) ReadFrom(r io.Reader) (int64, error) {
	if to, ok := c.Conn.(io.ReaderFrom); ok {
		return to.ReadFrom(r)
	}
	return io.Copy(struct{ io.Writer }{c.Conn}, r)
}

// WriteTo implements io.WriterTo: it writes to w the data that it reads, until the end or an
// error. On a connection of this package the data stays in the kernel as it does without the
// limits.
func (c *TimeoutConn) WriteTo(w io.Writer) (int64, error) {
	if to, ok := w.(*TimeoutConn); ok {
		w = to.Conn
	}
	return io.Copy(w, c.Conn)
}

// CloseRead calls CloseRead of the wrapped connection. If that has none, the error is
// errors.ErrUnsupported.
func (c *TimeoutConn) CloseRead() error {
	if closer, ok := c.wrapped.(interface{ CloseRead() error }); ok {
		return closer.CloseRead()
	}
	return unsupported(c, "close")
}

// CloseWrite calls CloseWrite of the wrapped connection. If that has none, the error is
// errors.ErrUnsupported.
func (c *TimeoutConn) CloseWrite() error {
	if closer, ok := c.wrapped.(interface{ CloseWrite() error }); ok {
		return closer.CloseWrite()
	}
	return unsupported(c, "close")
}

// SyscallConn calls SyscallConn of the wrapped connection. If that has none, the error is
// errors.ErrUnsupported. On a connection of this package the limits apply to Read and Write of
// the RawConn too.
func (c *TimeoutConn) SyscallConn() (syscall.RawConn, error) {
	of, ok := c.wrapped.(syscall.Conn)
	if !ok {
		return nil, unsupported(c, "raw-control")
	}
	raw, err := of.SyscallConn()
	if err != nil {
		return nil, err
	}
	// Package os recognizes package net's RawConn by an additional method, and would send a
	// file through it without the limit. The struct hides that method.
	return struct{ syscall.RawConn }{raw}, nil
}

// unsupported returns the error of an operation that a connection does not have. c is nil if the
// connection is not initialized.
func unsupported(c net.Conn, op string) error {
	err := &net.OpError{Op: op, Err: errors.ErrUnsupported}
	if c == nil {
		return err
	}
	err.Source, err.Addr = c.LocalAddr(), c.RemoteAddr()
	if err.Source != nil {
		err.Net = err.Source.Network()
	}
	return err
}
