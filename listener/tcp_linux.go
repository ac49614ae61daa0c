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

// ListenTCP announces on laddr, or on all addresses and a free port if laddr is nil.
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

// listenTCP listens by Multipath TCP where it can, and by TCP.
func (lc *ListenConfig) listenTCP(ctx context.Context, network string, laddr *net.TCPAddr) (*TCPListener, error) {
	s := lc.socket(network, syscall.SOCK_STREAM)
	if lc.MultipathTCP() && conn.SupportsMultipathTCP() {
		s.Proto = conn.MultipathTCP
		if f, err := s.Listen(ctx, laddr); err == nil {
			return &TCPListener{socket{f}, *lc}, nil
		}
		s.Proto = 0 // whatever the reason: plain TCP tells it better
	}
	f, err := s.Listen(ctx, laddr)
	if err != nil {
		return nil, err
	}
	return &TCPListener{socket{f}, *lc}, nil
}

// A TCPListener is a TCP socket that listens. All methods may be called from any
// goroutine; those of a nil one return syscall.EINVAL.
type TCPListener struct {
	socket socket
	lc     ListenConfig
}

// Accept waits for the next connection; it is a *conn.TCPConn.
func (l *TCPListener) Accept() (net.Conn, error) {
	c, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	return c, nil
}

// AcceptTCP is Accept.
func (l *TCPListener) AcceptTCP() (*conn.TCPConn, error) {
	f, err := l.sock().accept()
	if err != nil {
		return nil, err
	}
	return conn.NewTCPConn(f, l.lc.KeepAlive, l.lc.KeepAliveConfig), nil
}

// Close stops listening. An Accept in progress fails with net.ErrClosed. Connections
// that were accepted stay.
func (l *TCPListener) Close() error { return l.sock().close() }

func (l *TCPListener) sock() *socket {
	if l == nil {
		return nil
	}
	return &l.socket
}

// Addr returns the address listened on, with the port that was chosen. It may be shared: do not modify it.
func (l *TCPListener) Addr() net.Addr { return l.socket.fd.LocalAddr() }

// SetDeadline sets when Accept fails with os.ErrDeadlineExceeded, one in progress too.
// A zero t means never.
func (l *TCPListener) SetDeadline(t time.Time) error { return l.sock().setDeadline(t) }

// File returns a duplicate of the descriptor. Closing either leaves the other open.
func (l *TCPListener) File() (*os.File, error) { return l.sock().file() }

// SyscallConn returns raw access to the descriptor, of which a listener has Control
// only.
func (l *TCPListener) SyscallConn() (syscall.RawConn, error) { return l.sock().syscallConn() }
