package listener

import (
	"net"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller/conn"
)

// A socket is what all listeners have in common. Its methods return syscall.EINVAL if
// it is nil.
type socket struct{ fd *conn.NetFD }

func (l *socket) ok() bool { return l != nil && l.fd != nil }

func (l *socket) opError(op string, err error) error {
	return &net.OpError{Op: op, Net: l.fd.Network(), Source: nil, Addr: l.fd.LocalAddr(), Err: err}
}

func (l *socket) accept() (*conn.NetFD, error) {
	if !l.ok() {
		return nil, syscall.EINVAL
	}
	f, err := l.fd.Accept()
	if err != nil {
		return nil, l.opError("accept", err)
	}
	return f, nil
}

func (l *socket) close() error {
	if !l.ok() {
		return syscall.EINVAL
	}
	if err := l.fd.Close(); err != nil {
		return l.opError("close", err)
	}
	return nil
}

func (l *socket) setDeadline(t time.Time) error {
	if !l.ok() {
		return syscall.EINVAL
	}
	defer runtime.KeepAlive(l.fd)
	return l.fd.FD().SetDeadline(t)
}

func (l *socket) file() (*os.File, error) {
	if !l.ok() {
		return nil, syscall.EINVAL
	}
	f, err := l.fd.File()
	if err != nil {
		return nil, l.opError("file", err)
	}
	return f, nil
}

func (l *socket) syscallConn() (syscall.RawConn, error) {
	if !l.ok() {
		return nil, syscall.EINVAL
	}
	return conn.NewRawListener(l.fd), nil
}
