package netpoller_test

import (
	"bytes"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/nettest"
)

// connMethods are calls of all methods of a TCPConn.
var connMethods = []struct {
	name string
	call func(c tcpConn) []any
}{
	{"Read", func(c tcpConn) []any { n, err := c.Read(make([]byte, 8)); return results(n, err) }},
	{"Read nothing", func(c tcpConn) []any { n, err := c.Read(nil); return results(n, err) }},
	{"Write", func(c tcpConn) []any { n, err := c.Write([]byte("data")); return results(n, err) }},
	{"Write nothing", func(c tcpConn) []any { n, err := c.Write(nil); return results(n, err) }},
	{"SetDeadline", func(c tcpConn) []any { return results(c.SetDeadline(time.Time{})) }},
	{"SetReadDeadline", func(c tcpConn) []any { return results(c.SetReadDeadline(time.Time{})) }},
	{"SetWriteDeadline", func(c tcpConn) []any { return results(c.SetWriteDeadline(time.Time{})) }},
	{"SetDeadline past", func(c tcpConn) []any { return results(c.SetDeadline(longAgo)) }},
	{"CloseRead", func(c tcpConn) []any { return results(c.CloseRead()) }},
	{"CloseWrite", func(c tcpConn) []any { return results(c.CloseWrite()) }},
	{"SetLinger", func(c tcpConn) []any { return results(c.SetLinger(1)) }},
	{"SetNoDelay", func(c tcpConn) []any { return results(c.SetNoDelay(true)) }},
	{"SetKeepAlive", func(c tcpConn) []any { return results(c.SetKeepAlive(true)) }},
	{"SetKeepAlivePeriod", func(c tcpConn) []any { return results(c.SetKeepAlivePeriod(time.Minute)) }},
	{"SetKeepAlivePeriod -1", func(c tcpConn) []any { return results(c.SetKeepAlivePeriod(-1)) }},
	{"SetKeepAlivePeriod too long", func(c tcpConn) []any { return results(c.SetKeepAlivePeriod(1e6 * time.Second)) }},
	{"SetKeepAliveConfig", func(c tcpConn) []any { return results(c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true})) }},
	{"SetKeepAliveConfig -1", func(c tcpConn) []any {
		return results(c.SetKeepAliveConfig(net.KeepAliveConfig{Idle: -1, Interval: -1, Count: -1}))
	}},
	{"SetReadBuffer", func(c tcpConn) []any { return results(c.SetReadBuffer(4096)) }},
	{"SetWriteBuffer", func(c tcpConn) []any { return results(c.SetWriteBuffer(4096)) }},
	{"ReadFrom", func(c tcpConn) []any { n, err := c.ReadFrom(strings.NewReader("data")); return results(n, err) }},
	{"ReadFrom nothing", func(c tcpConn) []any { n, err := c.ReadFrom(strings.NewReader("")); return results(n, err) }},
	{"WriteTo", func(c tcpConn) []any { n, err := c.WriteTo(new(bytes.Buffer)); return results(n, err) }},
	{"LocalAddr", func(c tcpConn) []any { return results(c.LocalAddr()) }},
	{"RemoteAddr", func(c tcpConn) []any { return results(c.RemoteAddr()) }},
	{"MultipathTCP", func(c tcpConn) []any { used, err := c.MultipathTCP(); return results(used, err) }},
	{"Close", func(c tcpConn) []any { return results(c.Close()) }},
	{"Close twice", func(c tcpConn) []any { return results(c.Close(), c.Close()) }},
	{"File", func(c tcpConn) []any {
		f, err := c.File()
		if err != nil {
			return results(f == nil, err)
		}
		defer f.Close()
		return results(nameOf(f, false))
	}},
	{"SyscallConn", func(c tcpConn) []any {
		raw, err := c.SyscallConn()
		if err != nil {
			return results(raw == nil, err)
		}
		calls := 0
		once := func(uintptr) bool { calls++; return true }
		return results(raw.Control(func(uintptr) { calls++ }), raw.Read(once), raw.Write(once), calls)
	}},
}

// connStates are what a connection may have come to. The peer is closed or reset in
// all of them, so that no Read waits.
var connStates = []struct {
	name  string
	reach func(s *side, c, peer tcpConn)
}{
	{"data and then the end", farewell},
	{"at the end", func(s *side, c, peer tcpConn) {
		peer.Close()
		_, err := c.Read(make([]byte, 8))
		require.Error(s, err)
	}},
	{"closed", func(s *side, c, peer tcpConn) { require.NoError(s, c.Close()) }},
	{"past deadline", func(s *side, c, peer tcpConn) {
		farewell(s, c, peer)
		require.NoError(s, c.SetDeadline(longAgo))
	}},
	{"past read deadline", func(s *side, c, peer tcpConn) {
		farewell(s, c, peer)
		require.NoError(s, c.SetReadDeadline(longAgo))
	}},
	{"past write deadline", func(s *side, c, peer tcpConn) {
		farewell(s, c, peer)
		require.NoError(s, c.SetWriteDeadline(longAgo))
	}},
	{"past deadline and closed", func(s *side, c, peer tcpConn) {
		require.NoError(s, c.SetDeadline(longAgo))
		require.NoError(s, c.Close())
	}},
	{"write side closed", func(s *side, c, peer tcpConn) {
		require.NoError(s, c.CloseWrite())
		farewell(s, c, peer)
	}},
	{"read side closed", func(s *side, c, peer tcpConn) {
		require.NoError(s, c.CloseRead())
		farewell(s, c, peer)
	}},
	{"reset", reset},
	{"reset and told so", func(s *side, c, peer tcpConn) {
		reset(s, c, peer)
		_, err := c.Read(make([]byte, 8))
		require.Error(s, err)
	}},
}

