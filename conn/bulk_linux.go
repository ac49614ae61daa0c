package conn

import (
	"io"
	"net"
	"syscall"

	"github.com/a57b2d82/netpoller/fd"
	"github.com/a57b2d82/netpoller/internal/neterr"
)

// This file holds the bulk transfers: several buffers in one call, and data that stays in
// the kernel.

// Buffers is net.Buffers for the connections of this package: WriteTo writes the buffers in
// one system call. net.Buffers does so for connections of package net only, and writes to
// others buffer by buffer.
type Buffers [][]byte

// WriteTo implements io.WriterTo. It removes from v the bytes that it has written.
func (v *Buffers) WriteTo(w io.Writer) (n int64, err error) {
	if c, ok := w.(buffersWriter); ok {
		return c.writeBuffers(v)
	}
	return (*net.Buffers)(v).WriteTo(w)
}

// Read implements io.Reader. It removes from v the bytes that it has read.
func (v *Buffers) Read(p []byte) (n int, err error) { return (*net.Buffers)(v).Read(p) }

type buffersWriter interface {
	writeBuffers(*Buffers) (int64, error)
}

func (c *conn) writeBuffers(v *Buffers) (int64, error) {
	n, err := c.netFD().writev((*[][]byte)(v))
	if err != nil {
		return n, c.opError("writev", err)
	}
	return n, nil
}

// ReadFrom implements io.ReaderFrom: it writes the data of r until the end or an error. The
// data of a file, a TCPConn or a Unix stream, or of an io.LimitedReader of one, stays in the
// kernel, by sendfile(2) or splice(2). As in package net, ReadFrom does not call the Read
// method of a reader whose SyscallConn method returns a regular file.
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

// transferFrom transfers data from r within the kernel. If handled is false, the caller
// copies the rest of r.
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
		return c.fd.splice(src, limit)
	}
	file, ok := r.(syscall.Conn)
	if !ok {
		return 0, false, nil
	}
	return c.sendFile(file, limit)
}

// stream returns the socket of v if v is a stream of this package, else nil.
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

// sendFile sends up to limit bytes of a file, from its current position.
func (c *conn) sendFile(file syscall.Conn, limit int64) (n int64, handled bool, err error) {
	raw, err := file.SyscallConn()
	if err != nil {
		return 0, false, nil
	}
	var sendErr error
	err = raw.Read(func(sysfd uintptr) (done bool) {
		n, handled, sendErr = c.fd.sendFile(int(sysfd), limit)
		return true
	})
	if err == nil {
		err = sendErr
	}
	return n, handled, neterr.OfSyscall("sendfile", err)
}

// WriteTo implements io.WriterTo: it writes to w the data that it reads, until the end or an
// error. Data for a Unix stream stays in the kernel, by splice(2).
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
		n, handled, err = dst.fd.splice(c.fd, fd.Unlimited)
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

// A tcpReader is a TCPConn without WriteTo. Another TCPConn can splice from it.
type tcpReader struct{ c *TCPConn }

func (r tcpReader) Read(p []byte) (int, error) { return r.c.Read(p) }
