//go:build !linux

package listener

import (
	"net"
	"os"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller/conn"
)

// On this system the listeners are package net's, each in a type that returns connections of
// package conn. Their methods are package net's, which take a nil listener, too.

// wrap is conn.Wrap for listeners.
func wrap[L any](l any, err error) (wrapped L, _ error) {
	if err != nil {
		return wrapped, err
	}
	switch std := l.(type) {
	case *net.TCPListener:
		l = &TCPListener{l: std}
	case *net.UnixListener:
		l = &UnixListener{std}
	}
	return l.(L), nil
}

// FileListener is net.FileListener.
func FileListener(f *os.File) (net.Listener, error) { return wrap[net.Listener](net.FileListener(f)) }

// ListenTCP is net.ListenTCP.
func ListenTCP(network string, laddr *net.TCPAddr) (*TCPListener, error) {
	return wrap[*TCPListener](net.ListenTCP(network, laddr))
}

// A TCPListener is a listening TCP socket. Its methods are those of net.TCPListener.
type TCPListener struct {
	l *net.TCPListener
	_ [0]func() // it cannot be compared with ==, as package net's cannot
}

func (l *TCPListener) std() *net.TCPListener {
	if l == nil {
		return nil
	}
	return l.l
}

// Accept is AcceptTCP. The connection is a *conn.TCPConn.
func (l *TCPListener) Accept() (net.Conn, error) { return conn.Wrap[net.Conn](l.std().Accept()) }

// AcceptTCP waits for the next connection.
func (l *TCPListener) AcceptTCP() (*conn.TCPConn, error) {
	return conn.Wrap[*conn.TCPConn](l.std().AcceptTCP())
}

// Addr returns the local address.
func (l *TCPListener) Addr() net.Addr { return l.std().Addr() }

// Close closes the listening socket.
func (l *TCPListener) Close() error { return l.std().Close() }

// File returns a duplicate of the descriptor.
func (l *TCPListener) File() (*os.File, error) { return l.std().File() }

// SetDeadline sets the time at which Accept fails.
func (l *TCPListener) SetDeadline(t time.Time) error { return l.std().SetDeadline(t) }

// SyscallConn returns raw access to the descriptor.
func (l *TCPListener) SyscallConn() (syscall.RawConn, error) { return l.std().SyscallConn() }

// ListenUnix is net.ListenUnix.
func ListenUnix(network string, laddr *net.UnixAddr) (*UnixListener, error) {
	return wrap[*UnixListener](net.ListenUnix(network, laddr))
}

// A UnixListener is a listening Unix socket. Its methods are those of net.UnixListener.
type UnixListener struct{ l *net.UnixListener }

func (l *UnixListener) std() *net.UnixListener {
	if l == nil {
		return nil
	}
	return l.l
}

// Accept is AcceptUnix. The connection is a *conn.UnixConn.
func (l *UnixListener) Accept() (net.Conn, error) { return conn.Wrap[net.Conn](l.std().Accept()) }

// AcceptUnix waits for the next connection.
func (l *UnixListener) AcceptUnix() (*conn.UnixConn, error) {
	return conn.Wrap[*conn.UnixConn](l.std().AcceptUnix())
}

// Addr returns the local address.
func (l *UnixListener) Addr() net.Addr { return l.std().Addr() }

// Close removes the socket's file and closes the listening socket.
func (l *UnixListener) Close() error { return l.std().Close() }

// File returns a duplicate of the descriptor.
func (l *UnixListener) File() (*os.File, error) { return l.std().File() }

// SetDeadline sets the time at which Accept fails.
func (l *UnixListener) SetDeadline(t time.Time) error { return l.std().SetDeadline(t) }

// SetUnlinkOnClose sets whether Close removes the socket's file. On Plan 9, where net.UnixListener
// does not have it, it does nothing.
func (l *UnixListener) SetUnlinkOnClose(unlink bool) {
	if std, ok := any(l.l).(interface{ SetUnlinkOnClose(bool) }); ok && l.l != nil {
		std.SetUnlinkOnClose(unlink)
	}
}

// SyscallConn returns raw access to the descriptor.
func (l *UnixListener) SyscallConn() (syscall.RawConn, error) { return l.std().SyscallConn() }
