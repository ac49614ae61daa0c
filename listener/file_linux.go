package listener

import (
	"net"
	"os"
	"syscall"

	"github.com/a57b2d82/netpoller/conn"
)

// FileListener returns a listener on a copy of the listening socket that f is. Closing
// either leaves the other open. A Unix socket's file is nobody's to remove then, unless
// SetUnlinkOnClose says otherwise.
func FileListener(f *os.File) (net.Listener, error) {
	s, err := conn.FileSocket(f)
	if err != nil {
		return nil, conn.FileError(f, err)
	}
	switch laddr := s.LocalAddr().(type) {
	case *net.TCPAddr:
		return &TCPListener{socket: socket{s}}, nil
	case *net.UnixAddr:
		return &UnixListener{socket: socket{s}, path: laddr.Name}, nil
	}
	s.Close()
	return nil, conn.FileError(f, syscall.EINVAL)
}
