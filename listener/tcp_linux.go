package listener

import (
	"context"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/internal/neterr"
)

// ListenTCP listens on laddr. If laddr is nil or has no IP, it listens on all addresses, and
// if the port is 0, on a free port.
func ListenTCP(network string, laddr *net.TCPAddr) (*TCPListener, error) {
	switch network {
	case "tcp", "tcp4", "tcp6":
	default:
		return nil, listenError(network, neterr.Addr(laddr), net.UnknownNetworkError(network))
	}
	if laddr == nil {
		laddr = &net.TCPAddr{}
	}
	var lc ListenConfig
	l, err := lc.listenTCP(context.Background(), network, laddr)
	if err != nil {
		return nil, listenError(network, laddr, err)
	}
	return l, nil
}

// listenTCP listens for Multipath TCP, which includes TCP, if possible, and else for TCP.
func (lc *ListenConfig) listenTCP(ctx context.Context, network string, laddr *net.TCPAddr) (*TCPListener, error) {
	s := lc.socket(network, syscall.SOCK_STREAM)
	if lc.MultipathTCP() && conn.SupportsMultipathTCP() {
		s.Proto = conn.MultipathTCP
		if f, err := s.Listen(ctx, laddr); err == nil {
			return &TCPListener{socket{f}, *lc}, nil
		}
		s.Proto = 0 // as package net does, whatever the error: plain TCP returns its own
	}
	f, err := s.Listen(ctx, laddr)
	if err != nil {
		return nil, err
	}
	return &TCPListener{socket{f}, *lc}, nil
}

// A TCPListener is a listening TCP socket. Its methods may be called from several goroutines
// at once. Except Addr, they return syscall.EINVAL if l is nil or zero.
type TCPListener struct {
	socket socket
	lc     ListenConfig
}

// Accept is AcceptTCP. The connection is a *conn.TCPConn.
func (l *TCPListener) Accept() (net.Conn, error) {
	c, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	return c, nil
}

// AcceptTCP waits for the next connection. It skips connections that were aborted before.
//
// If the process has no descriptor left (EMFILE), or the system is short of descriptors or
// memory (ENFILE, ENOBUFS, ENOMEM), AcceptTCP returns package net's error at once. It does
// not retry. The connection stays in the kernel's queue, and a later call accepts it. The
// caller should pause before that call, as http.Server does.
func (l *TCPListener) AcceptTCP() (*conn.TCPConn, error) {
	s := l.sock()
	f, err := s.netFD().Accept()
	if err != nil {
		return nil, s.opError("accept", err)
	}
	return conn.NewTCPConn(f, l.lc.KeepAlive, l.lc.KeepAliveConfig), nil
}

// Close closes the listening socket. An Accept in progress fails with net.ErrClosed. Accepted
// connections stay open; the kernel resets those that are still in its queue.
func (l *TCPListener) Close() error {
	s := l.sock()
	if err := s.netFD().Close(); err != nil {
		return s.opError("close", err)
	}
	return nil
}

func (l *TCPListener) sock() *socket {
	if l == nil {
		return nil
	}
	return &l.socket
}

// Addr returns the local address, with the port that the kernel has chosen. The caller must
// not modify it.
func (l *TCPListener) Addr() net.Addr { return l.socket.fd.LocalAddr() }

// SetDeadline sets the time at which Accept, including one in progress, fails with
// os.ErrDeadlineExceeded. A zero t means no deadline.
func (l *TCPListener) SetDeadline(t time.Time) error { return l.sock().setDeadline(t) }

// File returns a duplicate of the descriptor. Closing the file does not close the listener,
// nor does closing the listener close the file.
func (l *TCPListener) File() (*os.File, error) { return l.sock().file() }

// SyscallConn returns a syscall.RawConn. Its Read and Write fail, as for package net's
// listeners.
func (l *TCPListener) SyscallConn() (syscall.RawConn, error) { return l.sock().syscallConn() }
