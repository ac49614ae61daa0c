package listener

import (
	"net"
	"os"
	"syscall"

	"github.com/a57b2d82/netpoller/conn"
)

// FileListener returns a listener on a duplicate of the listening socket f. Closing the
// listener does not close f, nor does closing f close the listener. As in package net, Close of
// a UnixListener does not remove the socket's file then, unless SetUnlinkOnClose(true) was
// called.
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
