package listener

import (
	"net"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller/conn"
)

// A socket is what all listeners have in common.
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

// Addr returns the address listened on, with the port that was chosen. It may be
// shared: do not modify it.
func (l *socket) Addr() net.Addr { return l.fd.LocalAddr() }

// SetDeadline sets when Accept fails with os.ErrDeadlineExceeded, one in progress too.
// A zero t means never.
func (l *socket) SetDeadline(t time.Time) error {
	if !l.ok() {
		return syscall.EINVAL
	}
	defer runtime.KeepAlive(l.fd)
	return l.fd.FD().SetDeadline(t)
}

// File returns a duplicate of the descriptor. Closing either leaves the other open.
func (l *socket) File() (*os.File, error) {
	if !l.ok() {
		return nil, syscall.EINVAL
	}
	f, err := l.fd.File()
	if err != nil {
		return nil, l.opError("file", err)
	}
	return f, nil
}

// SyscallConn returns raw access to the descriptor, of which a listener has Control
// only.
func (l *socket) SyscallConn() (syscall.RawConn, error) {
	if !l.ok() {
		return nil, syscall.EINVAL
	}
	return conn.NewRawListener(l.fd), nil
}
