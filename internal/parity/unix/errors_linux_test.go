package unix

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

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// unixMethods are calls of all methods of a UnixConn.
var unixMethods = []struct {
	name string
	call func(c both.UnixConn) []any
}{
	{"Read", func(c both.UnixConn) []any { n, err := c.Read(make([]byte, 8)); return both.Results(n, err) }},
	{"Read nothing", func(c both.UnixConn) []any { n, err := c.Read(nil); return both.Results(n, err) }},
	{"ReadFrom", func(c both.UnixConn) []any {
		n, a, err := c.ReadFrom(make([]byte, 8))
		return both.Results(n, both.Tell(a), err)
	}},
	{"ReadFrom nothing", func(c both.UnixConn) []any { n, a, err := c.ReadFrom(nil); return both.Results(n, both.Tell(a), err) }},
	{"ReadFromUnix", func(c both.UnixConn) []any {
		n, a, err := c.ReadFromUnix(make([]byte, 3))
		return both.Results(n, both.Tell(a), err)
	}},
	{"ReadMsgUnix", func(c both.UnixConn) []any {
		n, oobn, flags, a, err := c.ReadMsgUnix(make([]byte, 8), make([]byte, 64))
		return both.Results(max(n, 0), oobn, flags, both.Tell(a), err) // package net's n may be -1 with an error
	}},
	{"ReadMsgUnix, too little room", func(c both.UnixConn) []any {
		n, oobn, flags, a, err := c.ReadMsgUnix(make([]byte, 2), nil)
		return both.Results(max(n, 0), oobn, flags, both.Tell(a), err)
	}},
	{"ReadMsgUnix, no data", func(c both.UnixConn) []any {
		n, oobn, flags, a, err := c.ReadMsgUnix(nil, make([]byte, 64))
		return both.Results(max(n, 0), oobn, flags, both.Tell(a), err)
	}},
	{"ReadMsgUnix nothing", func(c both.UnixConn) []any {
		n, oobn, flags, a, err := c.ReadMsgUnix(nil, nil)
		return both.Results(max(n, 0), oobn, flags, both.Tell(a), err)
	}},
	{"Write", func(c both.UnixConn) []any { n, err := c.Write([]byte("data")); return both.Results(n, err) }},
	{"Write nothing", func(c both.UnixConn) []any { n, err := c.Write(nil); return both.Results(n, err) }},
	{"WriteTo", func(c both.UnixConn) []any {
		n, err := c.WriteTo([]byte("data"), c.RemoteAddr())
		return both.Results(n, err)
	}},
	{"WriteTo nil", func(c both.UnixConn) []any { n, err := c.WriteTo([]byte("data"), nil); return both.Results(n, err) }},
	{"WriteTo nil address", func(c both.UnixConn) []any {
		n, err := c.WriteTo([]byte("data"), (*net.UnixAddr)(nil))
		return both.Results(n, err)
	}},
	{"WriteTo TCP address", func(c both.UnixConn) []any {
		n, err := c.WriteTo([]byte("data"), &net.TCPAddr{})
		return both.Results(n, err)
	}},
	{"WriteToUnix", toUnix(nil)},
	{"WriteToUnix other network", toUnix(&net.UnixAddr{Name: "server", Net: "udp"})},
	{"WriteToUnix no name", toUnix(&net.UnixAddr{})},
	{"WriteToUnix missing", toUnix(&net.UnixAddr{Name: "missing"})},
	{"WriteToUnix dead", toUnix(&net.UnixAddr{Name: "dead"})},
	{"WriteToUnix wrong kind", toUnix(&net.UnixAddr{Name: "stream"})},
	{"WriteToUnix nothing", func(c both.UnixConn) []any {
		n, err := c.WriteToUnix(nil, &net.UnixAddr{Name: "datagrams", Net: "unixgram"})
		return both.Results(n, err)
	}},
	{"WriteMsgUnix", msgUnix(nil)},
	{"WriteMsgUnix other network", msgUnix(&net.UnixAddr{Name: "server", Net: "udp"})},
	{"WriteMsgUnix no name", msgUnix(&net.UnixAddr{})},
	{"WriteMsgUnix missing", msgUnix(&net.UnixAddr{Name: "missing"})},
	{"WriteMsgUnix to someone", msgUnix(&net.UnixAddr{Name: "datagrams"})},
	{"WriteMsgUnix bad message", func(c both.UnixConn) []any {
		n, oobn, err := c.WriteMsgUnix([]byte("data"), []byte("no control message"), nil)
		return both.Results(n, oobn, err)
	}},
	{"WriteMsgUnix bad descriptor", func(c both.UnixConn) []any {
		n, oobn, err := c.WriteMsgUnix([]byte("data"), syscall.UnixRights(1<<20), nil)
		return both.Results(n, oobn, err)
	}},
	{"WriteMsgUnix nothing", func(c both.UnixConn) []any {
		n, oobn, err := c.WriteMsgUnix(nil, nil, nil)
		return both.Results(n, oobn, err)
	}},
	{"SetDeadline", func(c both.UnixConn) []any { return both.Results(c.SetDeadline(time.Time{})) }},
	{"SetReadDeadline past", func(c both.UnixConn) []any { return both.Results(c.SetReadDeadline(nettest.LongAgo)) }},
	{"SetWriteDeadline past", func(c both.UnixConn) []any { return both.Results(c.SetWriteDeadline(nettest.LongAgo)) }},
	{"CloseRead", func(c both.UnixConn) []any { return both.Results(c.CloseRead(), c.CloseRead()) }},
	{"CloseWrite", func(c both.UnixConn) []any { return both.Results(c.CloseWrite(), c.CloseWrite()) }},
	{"SetReadBuffer", func(c both.UnixConn) []any { return both.Results(c.SetReadBuffer(4096)) }},
	{"SetWriteBuffer", func(c both.UnixConn) []any { return both.Results(c.SetWriteBuffer(4096)) }},
	{"LocalAddr", func(c both.UnixConn) []any { return both.Results(both.Tell(c.LocalAddr())) }},
	{"RemoteAddr", func(c both.UnixConn) []any { return both.Results(both.Tell(c.RemoteAddr())) }},
	{"Close", func(c both.UnixConn) []any { return both.Results(c.Close(), c.Close()) }},
	{"File", func(c both.UnixConn) []any {
		f, err := c.File()
		if err != nil {
			return both.Results(f == nil, err)
		}
		defer f.Close()
		return both.Results(f.Name())
	}},
	{"SyscallConn", func(c both.UnixConn) []any {
		raw, err := c.SyscallConn()
		if err != nil {
			return both.Results(raw == nil, err)
		}
		calls := 0
		once := func(uintptr) bool { calls++; return true }
		return both.Results(raw.Control(func(uintptr) { calls++ }), raw.Read(once), raw.Write(once), calls)
	}},
}

