package netpoller_test

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

// The tests here run the same steps on package net and on ours and compare what comes
// back. A side is one of the two.

// tcpConn is what *net.TCPConn and *netpoller.TCPConn have in common.
type tcpConn interface {
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

// tcpListener is what *net.TCPListener and *netpoller.TCPListener have in common.
type tcpListener interface {
	net.Listener
	syscall.Conn
	File() (*os.File, error)
	SetDeadline(time.Time) error
}

var (
	_ tcpConn     = (*net.TCPConn)(nil)
	_ tcpConn     = (*netpoller.TCPConn)(nil)
	_ tcpListener = (*net.TCPListener)(nil)
	_ tcpListener = (*netpoller.TCPListener)(nil)
)

// A side makes connections and listeners.
type side struct {
	*testing.T
	std   bool
	ports map[string]string // names of ports, for results
}

// newSide returns package net's side or ours.
func newSide(t *testing.T, std bool) *side {
	return &side{T: t, std: std, ports: make(map[string]string)}
}

// theirs returns package net's side, with the same names of ports.
func (s *side) theirs() *side { return &side{T: s.T, std: true, ports: s.ports} }

// compare runs f on both sides, which returns results: errors and values.
func compare(t *testing.T, f func(s *side) []any) {
	t.Helper()
	results := make(map[bool]string)
	for _, std := range []bool{true, false} {
		name := map[bool]string{true: "net", false: "ours"}[std]
		ok := t.Run(name, func(t *testing.T) {
			s := newSide(t, std)
			results[std] = s.describe(f(s))
		})
		if !ok {
			return
		}
	}
	require.Equal(t, results[true], results[false], "package net's result, and ours")
}

func (s *side) describe(results []any) (text string) {
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

// results collects what a call returned.
func results(r ...any) []any { return r }

// namePort gives an address's port a name, so that results tell it from others, and returns
// the port.
func (s *side) namePort(a net.Addr, name string) (port string) {
	s.Helper()
	_, port, err := net.SplitHostPort(a.String())
	require.NoError(s, err)
	s.ports[port] = name
	return port
}

// dial dials with d's settings.
func (s *side) dial(ctx context.Context, d net.Dialer, network, address string) (net.Conn, error) {
	if s.std {
		return d.DialContext(ctx, network, address)
	}
	return ours(d).DialContext(ctx, network, address)
}

// ours returns our Dialer with d's settings.
func ours(d net.Dialer) *netpoller.Dialer {
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

func (s *side) dialTCP(network string, laddr, raddr *net.TCPAddr) (tcpConn, error) {
	if s.std {
		return net.DialTCP(network, laddr, raddr)
	}
	return netpoller.DialTCP(network, laddr, raddr)
}

// listen listens with lc's settings.
func (s *side) listen(ctx context.Context, lc net.ListenConfig, network, address string) (net.Listener, error) {
	if s.std {
		return lc.Listen(ctx, network, address)
	}
	ours := netpoller.ListenConfig{Control: lc.Control, KeepAlive: lc.KeepAlive, KeepAliveConfig: lc.KeepAliveConfig}
	if !lc.MultipathTCP() {
		ours.SetMultipathTCP(false)
	}
	return ours.Listen(ctx, network, address)
}

func (s *side) listenTCP(network string, laddr *net.TCPAddr) (tcpListener, error) {
	if s.std {
		return net.ListenTCP(network, laddr)
	}
	return netpoller.ListenTCP(network, laddr)
}

// brokenConn returns a nil or a zero *TCPConn.
func (s *side) brokenConn(zero bool) tcpConn {
	switch {
	case s.std && zero:
		return &net.TCPConn{}
	case s.std:
		return (*net.TCPConn)(nil)
	case zero:
		return &netpoller.TCPConn{}
	}
	return (*netpoller.TCPConn)(nil)
}

// brokenListener returns a nil or a zero *TCPListener.
func (s *side) brokenListener(zero bool) tcpListener {
	switch {
	case s.std && zero:
		return &net.TCPListener{}
	case s.std:
		return (*net.TCPListener)(nil)
	case zero:
		return &netpoller.TCPListener{}
	}
	return (*netpoller.TCPListener)(nil)
}

// listener returns a listener on the loopback interface.
func (s *side) listener() tcpListener {
	s.Helper()
	l, err := s.listen(context.Background(), net.ListenConfig{}, "tcp", "127.0.0.1:0")
	require.NoError(s, err)
	s.Cleanup(func() { l.Close() })
	s.namePort(l.Addr(), "LISTENER")
	return l.(tcpListener)
}

// pair returns both ends of a connection. What is tested is the first; both are of
// this side.
func (s *side) pair() (c, peer tcpConn) {
	s.Helper()
	l := s.listener()
	dialed, err := s.dial(context.Background(), net.Dialer{}, "tcp", l.Addr().String())
	require.NoError(s, err)
	accepted, err := l.Accept()
	for err == nil && accepted.RemoteAddr().String() != dialed.LocalAddr().String() {
		accepted.Close() // a dial of some other test strayed here
		accepted, err = l.Accept()
	}
	require.NoError(s, err)
	s.namePort(dialed.LocalAddr(), "DIALER")
	s.Cleanup(func() { abort(dialed); abort(accepted) })
	return dialed.(tcpConn), accepted.(tcpConn)
}

// abort closes a connection by a reset, which leaves nothing in TIME_WAIT: these tests
// make more connections than there are ports.
func abort(c net.Conn) {
	c.(interface{ SetLinger(int) error }).SetLinger(0)
	c.Close()
}

// panics returns what f panics with.
func panics(f func()) (value string) {
	defer func() { value = fmt.Sprint(recover()) }()
	f()
	return ""
}

// longAgo is a deadline that has passed.
var longAgo = time.Unix(1, 0)
