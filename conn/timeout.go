package conn

import (
	"errors"
	"io"
	"net"
	"syscall"
	"time"
)

// A TimeoutConn is a connection on which every Read and every Write has a time limit of
// its own, so that a peer that has fallen silent cannot hold anyone up, while one that
// is only slow may take as long as it likes. Make one with WithTimeout.
//
// The methods of net.Conn are those of the connection in it; deadlines work beside the
// limits, and what comes first ends an operation. Both fail it with an error that is
// os.ErrDeadlineExceeded.
type TimeoutConn struct {
	net.Conn

	wrapped net.Conn // what WithTimeout was given
}

// WithTimeout limits how long c may make no progress: a Read that has waited for data
// for longer than read fails, and so does a Write, also one of many bytes, that has
// waited for room for longer than write while the peer took nothing. 0 or less means no
// limit. After a Read has failed the connection can be used on; after a Write, if its
// count is heeded.
//
// On our connections nothing is armed while nobody waits, and only who must wait reads
// the clock. The limits are of the connection itself: they hold for who uses c without
// the TimeoutConn, and a second WithTimeout replaces them. Data that the kernel moves is
// limited the same way (ReadFrom, WriteTo, SyscallConn).
//
// On any other connection a deadline is set before each Read and Write and taken back
// after it, and a Write that has made progress when the deadline comes gets another: it
// may be write late. There, bytes that the peer takes are progress only when c has room for more,
// which a socket of package net's reports late: let write be generous. c must not be used
// without the TimeoutConn then. A tls.Conn does not survive a deadline while it writes: put
// the TimeoutConn below it.
func WithTimeout(c net.Conn, read, write time.Duration) *TimeoutConn {
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

// NetConn returns the connection that WithTimeout was given.
func (c *TimeoutConn) NetConn() net.Conn { return c.wrapped }

// ReadFrom implements io.ReaderFrom: it writes what r has to give. The data stays in the
// kernel where it would without the limits, if the connection is ours.
func (c *TimeoutConn) ReadFrom(r io.Reader) (int64, error) {
	if to, ok := c.Conn.(io.ReaderFrom); ok {
		return to.ReadFrom(r)
	}
	return io.Copy(struct{ io.Writer }{c.Conn}, r)
}

// WriteTo implements io.WriterTo: it writes to w what is read, until the end. The data
// stays in the kernel where it would without the limits, if the connection is ours.
func (c *TimeoutConn) WriteTo(w io.Writer) (int64, error) {
	if to, ok := w.(*TimeoutConn); ok {
		w = to.Conn
	}
	return io.Copy(w, c.Conn)
}

// CloseRead shuts down the reading side, if the connection has a CloseRead. Else the
// error is errors.ErrUnsupported.
func (c *TimeoutConn) CloseRead() error {
	if closer, ok := c.wrapped.(interface{ CloseRead() error }); ok {
		return closer.CloseRead()
	}
	return c.unsupported("close")
}

// CloseWrite shuts down the writing side, if the connection has a CloseWrite. Else the
// error is errors.ErrUnsupported.
func (c *TimeoutConn) CloseWrite() error {
	if closer, ok := c.wrapped.(interface{ CloseWrite() error }); ok {
		return closer.CloseWrite()
	}
	return c.unsupported("close")
}

// SyscallConn returns raw access to the descriptor, if the connection has one. Else the
// error is errors.ErrUnsupported. On ours what waits in it is limited, too.
func (c *TimeoutConn) SyscallConn() (syscall.RawConn, error) {
	of, ok := c.wrapped.(syscall.Conn)
	if !ok {
		return nil, c.unsupported("raw-control")
	}
	raw, err := of.SyscallConn()
	if err != nil {
		return nil, err
	}
	// Package os knows package net's by a method that syscall.RawConn has not, and would
	// send a file through it, past the limit.
	return struct{ syscall.RawConn }{raw}, nil
}

func (c *TimeoutConn) unsupported(op string) error {
	network := ""
	if a := c.LocalAddr(); a != nil {
		network = a.Network()
	}
	return &net.OpError{Op: op, Net: network, Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: errors.ErrUnsupported}
}
