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

// ListenUnix announces on a Unix socket of connections, "unix" or "unixpacket".
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

// ListenUnixgram opens a Unix socket to datagrams; the network is "unixgram".
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

// onUnix reports what is wrong with a network or an address.
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

// A UnixListener is a Unix socket that listens. All methods may be called from any
// goroutine, except SetUnlinkOnClose; those of a nil one return syscall.EINVAL.
type UnixListener struct {
	socket     socket
	path       string
	unlink     bool
	unlinkOnce sync.Once
}

// Accept waits for the next connection; it is a *conn.UnixConn.
func (l *UnixListener) Accept() (net.Conn, error) {
	c, err := l.AcceptUnix()
	if err != nil {
		return nil, err
	}
	return c, nil
}

// AcceptUnix is Accept.
func (l *UnixListener) AcceptUnix() (*conn.UnixConn, error) {
	f, err := l.sock().accept()
	if err != nil {
		return nil, err
	}
	return conn.NewUnixConn(f), nil
}

// SetUnlinkOnClose says whether Close removes the socket's file. It does by default,
// if Listen made it; a listener made of a file does not.
func (l *UnixListener) SetUnlinkOnClose(unlink bool) { l.unlink = unlink }

// Close stops listening, and removes the socket's file before, once, because afterwards
// it might be another one's. An Accept in progress fails with net.ErrClosed.
// Connections that were accepted stay.
func (l *UnixListener) Close() error {
	if !l.sock().ok() {
		return syscall.EINVAL
	}
	l.unlinkOnce.Do(func() {
		if l.unlink && l.path[0] != '@' {
			syscall.Unlink(l.path)
		}
	})
	return l.sock().close()
}

func (l *UnixListener) sock() *socket {
	if l == nil {
		return nil
	}
	return &l.socket
}

// Addr returns the address listened on. It may be shared: do not modify it.
func (l *UnixListener) Addr() net.Addr { return l.socket.fd.LocalAddr() }

// SetDeadline sets when Accept fails with os.ErrDeadlineExceeded, one in progress too.
// A zero t means never.
func (l *UnixListener) SetDeadline(t time.Time) error { return l.sock().setDeadline(t) }

// File returns a duplicate of the descriptor. Closing either leaves the other open.
func (l *UnixListener) File() (*os.File, error) { return l.sock().file() }

// SyscallConn returns raw access to the descriptor, of which a listener has Control
// only.
func (l *UnixListener) SyscallConn() (syscall.RawConn, error) { return l.sock().syscallConn() }
