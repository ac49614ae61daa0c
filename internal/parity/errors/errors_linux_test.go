package errors

import (
	"bytes"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// connMethods are calls of all methods of a TCPConn.
var connMethods = []struct {
	name string
	call func(c both.TCPConn) []any
}{
	{"Read", func(c both.TCPConn) []any { n, err := c.Read(make([]byte, 8)); return both.Results(n, err) }},
	{"Read nothing", func(c both.TCPConn) []any { n, err := c.Read(nil); return both.Results(n, err) }},
	{"Write", func(c both.TCPConn) []any { n, err := c.Write([]byte("data")); return both.Results(n, err) }},
	{"Write nothing", func(c both.TCPConn) []any { n, err := c.Write(nil); return both.Results(n, err) }},
	{"SetDeadline", func(c both.TCPConn) []any { return both.Results(c.SetDeadline(time.Time{})) }},
	{"SetReadDeadline", func(c both.TCPConn) []any { return both.Results(c.SetReadDeadline(time.Time{})) }},
	{"SetWriteDeadline", func(c both.TCPConn) []any { return both.Results(c.SetWriteDeadline(time.Time{})) }},
	{"SetDeadline past", func(c both.TCPConn) []any { return both.Results(c.SetDeadline(nettest.LongAgo)) }},
	{"CloseRead", func(c both.TCPConn) []any { return both.Results(c.CloseRead()) }},
	{"CloseWrite", func(c both.TCPConn) []any { return both.Results(c.CloseWrite()) }},
	{"SetLinger", func(c both.TCPConn) []any { return both.Results(c.SetLinger(1)) }},
	{"SetNoDelay", func(c both.TCPConn) []any { return both.Results(c.SetNoDelay(true)) }},
	{"SetKeepAlive", func(c both.TCPConn) []any { return both.Results(c.SetKeepAlive(true)) }},
	{"SetKeepAlivePeriod", func(c both.TCPConn) []any { return both.Results(c.SetKeepAlivePeriod(time.Minute)) }},
	{"SetKeepAlivePeriod -1", func(c both.TCPConn) []any { return both.Results(c.SetKeepAlivePeriod(-1)) }},
	{"SetKeepAlivePeriod too long", func(c both.TCPConn) []any { return both.Results(c.SetKeepAlivePeriod(1e6 * time.Second)) }},
	{"SetKeepAliveConfig", func(c both.TCPConn) []any {
		return both.Results(c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true}))
	}},
	{"SetKeepAliveConfig -1", func(c both.TCPConn) []any {
		return both.Results(c.SetKeepAliveConfig(net.KeepAliveConfig{Idle: -1, Interval: -1, Count: -1}))
	}},
	{"SetReadBuffer", func(c both.TCPConn) []any { return both.Results(c.SetReadBuffer(4096)) }},
	{"SetWriteBuffer", func(c both.TCPConn) []any { return both.Results(c.SetWriteBuffer(4096)) }},
	{"ReadFrom", func(c both.TCPConn) []any {
		n, err := c.ReadFrom(strings.NewReader("data"))
		return both.Results(n, err)
	}},
	{"ReadFrom nothing", func(c both.TCPConn) []any { n, err := c.ReadFrom(strings.NewReader("")); return both.Results(n, err) }},
	{"WriteTo", func(c both.TCPConn) []any { n, err := c.WriteTo(new(bytes.Buffer)); return both.Results(n, err) }},
	{"LocalAddr", func(c both.TCPConn) []any { return both.Results(c.LocalAddr()) }},
	{"RemoteAddr", func(c both.TCPConn) []any { return both.Results(c.RemoteAddr()) }},
	{"MultipathTCP", func(c both.TCPConn) []any { used, err := c.MultipathTCP(); return both.Results(used, err) }},
	{"Close", func(c both.TCPConn) []any { return both.Results(c.Close()) }},
	{"Close twice", func(c both.TCPConn) []any { return both.Results(c.Close(), c.Close()) }},
	{"File", func(c both.TCPConn) []any {
		f, err := c.File()
		if err != nil {
			return both.Results(f == nil, err)
		}
		defer f.Close()
		return both.Results(both.NameOf(f, false))
	}},
	{"SyscallConn", func(c both.TCPConn) []any {
		raw, err := c.SyscallConn()
		if err != nil {
			return both.Results(raw == nil, err)
		}
		calls := 0
		once := func(uintptr) bool { calls++; return true }
		return both.Results(raw.Control(func(uintptr) { calls++ }), raw.Read(once), raw.Write(once), calls)
	}},
}

