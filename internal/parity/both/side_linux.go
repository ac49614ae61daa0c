package both

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
)

// TCPConn is what *net.TCPConn and *netpoller.TCPConn have in common.
type TCPConn interface {
	net.Conn
	io.ReaderFrom
	io.WriterTo
	syscall.Conn
	CloseRead() error
	CloseWrite() error
	File() (*os.File, error)
	MultipathTCP() (bool, error)
	SetKeepAlive(bool) error
	SetKeepAliveConfig(net.KeepAliveConfig) error
	SetKeepAlivePeriod(time.Duration) error
	SetLinger(int) error
	SetNoDelay(bool) error
	SetReadBuffer(int) error
	SetWriteBuffer(int) error
}

// TCPListener is what *net.TCPListener and *netpoller.TCPListener have in common.
type TCPListener interface {
	net.Listener
	syscall.Conn
	File() (*os.File, error)
	SetDeadline(time.Time) error
}

var (
	_ TCPConn     = (*net.TCPConn)(nil)
	_ TCPConn     = (*netpoller.TCPConn)(nil)
	_ TCPListener = (*net.TCPListener)(nil)
	_ TCPListener = (*netpoller.TCPListener)(nil)
)

// A Side makes connections and listeners.
type Side struct {
	*testing.T
	Std   bool
	ports map[string]string // names of ports, for results
}

// NewSide returns package net's side or ours.
func NewSide(t *testing.T, std bool) *Side {
	return &Side{T: t, Std: std, ports: make(map[string]string)}
}

// Theirs returns package net's side, with the same names of ports.
func (s *Side) Theirs() *Side { return &Side{T: s.T, Std: true, ports: s.ports} }

// Compare runs f on both sides, which returns results: errors and values.
func Compare(t *testing.T, f func(s *Side) []any) {
	t.Helper()
	results := make(map[bool]string)
	for _, std := range []bool{true, false} {
		name := map[bool]string{true: "net", false: "ours"}[std]
		ok := t.Run(name, func(t *testing.T) {
			s := NewSide(t, std)
			results[std] = s.describe(f(s))
		})
		if !ok {
			return
		}
	}
	require.Equal(t, results[true], results[false], "package net's result, and ours")
}

func (s *Side) describe(results []any) (text string) {
	for i, r := range results {
		text += fmt.Sprintf("%d: ", i)
		switch r := r.(type) {
		case error:
			text += nettest.Describe(r)
		case net.Addr:
			text += nettest.DescribeAddr(r) + "\n"
		default:
			text += fmt.Sprintf("%T %v\n", r, r)
		}
	}
	return nettest.NamePorts(text, s.ports)
}

// Results collects what a call returned.
func Results(r ...any) []any { return r }

// NamePort gives an address's port a name, so that results tell it from others, and returns
// the port.
func (s *Side) NamePort(a net.Addr, name string) (port string) {
	s.Helper()
	_, port, err := net.SplitHostPort(a.String())
	require.NoError(s, err)
	s.ports[port] = name
	return port
}

// Dial dials with d's settings.
func (s *Side) Dial(ctx context.Context, d net.Dialer, network, address string) (net.Conn, error) {
	if s.Std {
		return d.DialContext(ctx, network, address)
	}
	return Ours(d).DialContext(ctx, network, address)
}

// Ours returns our Dialer with d's settings.
func Ours(d net.Dialer) *netpoller.Dialer {
	o := &netpoller.Dialer{
		Timeout: d.Timeout, Deadline: d.Deadline, LocalAddr: d.LocalAddr,
		FallbackDelay: d.FallbackDelay, KeepAlive: d.KeepAlive, KeepAliveConfig: d.KeepAliveConfig,
		Resolver: d.Resolver, Cancel: d.Cancel, Control: d.Control, ControlContext: d.ControlContext,
	}
	if d.MultipathTCP() {
		o.SetMultipathTCP(true)
	}
	return o
}

// DialTCP is that of this side.
func (s *Side) DialTCP(network string, laddr, raddr *net.TCPAddr) (TCPConn, error) {
	if s.Std {
		return net.DialTCP(network, laddr, raddr)
	}
	return netpoller.DialTCP(network, laddr, raddr)
}

// Listen listens with lc's settings.
func (s *Side) Listen(ctx context.Context, lc net.ListenConfig, network, address string) (net.Listener, error) {
	if s.Std {
		return lc.Listen(ctx, network, address)
	}
	ours := netpoller.ListenConfig{Control: lc.Control, KeepAlive: lc.KeepAlive, KeepAliveConfig: lc.KeepAliveConfig}
	if !lc.MultipathTCP() {
		ours.SetMultipathTCP(false)
	}
	return ours.Listen(ctx, network, address)
}

// ListenTCP is that of this side.
func (s *Side) ListenTCP(network string, laddr *net.TCPAddr) (TCPListener, error) {
	if s.Std {
		return net.ListenTCP(network, laddr)
	}
	return netpoller.ListenTCP(network, laddr)
}

// BrokenConn returns a nil or a zero *TCPConn.
func (s *Side) BrokenConn(zero bool) TCPConn {
	switch {
	case s.Std && zero:
		return &net.TCPConn{}
	case s.Std:
		return (*net.TCPConn)(nil)
	case zero:
		return &netpoller.TCPConn{}
	}
	return (*netpoller.TCPConn)(nil)
}

// BrokenListener returns a nil or a zero *TCPListener.
func (s *Side) BrokenListener(zero bool) TCPListener {
	switch {
	case s.Std && zero:
		return &net.TCPListener{}
	case s.Std:
		return (*net.TCPListener)(nil)
	case zero:
		return &netpoller.TCPListener{}
	}
	return (*netpoller.TCPListener)(nil)
}

// Listener returns a listener on the loopback interface.
func (s *Side) Listener() TCPListener {
	s.Helper()
	l, err := s.Listen(context.Background(), net.ListenConfig{}, "tcp", "127.0.0.1:0")
	require.NoError(s, err)
	s.Cleanup(func() { l.Close() })
	s.NamePort(l.Addr(), "LISTENER")
	return l.(TCPListener)
}

// Pair returns both ends of a connection. The first is tested; both are of
// this side.
func (s *Side) Pair() (c, peer TCPConn) {
	s.Helper()
	l := s.Listener()
	dialed, err := s.Dial(context.Background(), net.Dialer{}, "tcp", l.Addr().String())
	require.NoError(s, err)
	accepted, err := l.Accept()
	for err == nil && accepted.RemoteAddr().String() != dialed.LocalAddr().String() {
		accepted.Close() // a dial of some other test strayed here
		accepted, err = l.Accept()
	}
	require.NoError(s, err)
	s.NamePort(dialed.LocalAddr(), "DIALER")
	s.Cleanup(func() { nettest.Abort(dialed); nettest.Abort(accepted) })
	return dialed.(TCPConn), accepted.(TCPConn)
}

// Ended are the states of a connection in which no operation succeeds, with what brings it
// there.
var Ended = map[string]func(net.PacketConn) error{
	"closed":        func(c net.PacketConn) error { return c.Close() },
	"past deadline": func(c net.PacketConn) error { return c.SetDeadline(nettest.LongAgo) },
}

// Panics returns what f panics with.
func Panics(f func()) (value string) {
	defer func() { value = fmt.Sprint(recover()) }()
	f()
	return ""
}
