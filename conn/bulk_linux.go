package conn

import (
	"io"
	"net"
	"runtime"
	"syscall"

	"github.com/a57b2d82/netpoller/fd"
	"github.com/a57b2d82/netpoller/internal/neterr"
)

// This file is the ways by which many bytes go at once: several buffers in one call, and
// data that never leaves the kernel.

// Buffers are runs of bytes to write: on our connections in one system call, where
// net.Buffers, which knows package net's only, would write them one by one.
type Buffers [][]byte

// WriteTo implements io.WriterTo. It removes from v what was written.
func (v *Buffers) WriteTo(w io.Writer) (n int64, err error) {
	if c, ok := w.(buffersWriter); ok {
		return c.writeBuffers(v)
	}
	return (*net.Buffers)(v).WriteTo(w)
}

// Read implements io.Reader. It removes from v what was read.
func (v *Buffers) Read(p []byte) (n int, err error) { return (*net.Buffers)(v).Read(p) }

type buffersWriter interface {
	writeBuffers(*Buffers) (int64, error)
}

func (c *conn) writeBuffers(v *Buffers) (int64, error) {
	if !c.ok() {
		return 0, syscall.EINVAL
	}
	n, err := c.fd.pfd.Writev((*[][]byte)(v))
	runtime.KeepAlive(c.fd)
	if err != nil {
		return n, c.opError("writev", neterr.OfSyscall("writev", err))
	}
	return n, nil
}

// ReadFrom implements io.ReaderFrom: it writes what r has to give. The data of a file, a
// TCPConn or a Unix stream, or of an io.LimitedReader over one, stays in the kernel. As in
// package net, a reader that has the SyscallConn method of a regular file counts as that
// file: its own Read is not called.
func (c *TCPConn) ReadFrom(r io.Reader) (int64, error) {
	if !c.ok() {
		return 0, syscall.EINVAL
	}
	n, handled, err := c.transferFrom(r)
	if !handled {
		var rest int64
		rest, err = io.Copy(struct{ io.Writer }{c}, r)
		n += rest
	}
	if err != nil && err != io.EOF {
		err = c.opError("readfrom", err)
	}
	return n, err
}

// transferFrom has the kernel move the data, if it can; what it can not is left in r.
func (c *TCPConn) transferFrom(r io.Reader) (n int64, handled bool, err error) {
	limit := int64(fd.Unlimited)
	limited, ok := r.(*io.LimitedReader)
	if ok {
		if limited.N <= 0 {
			return 0, true, nil
		}
		limit, r = limited.N, limited.R
		defer func() { limited.N -= n }()
	}
	if src := stream(r); src != nil {
		return c.splice(src, limit)
	}
	file, ok := r.(syscall.Conn)
	if !ok {
		return 0, false, nil
	}
	return c.sendFile(file, limit)
}

// stream returns the socket of one of our streams.
func stream(v any) *NetFD {
	switch v := v.(type) {
	case tcpReader:
		return v.c.fd
	case *TCPConn:
		if v.ok() {
			return v.fd
		}
	case *TimeoutConn:
		return stream(v.Conn)
	case *UnixConn:
		if v.ok() && v.fd.sotype == syscall.SOCK_STREAM {
			return v.fd
		}
	}
	return nil
}

// splice moves what src has to c.
func (c *conn) splice(src *NetFD, limit int64) (n int64, handled bool, err error) {
	n, handled, err = fd.Splice(&c.fd.pfd, &src.pfd, limit)
	runtime.KeepAlive(c.fd)
	runtime.KeepAlive(src)
	return n, handled, neterr.OfSyscall("splice", err)
}

// sendFile sends what a file has, from where it is.
func (c *conn) sendFile(file syscall.Conn, limit int64) (n int64, handled bool, err error) {
	raw, err := file.SyscallConn()
	if err != nil {
		return 0, false, nil
	}
	var sendErr error
	err = raw.Read(func(sysfd uintptr) (done bool) {
		n, handled, sendErr = c.fd.pfd.SendFile(int(sysfd), limit)
		return true
	})
	runtime.KeepAlive(c.fd)
	if err == nil {
		err = sendErr
	}
	return n, handled, neterr.OfSyscall("sendfile", err)
}

// WriteTo implements io.WriterTo: it writes to w what is read, until the end. To a Unix
// stream, the data stays in the kernel.
func (c *TCPConn) WriteTo(w io.Writer) (int64, error) {
	if !c.ok() {
		return 0, syscall.EINVAL
	}
	var n int64
	var handled bool
	var err error
	if limited, ok := w.(*TimeoutConn); ok {
		w = limited.Conn
	}
	if dst, ok := w.(*UnixConn); ok && stream(dst) != nil {
		n, handled, err = dst.splice(c.fd, fd.Unlimited)
	}
	if !handled {
		var rest int64
		rest, err = io.Copy(w, tcpReader{c})
		n += rest
	}
	if err != nil && err != io.EOF {
		err = c.opError("writeto", err)
	}
	return n, err
}

// A tcpReader is a TCPConn without WriteTo, from which another TCPConn can splice.
type tcpReader struct{ c *TCPConn }

func (r tcpReader) Read(p []byte) (int, error) { return r.c.Read(p) }
