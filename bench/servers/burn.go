//go:build linux

package servers

import (
	"net"
	"time"
)

// BurnBit in the number of a request asks BurnEcho to burn; it is the top bit of the eighth byte.
const BurnBit = 1 << 63

// BurnEcho is Echo by handlers that compute before they answer, where a request asks for that.
func BurnEcho(v Variant, p Point) (Subject, error) {
	return serveWith(v.sockets(), func(c net.Conn) { echoAfter(c, p.Burn) })
}

func echoAfter(c net.Conn, burn time.Duration) {
	defer c.Close()
	buf := make([]byte, BufferSize)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if n >= 8 && buf[7]&0x80 != 0 {
			for start := time.Now(); time.Since(start) < burn; {
			}
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return
		}
	}
}