// connStates are what a connection may have come to. The peer is closed or reset in
// all of them, so that no Read waits.
var connStates = []struct {
	name  string
	reach func(s *both.Side, c, peer both.TCPConn)
}{
	{"data and then the end", both.Farewell},
	{"at the end", func(s *both.Side, c, peer both.TCPConn) {
		peer.Close()
		_, err := c.Read(make([]byte, 8))
		require.Error(s, err)
	}},
	{"closed", func(s *both.Side, c, peer both.TCPConn) { require.NoError(s, c.Close()) }},
	{"past deadline", func(s *both.Side, c, peer both.TCPConn) {
		both.Farewell(s, c, peer)
		require.NoError(s, c.SetDeadline(nettest.LongAgo))
	}},
	{"past read deadline", func(s *both.Side, c, peer both.TCPConn) {
		both.Farewell(s, c, peer)
		require.NoError(s, c.SetReadDeadline(nettest.LongAgo))
	}},
	{"past write deadline", func(s *both.Side, c, peer both.TCPConn) {
		both.Farewell(s, c, peer)
		require.NoError(s, c.SetWriteDeadline(nettest.LongAgo))
	}},
	{"past deadline and closed", func(s *both.Side, c, peer both.TCPConn) {
		require.NoError(s, c.SetDeadline(nettest.LongAgo))
		require.NoError(s, c.Close())
	}},
	{"write side closed", func(s *both.Side, c, peer both.TCPConn) {
		require.NoError(s, c.CloseWrite())
		both.Farewell(s, c, peer)
	}},
	{"read side closed", func(s *both.Side, c, peer both.TCPConn) {
		require.NoError(s, c.CloseRead())
		both.Farewell(s, c, peer)
	}},
	{"reset", both.Reset},
	{"reset and told so", func(s *both.Side, c, peer both.TCPConn) {
		both.Reset(s, c, peer)
		_, err := c.Read(make([]byte, 8))
		require.Error(s, err)
	}},
}

// In every state, every method must return what package net's does: values, text,
// types and fields of the whole chain.
func TestErrorsOfConn(t *testing.T) {
	for _, state := range connStates {
		for _, m := range connMethods {
			t.Run(state.name+"/"+m.name, func(t *testing.T) {
				both.Compare(t, func(s *both.Side) []any {
					c, peer := s.Pair()
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
				both.Compare(t, func(s *both.Side) (r []any) {
					p := both.Panics(func() { r = m.call(s.BrokenConn(zero)) })
					return append(r, p)
				})
			})
		}
	}
}

// A closed, expired, nil or zero TCPListener must fail as package net's does.
func TestErrorsOfListener(t *testing.T) {
	states := []struct {
		name string
		make func(s *both.Side) both.TCPListener
	}{
		{"past deadline", func(s *both.Side) both.TCPListener {
			l := s.Listener()
			require.NoError(s, l.SetDeadline(nettest.LongAgo))
			return l
		}},
		{"closed", func(s *both.Side) both.TCPListener {
			l := s.Listener()
			require.NoError(s, l.Close())
			return l
		}},
		{"nil", func(s *both.Side) both.TCPListener { return s.BrokenListener(false) }},
		{"zero", func(s *both.Side) both.TCPListener { return s.BrokenListener(true) }},
	}
	for _, state := range states {
		for _, m := range both.ListenerMethods {
			t.Run(state.name+"/"+m.Name, func(t *testing.T) {
				both.Compare(t, func(s *both.Side) []any { return m.Call(state.make(s)) })
			})
		}
	}
}

// Addr of a listener that is none must panic as package net's does, and that of a
// closed one still tell.
func TestAddrOfListener(t *testing.T) {
	both.Compare(t, func(s *both.Side) []any {
		closed := s.Listener()
		closed.Close()
		return both.Results(
			both.Panics(func() { s.BrokenListener(false).Addr() }),
			both.Panics(func() { s.BrokenListener(true).Addr() }),
			closed.Addr())
	})
}
