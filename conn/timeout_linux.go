package conn

import (
	"net"
	"time"
)

// setLimits implements WithTimeout for the connections of this package.
func (c *conn) setLimits(read, write time.Duration) { c.netFD().setLimits(read, write) }

// writeBuffers implements Buffers.WriteTo.
func (c *TimeoutConn) writeBuffers(v *Buffers) (int64, error) {
	if w, ok := c.Conn.(buffersWriter); ok {
		return w.writeBuffers(v)
	}
	return (*net.Buffers)(v).WriteTo(c.Conn)
}
