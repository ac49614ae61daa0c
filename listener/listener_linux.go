package listener

import (
	"context"
	"net"
	"os"
	"runtime"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/internal/resolve"
	"github.com/a57b2d82/netpoller/poller"
)

// A ListenConfig says how to listen. The zero ListenConfig is what Listen uses. Its
// methods may be called from any goroutine, and do not modify it.
type ListenConfig struct {
	// Control, if not nil, is called with each new socket before it is bound. The
	// network it is told is "tcp4" or "tcp6" for "tcp".
	Control func(network, address string, c syscall.RawConn) error

	// KeepAlive is how long an accepted connection is idle before the first keep-alive
	// probe; 0 means 15 s, and a negative value no probes. It is ignored if
	// KeepAliveConfig.Enable is true.
	KeepAlive time.Duration

	// KeepAliveConfig says when an accepted connection sends keep-alive probes.
	KeepAliveConfig net.KeepAliveConfig

	// Backlog is how many connections may wait to be accepted. 0, the default and all
	// that package net has, means as many as the kernel allows (somaxconn), and a
	// larger one means no more; a negative one is an error.
	Backlog int

	// Poller is the group of reactors that watch the listener and what it accepts; nil
	// means poller.Default.
	Poller *poller.Group

	mptcp mptcp
}

// mptcp is whether Multipath TCP is used.
type mptcp uint8

const (
	mptcpDefault mptcp = iota // on, as in package net
	mptcpOn
	mptcpOff
)

// MultipathTCP reports whether Listen will use Multipath TCP where the kernel does.
// Peers that do not know it are served all the same.
func (lc *ListenConfig) MultipathTCP() bool { return lc.mptcp != mptcpOff }

// SetMultipathTCP says whether Listen shall.
func (lc *ListenConfig) SetMultipathTCP(use bool) {
	lc.mptcp = mptcpOff
	if use {
		lc.mptcp = mptcpOn
	}
}

// Listen announces on a local address. The network is "tcp", "tcp4" or "tcp6"; package
// net itself serves the others that it knows. An address without a host, or with
// an unspecified one, means all; port 0, or none, a free one. The context matters
// while the address is being resolved only.
func (lc *ListenConfig) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	switch network {
	case "tcp", "tcp4", "tcp6":
	default:
		std := net.ListenConfig{Control: lc.Control}
		return std.Listen(ctx, network, address)
	}
	addrs, err := resolve.TCP(ctx, net.DefaultResolver, network, address)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	laddr := resolve.First(addrs)
	l, err := lc.listenTCP(ctx, network, laddr)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: laddr, Err: err}
	}
	return l, nil
}

func (lc *ListenConfig) listenTCP(ctx context.Context, network string, laddr *net.TCPAddr) (*TCPListener, error) {
	s := conn.Socket{Network: network, Group: lc.Poller, Backlog: lc.Backlog}
	if lc.Control != nil {
		s.Control = func(_ context.Context, network, address string, c syscall.RawConn) error {
			return lc.Control(network, address, c)
		}
	}
	if lc.MultipathTCP() && conn.SupportsMultipathTCP() {
		s.Proto = conn.MultipathTCP
		if f, err := s.ListenTCP(ctx, laddr); err == nil {
			return &TCPListener{fd: f, lc: *lc}, nil
		}
		s.Proto = 0 // whatever the reason: plain TCP tells it better
	}
	f, err := s.ListenTCP(ctx, laddr)
	if err != nil {
		return nil, err
	}
	return &TCPListener{fd: f, lc: *lc}, nil
}

// Listen announces on a local address with the zero ListenConfig.
func Listen(network, address string) (net.Listener, error) {
	var lc ListenConfig
	return lc.Listen(context.Background(), network, address)
}

// ListenTCP announces on laddr, or on all addresses and a free port if laddr is nil.
func ListenTCP(network string, laddr *net.TCPAddr) (*TCPListener, error) {
	var addr net.Addr // a nil *TCPAddr is no address to an error
	if laddr != nil {
		addr = laddr
	}
	switch network {
	case "tcp", "tcp4", "tcp6":
	default:
		return nil, &net.OpError{Op: "listen", Net: network, Addr: addr, Err: net.UnknownNetworkError(network)}
	}
	if laddr == nil {
		laddr = &net.TCPAddr{}
		addr = laddr
	}
	var lc ListenConfig
	l, err := lc.listenTCP(context.Background(), network, laddr)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: addr, Err: err}
	}
	return l, nil
}

// A TCPListener is a TCP socket that listens. All methods may be called from any
// goroutine; those of a nil one return syscall.EINVAL.
type TCPListener struct {
	fd *conn.NetFD
	lc ListenConfig
}

func (l *TCPListener) ok() bool { return l != nil && l.fd != nil }

func (l *TCPListener) opError(op string, err error) error {
	return &net.OpError{Op: op, Net: l.fd.Network(), Source: nil, Addr: l.fd.LocalAddr(), Err: err}
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
	if !l.ok() {
		return nil, syscall.EINVAL
	}
	f, err := l.fd.Accept()
	if err != nil {
		return nil, l.opError("accept", err)
	}
	return conn.NewTCPConn(f, l.lc.KeepAlive, l.lc.KeepAliveConfig), nil
}

// Close stops listening. An Accept in progress fails with net.ErrClosed. Connections
// that were accepted stay.
func (l *TCPListener) Close() error {
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
func (l *TCPListener) Addr() net.Addr { return l.fd.LocalAddr() }

// SetDeadline sets when Accept fails with os.ErrDeadlineExceeded, one in progress too.
// A zero t means never.
func (l *TCPListener) SetDeadline(t time.Time) error {
	if !l.ok() {
		return syscall.EINVAL
	}
	defer runtime.KeepAlive(l.fd)
	return l.fd.FD().SetReadDeadline(t)
}

// File returns a duplicate of the descriptor. Closing either leaves the other open.
func (l *TCPListener) File() (*os.File, error) {
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
func (l *TCPListener) SyscallConn() (syscall.RawConn, error) {
	if !l.ok() {
		return nil, syscall.EINVAL
	}
	return conn.NewRawListener(l.fd), nil
}
