package netpoller_test

import (
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// unixMethods are calls of all methods of a UnixConn.
var unixMethods = []struct {
	name string
	call func(c unixConn) []any
}{
	{"Read", func(c unixConn) []any { n, err := c.Read(make([]byte, 8)); return results(n, err) }},
	{"Read nothing", func(c unixConn) []any { n, err := c.Read(nil); return results(n, err) }},
	{"ReadFrom", func(c unixConn) []any { n, a, err := c.ReadFrom(make([]byte, 8)); return results(n, tell(a), err) }},
	{"ReadFrom nothing", func(c unixConn) []any { n, a, err := c.ReadFrom(nil); return results(n, tell(a), err) }},
	{"ReadFromUnix", func(c unixConn) []any { n, a, err := c.ReadFromUnix(make([]byte, 3)); return results(n, tell(a), err) }},
	{"ReadMsgUnix", func(c unixConn) []any {
		n, oobn, flags, a, err := c.ReadMsgUnix(make([]byte, 8), make([]byte, 64))
		return results(max(n, 0), oobn, flags, tell(a), err) // package net's n may be -1 with an error
	}},
	{"ReadMsgUnix, too little room", func(c unixConn) []any {
		n, oobn, flags, a, err := c.ReadMsgUnix(make([]byte, 2), nil)
		return results(max(n, 0), oobn, flags, tell(a), err)
	}},
	{"ReadMsgUnix, no data", func(c unixConn) []any {
		n, oobn, flags, a, err := c.ReadMsgUnix(nil, make([]byte, 64))
		return results(max(n, 0), oobn, flags, tell(a), err)
	}},
	{"ReadMsgUnix nothing", func(c unixConn) []any {
		n, oobn, flags, a, err := c.ReadMsgUnix(nil, nil)
		return results(max(n, 0), oobn, flags, tell(a), err)
	}},
	{"Write", func(c unixConn) []any { n, err := c.Write([]byte("data")); return results(n, err) }},
	{"Write nothing", func(c unixConn) []any { n, err := c.Write(nil); return results(n, err) }},
	{"WriteTo", func(c unixConn) []any {
		n, err := c.WriteTo([]byte("data"), c.RemoteAddr())
		return results(n, err)
	}},
	{"WriteTo nil", func(c unixConn) []any { n, err := c.WriteTo([]byte("data"), nil); return results(n, err) }},
	{"WriteTo nil address", func(c unixConn) []any {
		n, err := c.WriteTo([]byte("data"), (*net.UnixAddr)(nil))
		return results(n, err)
	}},
	{"WriteTo TCP address", func(c unixConn) []any {
		n, err := c.WriteTo([]byte("data"), &net.TCPAddr{})
		return results(n, err)
	}},
	{"WriteToUnix", toUnix(nil)},
	{"WriteToUnix other network", toUnix(&net.UnixAddr{Name: "server", Net: "udp"})},
	{"WriteToUnix no name", toUnix(&net.UnixAddr{})},
	{"WriteToUnix missing", toUnix(&net.UnixAddr{Name: "missing"})},
	{"WriteToUnix dead", toUnix(&net.UnixAddr{Name: "dead"})},
	{"WriteToUnix wrong kind", toUnix(&net.UnixAddr{Name: "stream"})},
	{"WriteToUnix nothing", func(c unixConn) []any {
		n, err := c.WriteToUnix(nil, &net.UnixAddr{Name: "datagrams", Net: "unixgram"})
		return results(n, err)
	}},
	{"WriteMsgUnix", msgUnix(nil)},
	{"WriteMsgUnix other network", msgUnix(&net.UnixAddr{Name: "server", Net: "udp"})},
	{"WriteMsgUnix no name", msgUnix(&net.UnixAddr{})},
	{"WriteMsgUnix missing", msgUnix(&net.UnixAddr{Name: "missing"})},
	{"WriteMsgUnix to someone", msgUnix(&net.UnixAddr{Name: "datagrams"})},
	{"WriteMsgUnix bad message", func(c unixConn) []any {
		n, oobn, err := c.WriteMsgUnix([]byte("data"), []byte("no control message"), nil)
		return results(n, oobn, err)
	}},
	{"WriteMsgUnix bad descriptor", func(c unixConn) []any {
		n, oobn, err := c.WriteMsgUnix([]byte("data"), syscall.UnixRights(1<<20), nil)
		return results(n, oobn, err)
	}},
	{"WriteMsgUnix nothing", func(c unixConn) []any {
		n, oobn, err := c.WriteMsgUnix(nil, nil, nil)
		return results(n, oobn, err)
	}},
	{"SetDeadline", func(c unixConn) []any { return results(c.SetDeadline(time.Time{})) }},
	{"SetReadDeadline past", func(c unixConn) []any { return results(c.SetReadDeadline(longAgo)) }},
	{"SetWriteDeadline past", func(c unixConn) []any { return results(c.SetWriteDeadline(longAgo)) }},
	{"CloseRead", func(c unixConn) []any { return results(c.CloseRead(), c.CloseRead()) }},
	{"CloseWrite", func(c unixConn) []any { return results(c.CloseWrite(), c.CloseWrite()) }},
	{"SetReadBuffer", func(c unixConn) []any { return results(c.SetReadBuffer(4096)) }},
	{"SetWriteBuffer", func(c unixConn) []any { return results(c.SetWriteBuffer(4096)) }},
	{"LocalAddr", func(c unixConn) []any { return results(tell(c.LocalAddr())) }},
	{"RemoteAddr", func(c unixConn) []any { return results(tell(c.RemoteAddr())) }},
	{"Close", func(c unixConn) []any { return results(c.Close(), c.Close()) }},
	{"File", func(c unixConn) []any {
		f, err := c.File()
		if err != nil {
			return results(f == nil, err)
		}
		defer f.Close()
		return results(f.Name())
	}},
	{"SyscallConn", func(c unixConn) []any {
		raw, err := c.SyscallConn()
		if err != nil {
			return results(raw == nil, err)
		}
		calls := 0
		once := func(uintptr) bool { calls++; return true }
		return results(raw.Control(func(uintptr) { calls++ }), raw.Read(once), raw.Write(once), calls)
	}},
}

// toUnix writes to an address, by default that of the network that c has.
func toUnix(to *net.UnixAddr) func(c unixConn) []any {
	return func(c unixConn) []any {
		n, err := c.WriteToUnix([]byte("data"), asTo(c, to))
		n2, err2 := c.WriteTo([]byte("data"), asTo(c, to))
		return results(n, err, n2, err2)
	}
}

func msgUnix(to *net.UnixAddr) func(c unixConn) []any {
	return func(c unixConn) []any {
		n, oobn, err := c.WriteMsgUnix([]byte("data"), nil, asTo(c, to))
		return results(n, oobn, err)
	}
}

func asTo(c unixConn, to *net.UnixAddr) *net.UnixAddr {
	if to == nil || to.Net != "" || c.LocalAddr() == nil {
		return to
	}
	return &net.UnixAddr{Name: to.Name, Net: c.LocalAddr().Network()}
}

// unixStates are what a connection of a network may have come to. No Read waits in any
// of them.
var unixStates = []struct {
	name  string
	reach func(s *side, network string) unixConn
}{
	{"data", func(s *side, network string) unixConn {
		c, peer := s.unixPair(network)
		s.unixFarewell(c, peer)
		return c
	}},
	{"at the end", func(s *side, network string) unixConn {
		c, peer := s.unixPair(network)
		require.NoError(s, peer.Close())
		require.NoError(s, c.SetReadDeadline(longAgo)) // datagrams have no end
		if network != "unixgram" {
			require.NoError(s, c.SetReadDeadline(time.Time{}))
		}
		return c
	}},
	{"closed", func(s *side, network string) unixConn {
		c, _ := s.unixPair(network)
		require.NoError(s, c.Close())
		return c
	}},
	{"past deadline", func(s *side, network string) unixConn {
		c, peer := s.unixPair(network)
		s.unixFarewell(c, peer)
		require.NoError(s, c.SetDeadline(longAgo))
		return c
	}},
	{"read side closed", func(s *side, network string) unixConn {
		c, peer := s.unixPair(network)
		s.unixFarewell(c, peer)
		require.NoError(s, c.CloseRead())
		return c
	}},
	{"write side closed", func(s *side, network string) unixConn {
		c, peer := s.unixPair(network)
		s.unixFarewell(c, peer)
		require.NoError(s, c.CloseWrite())
		return c
	}},
	{"reset", func(s *side, network string) unixConn {
		c, peer := s.unixPair(network)
		_, err := c.Write([]byte("never read"))
		require.NoError(s, err)
		s.unixFarewell(c, peer)
		return c
	}},
	{"accepted", func(s *side, network string) unixConn {
		c, peer := s.unixPair(network)
		s.unixFarewell(peer, c)
		return peer
	}},
	{"nameless", func(s *side, network string) unixConn {
		c, peer := s.unixConns(map[string]int{
			"unix": unix.SOCK_STREAM, "unixpacket": unix.SOCK_SEQPACKET, "unixgram": unix.SOCK_DGRAM}[network])
		s.unixFarewell(c, peer)
		return c
	}},
	{"nil", func(s *side, _ string) unixConn { return s.brokenUnixConn(false) }},
	{"zero", func(s *side, _ string) unixConn { return s.brokenUnixConn(true) }},
}

// unixFarewell lets the peer send two packets and close.
func (s *side) unixFarewell(c, peer unixConn) {
	s.Helper()
	for range 2 {
		var err error
		if c.LocalAddr().Network() == "unixgram" && c.LocalAddr().String() != "@" && peer.RemoteAddr() == nil {
			_, err = peer.WriteTo([]byte("hello"), c.LocalAddr())
		} else {
			_, err = peer.Write([]byte("hello"))
		}
		require.NoError(s, err)
	}
	require.NoError(s, peer.Close())
}

// If this fails, a method of a UnixConn returns something else than package net's in
// some state: another value, text, type or field of the error's chain, or it panics.
func TestErrorsOfUnixConn(t *testing.T) {
	for _, network := range unixNetworks {
		for _, state := range unixStates {
			t.Run(network+"/"+state.name, func(t *testing.T) {
				unixSide(t, func(s *side) (r []any) {
					s.unixCrowd()
					for _, m := range unixMethods {
						c := state.reach(s, network)
						var got []any
						p := panics(func() { got = m.call(c) })
						r = append(append(append(r, m.name), got...), p)
						os.Remove("client")
						os.Remove("server")
					}
					return r
				})
			})
		}
	}
}

// If this fails, a name that is too long to write to is refused otherwise than by
// package net.
func TestErrorsOfUnixWriteToTooLong(t *testing.T) {
	for _, network := range unixNetworks {
		unixSide(t, func(s *side) []any {
			_, c := s.unixPair(network) // that one is not connected, as far as WriteTo goes
			to := &net.UnixAddr{Name: strings.Repeat("f", 108), Net: network}
			n, err := c.WriteTo([]byte("data"), to)
			n2, oobn, err2 := c.WriteMsgUnix([]byte("data"), nil, to)
			return results(n, err, n2, oobn, err2)
		})
	}
}

// If this fails, a UnixListener that is closed, expired, nil or zero fails otherwise
// than package net's.
func TestErrorsOfUnixListener(t *testing.T) {
	states := map[string]func(s *side, network string) unixListener{
		"past deadline": func(s *side, network string) unixListener {
			l := s.unixListener(network, "server")
			require.NoError(s, l.SetDeadline(longAgo))
			return l
		},
		"closed": func(s *side, network string) unixListener {
			l := s.unixListener(network, "server")
			require.NoError(s, l.Close())
			return l
		},
		"nil":  func(s *side, _ string) unixListener { return s.brokenUnixListener(false) },
		"zero": func(s *side, _ string) unixListener { return s.brokenUnixListener(true) },
	}
	for _, network := range []string{"unix", "unixpacket"} {
		for state, reach := range states {
			for _, m := range listenerMethods {
				t.Run(network+"/"+state+"/"+m.name, func(t *testing.T) {
					unixSide(t, func(s *side) []any { return m.call(reach(s, network)) })
				})
			}
			t.Run(network+"/"+state+"/others", func(t *testing.T) {
				unixSide(t, func(s *side) []any {
					l := reach(s, network)
					var err error
					return results(
						panics(func() { _, err = s.acceptUnix(l) }), err,
						panics(func() { l.Addr() }),
						panics(func() { l.SetUnlinkOnClose(false) }),
						panics(func() { err = l.Close() }), err)
				})
			})
		}
	}
}

// unixWaits are operations that wait, on a connection whose peer does nothing.
var unixWaits = map[string]func(c unixConn, to net.Addr) error{
	"Read":     func(c unixConn, _ net.Addr) error { _, err := c.Read(make([]byte, 8)); return err },
	"ReadFrom": func(c unixConn, _ net.Addr) error { _, _, err := c.ReadFrom(make([]byte, 8)); return err },
	"ReadMsgUnix": func(c unixConn, _ net.Addr) error {
		_, _, _, _, err := c.ReadMsgUnix(make([]byte, 8), make([]byte, 8))
		return err
	},
	"Write": func(c unixConn, _ net.Addr) error {
		return untilError(func() error { _, err := c.Write([]byte("data")); return err })
	},
	"WriteMsgUnix": func(c unixConn, _ net.Addr) error {
		return untilError(func() error { _, _, err := c.WriteMsgUnix([]byte("data"), nil, nil); return err })
	},
	"WriteTo": func(c unixConn, to net.Addr) error {
		if to == nil {
			return errors.New("connected")
		}
		return untilError(func() error { _, err := c.WriteTo([]byte("data"), to); return err })
	},
	"RawConn.Read": func(c unixConn, _ net.Addr) error {
		raw, _ := c.SyscallConn()
		return raw.Read(func(uintptr) bool { return false })
	},
	"RawConn.Write": func(c unixConn, _ net.Addr) error {
		raw, _ := c.SyscallConn()
		return raw.Write(func(uintptr) bool { return false })
	},
}

func untilError(f func() error) error {
	for {
		if err := f(); err != nil {
			return err
		}
	}
}

// If this fails, an operation that waits is not ended by what another goroutine does,
// or ends with another error than package net's.
func TestErrorsOfUnixWaiting(t *testing.T) {
	ends := map[string]func(c unixConn) error{
		"deadline comes":       func(c unixConn) error { return c.SetDeadline(time.Now().Add(10 * time.Millisecond)) },
		"deadline in the past": func(c unixConn) error { return c.SetDeadline(longAgo) },
		"Close":                func(c unixConn) error { return c.Close() },
	}
	for _, network := range append(unixNetworks, "unixgram, not connected") {
		for name, operate := range unixWaits {
			for how, end := range ends {
				t.Run(network+"/"+name+"/"+how, func(t *testing.T) {
					unixSide(t, func(s *side) []any {
						c, to := s.waitingConn(network)
						err := s.park(func() error { return operate(c, to) })
						require.NoError(s, end(c))
						return results(<-err)
					})
				})
			}
		}
	}
}

// waitingConn returns a connection, and the address to write to of one that has no peer.
func (s *side) waitingConn(network string) (unixConn, net.Addr) {
	if network != "unixgram, not connected" {
		c, _ := s.unixPair(network)
		return c, nil
	}
	_, peer := s.unixPair("unixgram") // is there, and does not read
	c, err := s.listenUnixgram("unixgram", &net.UnixAddr{Name: "unconnected", Net: "unixgram"})
	require.NoError(s, err)
	s.Cleanup(func() { c.Close() })
	return c, peer.LocalAddr()
}

// If this fails, Accept of a Unix listener is not ended by another goroutine, or fails
// otherwise than package net's.
func TestErrorsOfUnixAccept(t *testing.T) {
	for _, network := range []string{"unix", "unixpacket"} {
		for how, end := range map[string]func(l unixListener) error{
			"deadline comes":       func(l unixListener) error { return l.SetDeadline(time.Now().Add(10 * time.Millisecond)) },
			"deadline in the past": func(l unixListener) error { return l.SetDeadline(longAgo) },
			"Close":                func(l unixListener) error { return l.Close() },
		} {
			t.Run(network+"/"+how, func(t *testing.T) {
				unixSide(t, func(s *side) []any {
					l := s.unixListener(network, "server")
					err := s.park(func() error { _, err := l.Accept(); return err })
					require.NoError(s, end(l))
					return results(<-err)
				})
			})
		}
	}
}
