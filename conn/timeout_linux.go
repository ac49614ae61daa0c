package conn

import (
	"net"
	"runtime"
	"time"
)

// setLimits is WithTimeout for our connections.
func (c *conn) setLimits(read, write time.Duration) {
	if c.ok() {
		c.fd.pfd.SetLimits(read, write)
		runtime.KeepAlive(c.fd)
	}
}

// writeBuffers is for Buffers.WriteTo.
func (c *TimeoutConn) writeBuffers(v *Buffers) (int64, error) {
	if w, ok := c.Conn.(buffersWriter); ok {
		return w.writeBuffers(v)
	}
	return (*net.Buffers)(v).WriteTo(c.Conn)
}