// toUnix writes to an address, by default that of the network that c has.
func toUnix(to *net.UnixAddr) func(c both.UnixConn) []any {
	return func(c both.UnixConn) []any {
		n, err := c.WriteToUnix([]byte("data"), asTo(c, to))
		n2, err2 := c.WriteTo([]byte("data"), asTo(c, to))
		return both.Results(n, err, n2, err2)
	}
}

func msgUnix(to *net.UnixAddr) func(c both.UnixConn) []any {
	return func(c both.UnixConn) []any {
		n, oobn, err := c.WriteMsgUnix([]byte("data"), nil, asTo(c, to))
		return both.Results(n, oobn, err)
	}
}

func asTo(c both.UnixConn, to *net.UnixAddr) *net.UnixAddr {
	if to == nil || to.Net != "" || c.LocalAddr() == nil {
		return to
	}
	return &net.UnixAddr{Name: to.Name, Net: c.LocalAddr().Network()}
}

// unixStates are what a connection of a network may have come to. No Read waits in any
// of them.
var unixStates = []struct {
	name  string
	reach func(s *both.Side, network string) both.UnixConn
}{
	{"data", func(s *both.Side, network string) both.UnixConn {
		c, peer := s.UnixPair(network)
		unixFarewell(s, c, peer)
		return c
	}},
	{"at the end", func(s *both.Side, network string) both.UnixConn {
		c, peer := s.UnixPair(network)
		require.NoError(s, peer.Close())
		require.NoError(s, c.SetReadDeadline(nettest.LongAgo)) // datagrams have no end
		if network != "unixgram" {
			require.NoError(s, c.SetReadDeadline(time.Time{}))
		}
		return c
	}},
	{"closed", func(s *both.Side, network string) both.UnixConn {
		c, _ := s.UnixPair(network)
		require.NoError(s, c.Close())
		return c
	}},
	{"past deadline", func(s *both.Side, network string) both.UnixConn {
		c, peer := s.UnixPair(network)
		unixFarewell(s, c, peer)
		require.NoError(s, c.SetDeadline(nettest.LongAgo))
		return c
	}},
	{"read side closed", func(s *both.Side, network string) both.UnixConn {
		c, peer := s.UnixPair(network)
		unixFarewell(s, c, peer)
		require.NoError(s, c.CloseRead())
		return c
	}},
	{"write side closed", func(s *both.Side, network string) both.UnixConn {
		c, peer := s.UnixPair(network)
		unixFarewell(s, c, peer)
		require.NoError(s, c.CloseWrite())
		return c
	}},
	{"reset", func(s *both.Side, network string) both.UnixConn {
		c, peer := s.UnixPair(network)
		_, err := c.Write([]byte("never read"))
		require.NoError(s, err)
		unixFarewell(s, c, peer)
		return c
	}},
	{"accepted", func(s *both.Side, network string) both.UnixConn {
		c, peer := s.UnixPair(network)
		unixFarewell(s, peer, c)
		return peer
	}},
	{"nameless", func(s *both.Side, network string) both.UnixConn {
		c, peer := s.UnixConns(map[string]int{
			"unix": unix.SOCK_STREAM, "unixpacket": unix.SOCK_SEQPACKET, "unixgram": unix.SOCK_DGRAM}[network])
		unixFarewell(s, c, peer)
		return c
	}},
	{"nil", func(s *both.Side, _ string) both.UnixConn { return s.BrokenUnixConn(false) }},
	{"zero", func(s *both.Side, _ string) both.UnixConn { return s.BrokenUnixConn(true) }},
}

