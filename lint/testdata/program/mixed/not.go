package mixed

import (
	"io"
	"net" // want `net.Listen stays on net; import net`
)

func listen() (net.Listener, error) { return net.Listen("tcp", "") }

func halfClose() error {
	c, err := open()
	if tcp, ok := c.(*net.TCPConn); ok { // want `a connection or listener of netpoller is no \*net.TCPConn; import net`
		return tcp.CloseWrite()
	}
	switch c := c.(type) {
	case *net.UnixConn: // want `no \*net.UnixConn; `
		return c.CloseWrite()
	case io.Closer:
	}
	return err
}
