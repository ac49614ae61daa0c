// Package pointers opens nothing by the types that it names.
package pointers

import "net"

func none(d *net.Dialer, lc *net.ListenConfig, c net.Conn) *net.TCPConn {
	if d.Timeout > 0 && lc.KeepAlive > 0 {
		return c.(*net.TCPConn)
	}
	return nil
}