// unixFarewell lets the peer send two packets and close.
func unixFarewell(s *both.Side, c, peer both.UnixConn) {
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
				both.UnixSide(t, func(s *both.Side) (r []any) {
					unixCrowd(s)
					for _, m := range unixMethods {
						c := state.reach(s, network)
						var got []any
						p := both.Panics(func() { got = m.call(c) })
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
		both.UnixSide(t, func(s *both.Side) []any {
			_, c := s.UnixPair(network) // that one is not connected, as far as WriteTo goes
			to := &net.UnixAddr{Name: strings.Repeat("f", 108), Net: network}
			n, err := c.WriteTo([]byte("data"), to)
			n2, oobn, err2 := c.WriteMsgUnix([]byte("data"), nil, to)
			return both.Results(n, err, n2, oobn, err2)
		})
	}
}

// If this fails, a write to a name that is too long does not say that the socket is closed,
// or that its deadline has passed.
func TestUnixNameTooLongComesLast(t *testing.T) {
	for state, enter := range both.Ended {
		t.Run(state, func(t *testing.T) {
			both.UnixSide(t, func(s *both.Side) []any {
				_, c := s.UnixPair("unixgram")
				require.NoError(s, enter(c))
				to := &net.UnixAddr{Name: strings.Repeat("f", 108), Net: "unixgram"}
				_, err := c.WriteTo([]byte("data"), to)
				_, _, err2 := c.WriteMsgUnix([]byte("data"), nil, to)
				return both.Results(err, err2)
			})
		})
	}
}

// If this fails, a UnixListener that is closed, expired, nil or zero fails otherwise
// than package net's.
func TestErrorsOfUnixListener(t *testing.T) {
	states := map[string]func(s *both.Side, network string) both.UnixListener{
		"past deadline": func(s *both.Side, network string) both.UnixListener {
			l := s.UnixListener(network, "server")
			require.NoError(s, l.SetDeadline(nettest.LongAgo))
			return l
		},
		"closed": func(s *both.Side, network string) both.UnixListener {
			l := s.UnixListener(network, "server")
			require.NoError(s, l.Close())
			return l
		},
		"nil":  func(s *both.Side, _ string) both.UnixListener { return s.BrokenUnixListener(false) },
		"zero": func(s *both.Side, _ string) both.UnixListener { return s.BrokenUnixListener(true) },
	}
	for _, network := range []string{"unix", "unixpacket"} {
		for state, reach := range states {
			for _, m := range both.ListenerMethods {
				t.Run(network+"/"+state+"/"+m.Name, func(t *testing.T) {
					both.UnixSide(t, func(s *both.Side) []any { return m.Call(reach(s, network)) })
				})
			}
			t.Run(network+"/"+state+"/others", func(t *testing.T) {
				both.UnixSide(t, func(s *both.Side) []any {
					l := reach(s, network)
					var err error
					return both.Results(
						both.Panics(func() { _, err = s.AcceptUnix(l) }), err,
						both.Panics(func() { l.Addr() }),
						both.Panics(func() { l.SetUnlinkOnClose(false) }),
						both.Panics(func() { err = l.Close() }), err)
				})
			})
		}
	}
}

// unixWaits are operations that wait, on a connection whose peer does nothing.
var unixWaits = map[string]func(c both.UnixConn, to net.Addr) error{
	"Read":     func(c both.UnixConn, _ net.Addr) error { _, err := c.Read(make([]byte, 8)); return err },
	"ReadFrom": func(c both.UnixConn, _ net.Addr) error { _, _, err := c.ReadFrom(make([]byte, 8)); return err },
	"ReadMsgUnix": func(c both.UnixConn, _ net.Addr) error {
		_, _, _, _, err := c.ReadMsgUnix(make([]byte, 8), make([]byte, 8))
		return err
	},
	"Write": func(c both.UnixConn, _ net.Addr) error {
		return untilError(func() error { _, err := c.Write([]byte("data")); return err })
	},
	"WriteMsgUnix": func(c both.UnixConn, _ net.Addr) error {
		return untilError(func() error { _, _, err := c.WriteMsgUnix([]byte("data"), nil, nil); return err })
	},
	"WriteTo": func(c both.UnixConn, to net.Addr) error {
		if to == nil {
			return errors.New("connected")
		}
		return untilError(func() error { _, err := c.WriteTo([]byte("data"), to); return err })
	},
	"RawConn.Read": func(c both.UnixConn, _ net.Addr) error {
		raw, _ := c.SyscallConn()
		return raw.Read(func(uintptr) bool { return false })
	},
	"RawConn.Write": func(c both.UnixConn, _ net.Addr) error {
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
	ends := map[string]func(c both.UnixConn) error{
		"deadline comes":       func(c both.UnixConn) error { return c.SetDeadline(time.Now().Add(10 * time.Millisecond)) },
		"deadline in the past": func(c both.UnixConn) error { return c.SetDeadline(nettest.LongAgo) },
		"Close":                func(c both.UnixConn) error { return c.Close() },
	}
	for _, network := range append(unixNetworks, "unixgram, not connected") {
		for name, operate := range unixWaits {
			for how, end := range ends {
				t.Run(network+"/"+name+"/"+how, func(t *testing.T) {
					both.UnixSide(t, func(s *both.Side) []any {
						c, to := waitingConn(s, network)
						err := s.Park(func() error { return operate(c, to) })
						require.NoError(s, end(c))
						return both.Results(<-err)
					})
				})
			}
		}
	}
}

// waitingConn returns a connection, and the address to write to of one that has no peer.
func waitingConn(s *both.Side, network string) (both.UnixConn, net.Addr) {
	if network != "unixgram, not connected" {
		c, _ := s.UnixPair(network)
		return c, nil
	}
	_, peer := s.UnixPair("unixgram") // is there, and does not read
	c, err := s.ListenUnixgram("unixgram", &net.UnixAddr{Name: "unconnected", Net: "unixgram"})
	require.NoError(s, err)
	s.Cleanup(func() { c.Close() })
	return c, peer.LocalAddr()
}

// If this fails, Accept of a Unix listener is not ended by another goroutine, or fails
// otherwise than package net's.
func TestErrorsOfUnixAccept(t *testing.T) {
	for _, network := range []string{"unix", "unixpacket"} {
		for how, end := range map[string]func(l both.UnixListener) error{
			"deadline comes":       func(l both.UnixListener) error { return l.SetDeadline(time.Now().Add(10 * time.Millisecond)) },
			"deadline in the past": func(l both.UnixListener) error { return l.SetDeadline(nettest.LongAgo) },
			"Close":                func(l both.UnixListener) error { return l.Close() },
		} {
			t.Run(network+"/"+how, func(t *testing.T) {
				both.UnixSide(t, func(s *both.Side) []any {
					l := s.UnixListener(network, "server")
					err := s.Park(func() error { _, err := l.Accept(); return err })
					require.NoError(s, end(l))
					return both.Results(<-err)
				})
			})
		}
	}
}
