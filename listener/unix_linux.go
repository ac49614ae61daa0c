package listener

import (
	"context"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/internal/neterr"
)

// ListenUnix listens on a Unix socket. The network is "unix" or "unixpacket".
func ListenUnix(network string, laddr *net.UnixAddr) (*UnixListener, error) {
	var l *UnixListener
	err := onUnix(laddr, network, "unix", "unixpacket")
	if err == nil {
		l, err = new(ListenConfig).listenUnix(context.Background(), network, laddr)
	}
	if err != nil {
		return nil, listenError(network, neterr.Addr(laddr), err)
	}
	return l, nil
}

// ListenUnixgram returns a Unix socket that receives datagrams. The network is "unixgram".
func ListenUnixgram(network string, laddr *net.UnixAddr) (*conn.UnixConn, error) {
	var c *conn.UnixConn
	err := onUnix(laddr, network, "unixgram")
	if err == nil {
		c, err = new(ListenConfig).listenUnixgram(context.Background(), network, laddr)
	}
	if err != nil {
		return nil, listenError(network, neterr.Addr(laddr), err)
	}
	return c, nil
}

// onUnix returns the error of a network that is not one of known, or of a nil address.
func onUnix(laddr *net.UnixAddr, network string, known ...string) error {
	for _, k := range known {
		if network == k {
			if laddr == nil {
				return neterr.MissingAddress
			}
			return nil
		}
	}
	return net.UnknownNetworkError(network)
}

func (lc *ListenConfig) listenUnix(ctx context.Context, network string, laddr *net.UnixAddr) (*UnixListener, error) {
	f, err := lc.socket(network, conn.UnixType(network)).Listen(ctx, laddr)
	if err != nil {
		return nil, err
	}
	return &UnixListener{socket: socket{f}, path: f.LocalAddr().String(), unlink: true}, nil
}

func (lc *ListenConfig) listenUnixgram(ctx context.Context, network string, laddr *net.UnixAddr) (*conn.UnixConn, error) {
	f, err := lc.socket(network, conn.UnixType(network)).Listen(ctx, laddr)
	if err != nil {
		return nil, err
	}
	return conn.NewUnixConn(f), nil
}

// A UnixListener is a listening Unix socket. Its methods, except SetUnlinkOnClose, may be
// called from several goroutines at once. Except Addr and SetUnlinkOnClose, they return
// syscall.EINVAL if l is nil or zero.
type UnixListener struct {
	socket     socket
	path       string
	unlink     bool
	unlinkOnce sync.Once
}

// Accept is AcceptUnix. The connection is a *conn.UnixConn.
func (l *UnixListener) Accept() (net.Conn, error) {
	c, err := l.AcceptUnix()
	if err != nil {
		return nil, err
	}
	return c, nil
}

// AcceptUnix waits for the next connection. For EMFILE and similar errors see
// TCPListener.AcceptTCP.
func (l *UnixListener) AcceptUnix() (*conn.UnixConn, error) {
	s := l.sock()
	f, err := s.netFD().Accept()
	if err != nil {
		return nil, s.opError("accept", err)
	}
	return conn.NewUnixConn(f), nil
}

// SetUnlinkOnClose sets whether Close removes the socket's file. The default is true, and
// false for a listener returned by FileListener.
func (l *UnixListener) SetUnlinkOnClose(unlink bool) { l.unlink = unlink }

// Close removes the socket's file and closes the listening socket, in this order: after the
// socket is closed, another one may have a file of that name. It removes the file only once.
// An Accept in progress fails with net.ErrClosed. Accepted connections stay open.
func (l *UnixListener) Close() error {
	s := l.sock()
	if !s.ok() {
		return syscall.EINVAL
	}
	l.unlinkOnce.Do(func() {
		if l.unlink && l.path[0] != '@' {
			syscall.Unlink(l.path)
		}
	})
	if err := s.fd.Close(); err != nil {
		return s.opError("close", err)
	}
	return nil
}

func (l *UnixListener) sock() *socket {
	if l == nil {
		return nil
	}
	return &l.socket
}

// Addr returns the local address. The caller must not modify it.
func (l *UnixListener) Addr() net.Addr { return l.socket.fd.LocalAddr() }

// SetDeadline sets the time at which Accept, including one in progress, fails with
// os.ErrDeadlineExceeded. A zero t means no deadline.
func (l *UnixListener) SetDeadline(t time.Time) error { return l.sock().setDeadline(t) }

// File returns a duplicate of the descriptor. Closing the file does not close the listener,
// nor does closing the listener close the file.
func (l *UnixListener) File() (*os.File, error) { return l.sock().file() }

// SyscallConn returns a syscall.RawConn. Its Read and Write fail, as for package net's
// listeners.
func (l *UnixListener) SyscallConn() (syscall.RawConn, error) { return l.sock().syscallConn() }
