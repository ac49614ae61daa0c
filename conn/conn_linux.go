package conn

import (
	"io"
	"net"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller/fd"
	"github.com/a57b2d82/netpoller/internal/neterr"
)

// A conn is what all connections have in common. Its methods are those of net.Conn,
// may be called from any goroutine at once, and fail as package net's do. Methods of a
// nil conn return syscall.EINVAL.
type conn struct{ fd *NetFD }

func (c *conn) ok() bool { return c != nil && c.fd != nil }

// opError is the error of an operation between two addresses.
func (c *conn) opError(op string, err error) error {
	return &net.OpError{Op: op, Net: c.fd.network, Source: c.fd.laddr, Addr: c.fd.raddr, Err: err}
}

// setError is the error of an operation on this end alone.
func (c *conn) setError(op string, err error) error {
	return &net.OpError{Op: op, Net: c.fd.network, Source: nil, Addr: c.fd.laddr, Err: err}
}

// Read reads up to len(b) bytes, waiting until there is at least one. It returns
// io.EOF at the end of the stream, and an error that is os.ErrDeadlineExceeded once
// the read deadline has passed, even if data is there. An empty b is read at once.
func (c *conn) Read(b []byte) (int, error) {
	if !c.ok() {
		return 0, syscall.EINVAL
	}
	n, err := c.fd.pfd.Read(b)
	runtime.KeepAlive(c.fd)
	if err != nil && err != io.EOF {
		err = c.opError("read", neterr.OfSyscall("read", err))
	}
	return n, err
}

// Write writes all of b, waiting for room as often as it must. It returns how much
// was taken if it fails, with os.ErrDeadlineExceeded once the write deadline passed.
func (c *conn) Write(b []byte) (int, error) {
	if !c.ok() {
		return 0, syscall.EINVAL
	}
	n, err := c.fd.pfd.Write(b)
	runtime.KeepAlive(c.fd)
	if err != nil {
		err = c.opError("write", neterr.OfSyscall("write", err))
	}
	return n, err
}

// Close closes the connection. Operations in progress fail with net.ErrClosed, and
// Close returns when they have; so does every later operation.
func (c *conn) Close() error {
	if !c.ok() {
		return syscall.EINVAL
	}
	if err := c.fd.Close(); err != nil {
		return c.opError("close", err)
	}
	return nil
}

// LocalAddr returns this end's address. It may be shared: do not modify it.
func (c *conn) LocalAddr() net.Addr {
	if !c.ok() {
		return nil
	}
	return c.fd.laddr
}

// RemoteAddr returns the other end's address. It may be shared: do not modify it.
func (c *conn) RemoteAddr() net.Addr {
	if !c.ok() {
		return nil
	}
	return c.fd.raddr
}

// SetDeadline sets the read and the write deadline: operations that are in progress
// then fail, and so does every later one until the deadline is set again. A zero t
// means none. Moving a deadline to a later time costs next to nothing.
func (c *conn) SetDeadline(t time.Time) error { return c.set((*fd.FD).SetDeadline, t) }

// SetReadDeadline sets the deadline of Read.
func (c *conn) SetReadDeadline(t time.Time) error { return c.set((*fd.FD).SetReadDeadline, t) }

// SetWriteDeadline sets the deadline of Write. A Write that it ends may have written
// some of its data.
func (c *conn) SetWriteDeadline(t time.Time) error { return c.set((*fd.FD).SetWriteDeadline, t) }

func (c *conn) set(deadline func(*fd.FD, time.Time) error, t time.Time) error {
	if !c.ok() {
		return syscall.EINVAL
	}
	err := deadline(&c.fd.pfd, t)
	runtime.KeepAlive(c.fd)
	if err != nil {
		return c.setError("set", err)
	}
	return nil
}

// SetReadBuffer sets the size of the kernel's receive buffer (SO_RCVBUF), in bytes.
func (c *conn) SetReadBuffer(bytes int) error { return c.setBuffer(syscall.SO_RCVBUF, bytes) }

// SetWriteBuffer sets the size of the kernel's send buffer (SO_SNDBUF), in bytes.
func (c *conn) SetWriteBuffer(bytes int) error { return c.setBuffer(syscall.SO_SNDBUF, bytes) }

func (c *conn) setBuffer(option, bytes int) error {
	if !c.ok() {
		return syscall.EINVAL
	}
	if err := c.fd.setsockoptInt(syscall.SOL_SOCKET, option, bytes); err != nil {
		return c.setError("set", err)
	}
	return nil
}

// shutdown is CloseRead and CloseWrite for those types that have them.
func (c *conn) shutdown(how int) error {
	if !c.ok() {
		return syscall.EINVAL
	}
	if err := c.fd.Shutdown(how); err != nil {
		return c.opError("close", err)
	}
	return nil
}

// rawConn is SyscallConn for those types that have one.
func (c *conn) rawConn() (syscall.RawConn, error) {
	if !c.ok() {
		return nil, syscall.EINVAL
	}
	return &rawConn{c.fd}, nil
}

// File returns a duplicate of the descriptor. Closing either leaves the other open. As
// package net's, its Fd method makes the descriptor blocking, for programs that expect that
// of their standard input. The connection shares that, and does not mind.
func (c *conn) File() (*os.File, error) {
	f, err := c.fd.File()
	if err != nil {
		return nil, c.opError("file", err)
	}
	return f, nil
}
