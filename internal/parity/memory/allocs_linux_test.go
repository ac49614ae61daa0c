package memory

import (
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// operations are what is run on both sides, again and again.
type operations map[string]func() error

// allocateNoMore requires that no operation of ours allocates more than the same of package
// net's.
func allocateNoMore(t *testing.T, of func(s *both.Side) operations) {
	t.Helper()
	std := of(both.NewSide(t, true))
	ours := of(both.NewSide(t, false))
	require.Len(t, ours, len(std))
	for name := range std {
		count := func(run func() error) float64 {
			require.NoError(t, run(), name) // what is made once
			return testing.AllocsPerRun(200, func() {
				if err := run(); err != nil {
					t.Error(name, err)
				}
			})
		}
		theirs, mine := count(std[name]), count(ours[name])
		t.Logf("%-45s net %v, ours %v", name, theirs, mine)
		assert.LessOrEqual(t, mine, theirs, name)
	}
}

// each returns an operation for each pair of a write and a read.
func each[C any](c C, b []byte, writes, reads map[string]func(c C, b []byte) error) operations {
	all := make(operations)
	for w, write := range writes {
		for r, read := range reads {
			all[w+", "+r] = func() error {
				if err := write(c, b[:8]); err != nil {
					return err
				}
				return read(c, b)
			}
		}
	}
	return all
}

// If this fails, a server of UDP makes more garbage than with package net.
func TestAllocsOfUDPLikeNet(t *testing.T) {
	for _, route := range [][3]string{{"udp4", "127.0.0.1:0", "127.0.0.1"}, {"udp", ":0", "127.0.0.1"}, {"udp6", "[::1]:0", "::1"}} {
		t.Run(route[0], func(t *testing.T) {
			allocateNoMore(t, func(s *both.Side) operations {
				c := s.UDP(route[0], route[1], "OURS")
				to := netip.AddrPortFrom(netip.MustParseAddr(route[2]), uint16(c.LocalAddr().(*net.UDPAddr).Port))
				toUDP := net.UDPAddrFromAddrPort(to)
				connected, err := s.DialUDP(route[0], nil, toUDP)
				require.NoError(s, err)
				s.Cleanup(func() { connected.Close() })
				oob := make([]byte, 64)
				all := each(c, make([]byte, 64), map[string]func(both.UDPConn, []byte) error{
					"WriteTo":             func(c both.UDPConn, b []byte) error { _, err := c.WriteTo(b, toUDP); return err },
					"WriteTo, new":        func(c both.UDPConn, b []byte) error { _, err := c.WriteTo(b, net.UDPAddrFromAddrPort(to)); return err },
					"WriteToUDP":          func(c both.UDPConn, b []byte) error { _, err := c.WriteToUDP(b, toUDP); return err },
					"WriteToUDPAddrPort":  func(c both.UDPConn, b []byte) error { _, err := c.WriteToUDPAddrPort(b, to); return err },
					"WriteMsgUDP":         func(c both.UDPConn, b []byte) error { _, _, err := c.WriteMsgUDP(b, nil, toUDP); return err },
					"WriteMsgUDPAddrPort": func(c both.UDPConn, b []byte) error { _, _, err := c.WriteMsgUDPAddrPort(b, nil, to); return err },
					"Write":               func(_ both.UDPConn, b []byte) error { _, err := connected.Write(b); return err },
					"WriteMsgUDP, connected": func(_ both.UDPConn, b []byte) error {
						_, _, err := connected.WriteMsgUDP(b, nil, nil)
						return err
					},
				}, map[string]func(both.UDPConn, []byte) error{
					"Read":                func(c both.UDPConn, b []byte) error { _, err := c.Read(b); return err },
					"ReadFrom":            func(c both.UDPConn, b []byte) error { _, _, err := c.ReadFrom(b); return err },
					"ReadFromUDP":         func(c both.UDPConn, b []byte) error { _, _, err := c.ReadFromUDP(b); return err },
					"ReadFromUDPAddrPort": func(c both.UDPConn, b []byte) error { _, _, err := c.ReadFromUDPAddrPort(b); return err },
					"ReadMsgUDP":          func(c both.UDPConn, b []byte) error { _, _, _, _, err := c.ReadMsgUDP(b, oob); return err },
					"ReadMsgUDPAddrPort":  func(c both.UDPConn, b []byte) error { _, _, _, _, err := c.ReadMsgUDPAddrPort(b, oob); return err },
				})
				all["ReadFromUDP, inlined"] = inlined(c, to)
				return all
			})
		})
	}
}

// inlined reads packets by calls that the compiler inlines for package net. It would not in
// a copy of this function.
//
//go:noinline
func inlined(c both.UDPConn, to netip.AddrPort) func() error {
	b := make([]byte, 64)
	if c, ok := c.(*net.UDPConn); ok {
		return func() error {
			c.WriteToUDPAddrPort(b[:8], to)
			_, _, err := c.ReadFromUDP(b)
			return err
		}
	}
	ours := c.(*netpoller.UDPConn)
	return func() error {
		ours.WriteToUDPAddrPort(b[:8], to)
		_, _, err := ours.ReadFromUDP(b)
		return err
	}
}

// The same of sockets of Unix datagrams, with and without names.
func TestAllocsOfUnixgramLikeNet(t *testing.T) {
	allocateNoMore(t, func(s *both.Side) operations {
		name := &net.UnixAddr{Name: filepath.Join(s.TempDir(), "socket"), Net: "unixgram"}
		c, err := s.ListenUnixgram("unixgram", name)
		require.NoError(s, err)
		s.Cleanup(func() { c.Close() })
		nameless, err := s.DialUnix("unixgram", nil, name)
		require.NoError(s, err)
		s.Cleanup(func() { nameless.Close() })
		oob := make([]byte, 64)
		return each(c, make([]byte, 64), map[string]func(both.UnixConn, []byte) error{
			"WriteTo":      func(c both.UnixConn, b []byte) error { _, err := c.WriteTo(b, name); return err },
			"WriteToUnix":  func(c both.UnixConn, b []byte) error { _, err := c.WriteToUnix(b, name); return err },
			"WriteMsgUnix": func(c both.UnixConn, b []byte) error { _, _, err := c.WriteMsgUnix(b, nil, name); return err },
			"Write":        func(_ both.UnixConn, b []byte) error { _, err := nameless.Write(b); return err },
		}, map[string]func(both.UnixConn, []byte) error{
			"Read":         func(c both.UnixConn, b []byte) error { _, err := c.Read(b); return err },
			"ReadFrom":     func(c both.UnixConn, b []byte) error { _, _, err := c.ReadFrom(b); return err },
			"ReadFromUnix": func(c both.UnixConn, b []byte) error { _, _, err := c.ReadFromUnix(b); return err },
			"ReadMsgUnix":  func(c both.UnixConn, b []byte) error { _, _, _, _, err := c.ReadMsgUnix(b, oob); return err },
		})
	})
}

// The same of raw IP sockets.
func TestAllocsOfIPLikeNet(t *testing.T) {
	if !nettest.RerunAlone(t) {
		return
	}
	for _, route := range [][2]string{{"ip4:254", "127.0.0.1"}, {"ip6:254", "::1"}} {
		t.Run(route[0], func(t *testing.T) {
			allocateNoMore(t, func(s *both.Side) operations {
				host := &net.IPAddr{IP: net.ParseIP(route[1])}
				c, err := s.ListenIP(route[0], host)
				require.NoError(s, err)
				other, err := s.ListenIP(route[0], host)
				require.NoError(s, err)
				s.Cleanup(func() { c.Close(); other.Close() })
				connected, err := s.DialIP(route[0], nil, host)
				require.NoError(s, err)
				s.Cleanup(func() { connected.Close() })
				oob := make([]byte, 64)
				// Whatever one sends all of them get: one that nobody reads drops it in time.
				for _, deaf := range []both.IPConn{other, connected} {
					require.NoError(s, deaf.SetReadBuffer(1))
				}
				return each(c, make([]byte, 128), map[string]func(both.IPConn, []byte) error{
					"WriteTo":    func(c both.IPConn, b []byte) error { _, err := other.WriteTo(b, host); return err },
					"WriteToIP":  func(c both.IPConn, b []byte) error { _, err := other.WriteToIP(b, host); return err },
					"WriteMsgIP": func(c both.IPConn, b []byte) error { _, _, err := other.WriteMsgIP(b, nil, host); return err },
					"Write":      func(c both.IPConn, b []byte) error { _, err := connected.Write(b); return err },
				}, map[string]func(both.IPConn, []byte) error{
					"Read":       func(c both.IPConn, b []byte) error { _, err := c.Read(b); return err },
					"ReadFrom":   func(c both.IPConn, b []byte) error { _, _, err := c.ReadFrom(b); return err },
					"ReadFromIP": func(c both.IPConn, b []byte) error { _, _, err := c.ReadFromIP(b); return err },
					"ReadMsgIP":  func(c both.IPConn, b []byte) error { _, _, _, _, err := c.ReadMsgIP(b, oob); return err },
				})
			})
		})
	}
}

// The same of streams, and of what can be asked and set.
func TestAllocsOfStreamsLikeNet(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			allocateNoMore(t, func(s *both.Side) operations {
				c, peer := s.StreamPair(network)
				raw, err := c.(syscall.Conn).SyscallConn()
				require.NoError(s, err)
				sized := c.(interface {
					SetReadBuffer(int) error
					SetWriteBuffer(int) error
				})
				b := make([]byte, 64)
				all := operations{
					"Write and Read": func() error {
						if _, err := peer.Write(b[:8]); err != nil {
							return err
						}
						_, err := io.ReadFull(c, b[:8])
						return err
					},
					"Buffers": func() error {
						v := [][]byte{b[:3], b[:5]}
						if _, err := s.WriteBuffers(&v, peer); err != nil {
							return err
						}
						_, err := io.ReadFull(c, b[:8])
						return err
					},
					"Read of nothing":  func() error { _, err := c.Read(nil); return err },
					"Write of nothing": func() error { _, err := c.Write(nil); return err },
					"SetDeadline":      func() error { return c.SetDeadline(time.Now().Add(time.Hour)) },
					"SetReadDeadline":  func() error { return c.SetReadDeadline(time.Now().Add(time.Hour)) },
					"SetWriteDeadline": func() error { return c.SetWriteDeadline(time.Now().Add(time.Hour)) },
					"no deadline":      func() error { return c.SetDeadline(time.Time{}) },
					"SetReadBuffer":    func() error { return sized.SetReadBuffer(1 << 16) },
					"SetWriteBuffer":   func() error { return sized.SetWriteBuffer(1 << 16) },
					"addresses":        func() error { c.LocalAddr(); c.RemoteAddr(); return nil },
					"SyscallConn":      func() error { _, err := c.(syscall.Conn).SyscallConn(); return err },
					"Control":          func() error { return raw.Control(func(uintptr) {}) },
				}
				switch c := c.(type) {
				case both.TCPConn:
					all["SetNoDelay"] = func() error { return c.SetNoDelay(true) }
					all["SetLinger"] = func() error { return c.SetLinger(-1) }
					all["SetKeepAlive"] = func() error { return c.SetKeepAlive(true) }
					all["SetKeepAliveConfig"] = func() error { return c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true}) }
					all["ReadFrom"] = func() error {
						if _, err := peer.(both.TCPConn).ReadFrom(struct{ io.Reader }{strings.NewReader("12345678")}); err != nil {
							return err
						}
						_, err := io.ReadFull(c, b[:8])
						return err
					}
				case both.UnixConn:
					all["WriteMsgUnix and ReadMsgUnix"] = func() error {
						if _, _, err := peer.(both.UnixConn).WriteMsgUnix(b[:8], nil, nil); err != nil {
							return err
						}
						_, _, _, _, err := c.ReadMsgUnix(b, b[32:])
						return err
					}
				}
				return all
			})
		})
	}
}
