package conn

import (
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// A conn has the methods that all connections have. They are those of net.Conn, may be
// called from several goroutines at once, and fail as package net's do. On a nil or zero
// conn they return syscall.EINVAL.
type conn struct{ fd *NetFD }

func (c *conn) ok() bool { return c != nil && c.fd != nil }

// netFD returns the socket. If c is not initialized, all operations of the result fail,
// and opError and setError return syscall.EINVAL.
func (c *conn) netFD() *NetFD {
	if !c.ok() {
		return uninitialized
	}
	return c.fd
}

// opError returns the error of an operation between the two addresses.
func (c *conn) opError(op string, err error) error {
	f := c.netFD()
	return f.OpError(op, f.laddr, f.raddr, err)
}

// setError returns the error of an operation on the local end.
func (c *conn) setError(op string, err error) error {
	f := c.netFD()
	return f.OpError(op, nil, f.laddr, err)
}

// Read reads up to len(b) bytes and waits until there is at least one. At the end of the
// stream it returns io.EOF. After the read deadline it returns an error that is
// os.ErrDeadlineExceeded, even if there is data. With an empty b it does not wait.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.netFD().read(b)
	if err != nil && err != io.EOF {
		err = c.opError("read", err)
	}
	return n, err
}

// Write writes all of b and waits whenever the send buffer is full. If it fails, it returns
// how many bytes the kernel has accepted. After the write deadline it returns an error that
// is os.ErrDeadlineExceeded.
func (c *conn) Write(b []byte) (int, error) {
	n, err := c.netFD().write(b)
	if err != nil {
		err = c.opError("write", err)
	}
	return n, err
}

// Close closes the connection. Operations in progress and later ones fail with
// net.ErrClosed. Close returns when the operations in progress have ended.
func (c *conn) Close() error {
	if err := c.netFD().Close(); err != nil {
		return c.opError("close", err)
	}
	return nil
}

// LocalAddr returns the local address. The caller must not modify it.
func (c *conn) LocalAddr() net.Addr { return c.netFD().laddr }

// RemoteAddr returns the remote address. The caller must not modify it.
func (c *conn) RemoteAddr() net.Addr { return c.netFD().raddr }

// SetDeadline sets the read and the write deadline. At that time the operations in progress
// fail, and later ones fail until the deadline is set again. A zero t means no deadline.
// Moving a deadline to a later time costs one atomic store.
func (c *conn) SetDeadline(t time.Time) error {
	if err := c.netFD().SetDeadline(t); err != nil {
		return c.setError("set", err)
	}
	return nil
}

// SetReadDeadline sets the deadline of Read.
func (c *conn) SetReadDeadline(t time.Time) error {
	if err := c.netFD().setReadDeadline(t); err != nil {
		return c.setError("set", err)
	}
	return nil
}

// SetWriteDeadline sets the deadline of Write. A Write that fails at its deadline may have
// written some of its data.
func (c *conn) SetWriteDeadline(t time.Time) error {
	if err := c.netFD().setWriteDeadline(t); err != nil {
		return c.setError("set", err)
	}
	return nil
}

// SetReadBuffer sets the size of the kernel's receive buffer (SO_RCVBUF), in bytes.
func (c *conn) SetReadBuffer(bytes int) error {
	return c.setBuffer(syscall.SO_RCVBUF, bytes)
}

// SetWriteBuffer sets the size of the kernel's send buffer (SO_SNDBUF), in bytes.
func (c *conn) SetWriteBuffer(bytes int) error {
	return c.setBuffer(syscall.SO_SNDBUF, bytes)
}

func (c *conn) setBuffer(option, bytes int) error {
	if err := c.netFD().setsockoptInt(syscall.SOL_SOCKET, option, bytes); err != nil {
		return c.setError("set", err)
	}
	return nil
}

// shutdown is CloseRead and CloseWrite of the types that have them.
func (c *conn) shutdown(how int) error {
	if err := c.netFD().shutdown(how); err != nil {
		return c.opError("close", err)
	}
	return nil
}

// rawConn is SyscallConn of the types that have it.
func (c *conn) rawConn() (syscall.RawConn, error) {
	if !c.ok() {
		return nil, syscall.EINVAL
	}
	return &rawConn{c.fd}, nil
}

// File returns a duplicate of the descriptor. Closing the file does not close the
// connection, nor does closing the connection close the file. As in package net, the Fd
// method of the file makes the
// descriptor blocking. The connection shares that mode and works on.
func (c *conn) File() (*os.File, error) {
	f, err := c.fd.File() // package net's panics too if c is not initialized
	if err != nil {
		return nil, c.opError("file", err)
	}
	return f, nil
}
