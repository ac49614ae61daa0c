package conn

import (
	"net"
	"runtime"
	"syscall"
)

// A rawConn is raw access to a connection.
type rawConn struct{ fd *NetFD }

func (c *rawConn) Control(f func(fd uintptr)) error {
	err := c.fd.pfd.RawControl(f)
	runtime.KeepAlive(c.fd)
	if err != nil {
		return &net.OpError{Op: "raw-control", Net: c.fd.network, Addr: c.fd.laddr, Err: err}
	}
	return nil
}

func (c *rawConn) Read(f func(fd uintptr) (done bool)) error {
	return c.wait("raw-read", c.fd.pfd.RawRead(f))
}

func (c *rawConn) Write(f func(fd uintptr) (done bool)) error {
	return c.wait("raw-write", c.fd.pfd.RawWrite(f))
}

func (c *rawConn) wait(op string, err error) error {
	runtime.KeepAlive(c.fd)
	if err != nil {
		return &net.OpError{Op: op, Net: c.fd.network, Source: c.fd.laddr, Addr: c.fd.raddr, Err: err}
	}
	return nil
}

// A rawListener is raw access to a listener, which cannot be read or written.
type rawListener struct{ rawConn }

// NewRawListener returns raw access to a listening socket.
func NewRawListener(f *NetFD) syscall.RawConn { return &rawListener{rawConn{f}} }

func (*rawListener) Read(func(uintptr) bool) error  { return syscall.EINVAL }
func (*rawListener) Write(func(uintptr) bool) error { return syscall.EINVAL }
