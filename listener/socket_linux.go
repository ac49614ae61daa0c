package listener

import (
	"os"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller/conn"
)

// A socket is the listening socket of a TCPListener or a UnixListener. A nil or zero socket
// is not initialized.
type socket struct{ fd *conn.NetFD }

func (s *socket) ok() bool { return s != nil && s.fd != nil }

// netFD returns the NetFD. If s is not initialized, all operations of the result fail, and
// opError returns syscall.EINVAL.
func (s *socket) netFD() *conn.NetFD {
	if !s.ok() {
		return conn.Uninitialized()
	}
	return s.fd
}

func (s *socket) opError(op string, err error) error {
	f := s.netFD()
	return f.OpError(op, nil, f.LocalAddr(), err)
}

// setDeadline returns the bare error, as package net's listeners do.
func (s *socket) setDeadline(t time.Time) error {
	if !s.ok() {
		return syscall.EINVAL
	}
	return s.fd.SetDeadline(t)
}

func (s *socket) file() (*os.File, error) {
	f, err := s.netFD().File()
	if err != nil {
		return nil, s.opError("file", err)
	}
	return f, nil
}

func (s *socket) syscallConn() (syscall.RawConn, error) {
	if !s.ok() {
		return nil, syscall.EINVAL
	}
	return conn.NewRawListener(s.fd), nil
}
