//go:build linux

package udpbatch

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

func TestMain(m *testing.M) { os.Exit(ends.WithoutLeaks(m.Run)) }

// A message is one of ours, or of golang.org/x/net: the types convert into each other,
// or this package would not compile.
type message = netpoller.Message

// A socket is a UDP socket with batches.
type socket struct {
	net.PacketConn
	syscall.Conn
	read, write func(ms []message, flags int) (int, error)
}

// A maker makes UDP sockets.
type maker struct {
	listenPacket func(network, address string) (net.PacketConn, error)
	dialUDP      func(network, address string) (net.Conn, error)
}

// A side is who makes sockets, and who their batches.
type side struct {
	name string
	maker
	batches func(net.PacketConn) socket
}

func (s side) listen(t testing.TB, network, address string) socket {
	c, err := s.listenPacket(network, address)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return s.batches(c)
}

func (s side) dial(t testing.TB, network string, to net.Addr) socket {
	c, err := s.dialUDP(network, to.String())
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return s.batches(c.(net.PacketConn))
}

// sides returns package net with golang.org/x/net, which the others must be like, and
// those, on g.
func sides(g *netpoller.PollerGroup) []side {
	theirs := maker{net.ListenPacket, net.Dial}
	own := maker{func(network, address string) (net.PacketConn, error) {
		return (&netpoller.ListenConfig{Poller: g}).ListenPacket(context.Background(), network, address)
	}, (&netpoller.Dialer{Poller: g}).Dial}
	return []side{{"net, x/net", theirs, xnet}, {"ours", own, ours}, {"ours, x/net", own, xnet}}
}

func ours(c net.PacketConn) socket {
	u := c.(*netpoller.UDPConn)
	return socket{c, u, u.ReadBatch, u.WriteBatch}
}

func xnet(c net.PacketConn) socket {
	s := socket{PacketConn: c, Conn: c.(syscall.Conn)}
	if c.LocalAddr().(*net.UDPAddr).IP.To4() != nil {
		p := ipv4.NewPacketConn(c)
		s.read, s.write = convert(p.ReadBatch), convert(p.WriteBatch)
	} else {
		p := ipv6.NewPacketConn(c)
		s.read, s.write = convert(p.ReadBatch), convert(p.WriteBatch)
	}
	return s
}

func convert(do func([]ipv4.Message, int) (int, error)) func([]message, int) (int, error) {
	return func(ms []message, flags int) (int, error) {
		theirs := make([]ipv4.Message, len(ms))
		for i, m := range ms {
			theirs[i] = ipv4.Message(m)
		}
		n, err := do(theirs, flags)
		for i, m := range theirs {
			ms[i] = message(m)
		}
		return n, err
	}
}

// option sets an option.
func (s socket) option(t testing.TB, level, name, value int) {
	raw, err := s.SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), level, name, value) }))
	require.NoError(t, err)
}

// cause says why an operation failed. Texts around it differ: golang.org/x/net puts one
// net.OpError around another.
func cause(op string, err error) string {
	if err == nil {
		return "ok"
	}
	var opErr *net.OpError
	if !errors.As(err, &opErr) || opErr.Op != op {
		return "no OpError of " + op + ": " + err.Error()
	}
	var sysErr *os.SyscallError
	var addrErr *net.AddrError
	var netErr net.Error
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded) && errors.As(err, &netErr) && netErr.Timeout():
		return "deadline"
	case errors.Is(err, net.ErrClosed):
		return "closed"
	case errors.As(err, &sysErr):
		return sysErr.Error()
	case errors.As(err, &addrErr):
		return addrErr.Err
	}
	return err.Error()
}
