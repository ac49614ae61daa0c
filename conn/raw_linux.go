package conn

import "syscall"

// A rawConn is the syscall.RawConn of a connection.
type rawConn struct{ fd *NetFD }

func (c *rawConn) Control(f func(fd uintptr)) error {
	if err := c.fd.RawControl(f); err != nil {
		return c.fd.OpError("raw-control", nil, c.fd.laddr, err)
	}
	return nil
}

func (c *rawConn) Read(f func(fd uintptr) (done bool)) error {
	if err := c.fd.rawRead(f); err != nil {
		return c.fd.OpError("raw-read", c.fd.laddr, c.fd.raddr, err)
	}
	return nil
}

func (c *rawConn) Write(f func(fd uintptr) (done bool)) error {
	if err := c.fd.rawWrite(f); err != nil {
		return c.fd.OpError("raw-write", c.fd.laddr, c.fd.raddr, err)
	}
	return nil
}

// A rawListener is the syscall.RawConn of a listener, whose Read and Write fail.
type rawListener struct{ rawConn }

// NewRawListener returns the syscall.RawConn of a listening socket.
func NewRawListener(f *NetFD) syscall.RawConn { return &rawListener{rawConn{f}} }

func (*rawListener) Read(func(uintptr) bool) error  { return syscall.EINVAL }
func (*rawListener) Write(func(uintptr) bool) error { return syscall.EINVAL }