// farewell lets the peer send five bytes and close.
func farewell(s *side, c, peer tcpConn) {
	_, err := peer.Write([]byte("hello"))
	require.NoError(s, err)
	require.NoError(s, peer.Close())
	awaitEvents(s, c, unix.POLLRDHUP)
}

// reset lets the peer reset the connection.
func reset(s *side, c, peer tcpConn) {
	require.NoError(s, peer.SetLinger(0))
	require.NoError(s, peer.Close())
	awaitEvents(s, c, unix.POLLERR)
}

// awaitEvents waits until the kernel shows events on the connection.
func awaitEvents(t testing.TB, c syscall.Conn, events int16) {
	t.Helper()
	raw, err := c.SyscallConn()
	require.NoError(t, err)
	nettest.Eventually(t, "poll(2) shows events", func() (seen bool) {
		require.NoError(t, raw.Control(func(fd uintptr) {
			p := []unix.PollFd{{Fd: int32(fd), Events: events}}
			_, err = unix.Poll(p, 0)
			seen = p[0].Revents&events != 0
		}))
		return seen
	})
}

// stream is what a TCPConn and a UnixConn of either side have in common.
type stream interface {
	net.Conn
	syscall.Conn
}

// expireWhenFull lets the write deadline of a connection pass once the kernel takes no more
// of what is written to it.
func expireWhenFull(s *side, c stream) {
	s.Helper()
	raw, err := c.SyscallConn()
	require.NoError(s, err)
	go func() {
		for full := false; !full; time.Sleep(time.Millisecond) {
			err := raw.Control(func(fd uintptr) {
				p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
				n, err := unix.Poll(p, 0)
				full = n == 0 && err == nil
			})
			if err != nil { // closed
				return
			}
		}
		c.SetWriteDeadline(longAgo)
	}()
}

// differences are what we leave unlike package net on purpose.
var differences = map[string]string{
	"closed/MultipathTCP":                   "package net says that any closed connection uses it",
	"past deadline and closed/MultipathTCP": "the same",
}

// In every state, every method must return what package net's does: values, text,
// types and fields of the whole chain.
func TestErrorsOfConn(t *testing.T) {
	for _, state := range connStates {
		for _, m := range connMethods {
			name := state.name + "/" + m.name
			if differences[name] != "" {
				continue
			}
			t.Run(name, func(t *testing.T) {
				compare(t, func(s *side) []any {
					c, peer := s.pair()
					state.reach(s, c, peer)
					return m.call(c)
				})
			})
		}
	}
}

// A nil or a zero TCPConn must be refused as package net's is, which panics in the
// methods that a nil *TCPConn has from what it embeds.
func TestErrorsOfNilConn(t *testing.T) {
	for _, zero := range []bool{false, true} {
		for _, m := range connMethods {
			t.Run(m.name, func(t *testing.T) {
				compare(t, func(s *side) (r []any) {
					p := panics(func() { r = m.call(s.brokenConn(zero)) })
					return append(r, p)
				})
			})
		}
	}
}

// listenerMethods are calls of all methods of a TCPListener but Addr.
var listenerMethods = []struct {
	name string
	call func(l tcpListener) []any
}{
	{"Accept", func(l tcpListener) []any { c, err := l.Accept(); return results(c == nil, err) }},
	{"Close", func(l tcpListener) []any { return results(l.Close()) }},
	{"SetDeadline", func(l tcpListener) []any { return results(l.SetDeadline(time.Time{})) }},
	{"SetDeadline past", func(l tcpListener) []any { return results(l.SetDeadline(longAgo)) }},
	{"File", func(l tcpListener) []any {
		f, err := l.File()
		if err != nil {
			return results(f == nil, err)
		}
		defer f.Close()
		return results(f.Name())
	}},
	{"SyscallConn", func(l tcpListener) []any {
		raw, err := l.SyscallConn()
		if err != nil {
			return results(raw == nil, err)
		}
		calls := 0
		once := func(uintptr) bool { calls++; return true }
		return results(raw.Control(func(uintptr) { calls++ }), raw.Read(once), raw.Write(once), calls)
	}},
}

// A closed, expired, nil or zero TCPListener must fail as package net's does.
func TestErrorsOfListener(t *testing.T) {
	states := []struct {
		name string
		make func(s *side) tcpListener
	}{
		{"past deadline", func(s *side) tcpListener {
			l := s.listener()
			require.NoError(s, l.SetDeadline(longAgo))
			return l
		}},
		{"closed", func(s *side) tcpListener {
			l := s.listener()
			require.NoError(s, l.Close())
			return l
		}},
		{"nil", func(s *side) tcpListener { return s.brokenListener(false) }},
		{"zero", func(s *side) tcpListener { return s.brokenListener(true) }},
	}
	for _, state := range states {
		for _, m := range listenerMethods {
			t.Run(state.name+"/"+m.name, func(t *testing.T) {
				compare(t, func(s *side) []any { return m.call(state.make(s)) })
			})
		}
	}
}

// Addr of a listener that is none must panic as package net's does, and that of a
// closed one still tell.
func TestAddrOfListener(t *testing.T) {
	compare(t, func(s *side) []any {
		closed := s.listener()
		closed.Close()
		return results(
			panics(func() { s.brokenListener(false).Addr() }),
			panics(func() { s.brokenListener(true).Addr() }),
			closed.Addr())
	})
}
