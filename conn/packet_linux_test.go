package conn_test

import (
	"net"
	"net/netip"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/dialer"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/listener"
)

// udp returns a socket on the loopback interface.
func udp(t testing.TB, network, address string) *conn.UDPConn {
	t.Helper()
	c, err := listener.ListenPacket(network, address)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c.(*conn.UDPConn)
}

// A packet that is sent or received must cost no allocation where the address does
// not, and one read with ReadFromUDP no more than in package net: that of the IP.
func TestAllocsOfPackets(t *testing.T) {
	for _, route := range [][3]string{{"udp4", "127.0.0.1:0", "127.0.0.1"}, {"udp", ":0", "127.0.0.1"}, {"udp6", "[::1]:0", "::1"}} {
		c := udp(t, route[0], route[1])
		to := netip.AddrPortFrom(netip.MustParseAddr(route[2]), uint16(c.LocalAddr().(*net.UDPAddr).Port))
		udpTo := net.UDPAddrFromAddrPort(to)
		connected, err := dialer.DialUDP(route[0], nil, udpTo)
		require.NoError(t, err)
		defer connected.Close()
		back := connected.LocalAddr().(*net.UDPAddr).AddrPort()
		var b, oob [128]byte
		for _, tt := range []struct {
			name  string
			want  float64
			write func() (int, error)
			read  func() (int, error)
		}{
			{"AddrPort", 0, func() (int, error) { return c.WriteToUDPAddrPort(b[:8], to) },
				func() (int, error) { n, _, err := c.ReadFromUDPAddrPort(b[:]); return n, err }},
			{"MsgAddrPort", 0, func() (int, error) { n, _, err := c.WriteMsgUDPAddrPort(b[:8], nil, to); return n, err },
				func() (int, error) { n, _, _, _, err := c.ReadMsgUDPAddrPort(b[:], oob[:]); return n, err }},
			{"UDP", 1, func() (int, error) { return c.WriteToUDP(b[:8], udpTo) },
				func() (int, error) { n, _, err := c.ReadFromUDP(b[:]); return n, err }},
			{"WriteTo", 0, func() (int, error) { return c.WriteTo(b[:8], udpTo) },
				func() (int, error) { n, _, err := c.ReadFromUDPAddrPort(b[:]); return n, err }},
			{"Write", 0, func() (int, error) { return connected.Write(b[:8]) },
				func() (int, error) { n, _, err := c.ReadFromUDPAddrPort(b[:]); return n, err }},
			{"Read", 0, func() (int, error) { return c.WriteToUDPAddrPort(b[:8], back) },
				func() (int, error) { return connected.Read(b[:]) }},
		} {
			run := func() {
				if n, err := tt.write(); n != 8 || err != nil {
					t.Error(n, err)
				}
				if n, err := tt.read(); n != 8 || err != nil {
					t.Error(n, err)
				}
			}
			run()
			require.LessOrEqual(t, testing.AllocsPerRun(1000, run), tt.want, route[0]+" "+tt.name)
		}
	}
}

// An address with a zone must not cost one either, once the zone is known.
func TestAllocsOfZones(t *testing.T) {
	c := udp(t, "udp6", "[::1]:0")
	to := netip.AddrPortFrom(netip.IPv6Loopback().WithZone("lo"), uint16(c.LocalAddr().(*net.UDPAddr).Port))
	b := make([]byte, 8)
	run := func() {
		_, err := c.WriteToUDPAddrPort(b, to)
		require.NoError(t, err)
		_, _, err = c.ReadFromUDPAddrPort(b)
		require.NoError(t, err)
	}
	run()
	require.Zero(t, testing.AllocsPerRun(1000, run))
}

// Memory that a goroutine wrote before a Write must be visible to the one whose Read has the packet:
// the race detector must be told, as with package net. It is told of no other methods there
// (internal/parity/memory).
func TestHappensBeforeOfPackets(t *testing.T) {
	peer := udp(t, "udp4", "127.0.0.1:0")
	c, err := dialer.DialUDP("udp4", nil, peer.LocalAddr().(*net.UDPAddr))
	require.NoError(t, err)
	defer c.Close()
	shared := 0
	errs := make(chan error, 1)
	go func() {
		shared = 1
		_, err := c.Write([]byte("x"))
		errs <- err
	}()
	_, err = peer.Read(make([]byte, 1))
	require.NoError(t, err)
	require.Equal(t, 1, shared)
	require.NoError(t, <-errs)
}

// A system call that is interrupted must be made again, and its error never seen.
func TestInterruptedPackets(t *testing.T) {
	c, peer := udp(t, "udp4", "127.0.0.1:0"), udp(t, "udp4", "127.0.0.1:0")
	calls := 0
	defer sys.SetFault(func(call sys.Call, fd int) error {
		if call != sys.CallRead && call != sys.CallWrite {
			return nil
		}
		if calls++; calls%3 != 0 {
			return syscall.EINTR
		}
		return nil
	})()
	to := peer.LocalAddr().(*net.UDPAddr)
	_, err := c.WriteToUDP([]byte("one"), to)
	require.NoError(t, err)
	_, _, err = c.WriteMsgUDP([]byte("two"), nil, to)
	require.NoError(t, err)
	n, _, err := peer.ReadFromUDP(make([]byte, 8))
	require.NoError(t, err)
	require.Equal(t, 3, n)
	n, _, _, _, err = peer.ReadMsgUDP(make([]byte, 8), nil)
	require.NoError(t, err)
	require.Equal(t, 3, n)
	require.Equal(t, 12, calls)
}

// The error of a system call must come with its name and its addresses, and the socket
// be as good as before.
func TestFailingPackets(t *testing.T) {
	c := udp(t, "udp4", "127.0.0.1:0")
	to := c.LocalAddr().(*net.UDPAddr)
	restore := sys.SetFault(func(call sys.Call, fd int) error {
		if call == sys.CallRead || call == sys.CallWrite {
			return syscall.ENOBUFS
		}
		return nil
	})
	defer restore()
	for call, f := range map[string]func() error{
		"sendto":   func() error { _, err := c.WriteToUDP([]byte("x"), to); return err },
		"sendmsg":  func() error { _, _, err := c.WriteMsgUDP([]byte("x"), nil, to); return err },
		"recvfrom": func() error { _, _, err := c.ReadFromUDPAddrPort(make([]byte, 8)); return err },
		"recvmsg":  func() error { _, _, _, _, err := c.ReadMsgUDP(make([]byte, 8), nil); return err },
	} {
		var failed *os.SyscallError
		require.ErrorAs(t, f(), &failed)
		require.Equal(t, os.SyscallError{Syscall: call, Err: syscall.ENOBUFS}, *failed)
	}
	restore()
	_, err := c.WriteToUDP([]byte("x"), to)
	require.NoError(t, err)
	require.Equal(t, "x", read(t, c, 8))
}

// A UDP socket that nobody refers to any more must not stay open.
func TestUDPForgotten(t *testing.T) {
	before := nettest.OpenFDs(t)
	for range 10 {
		_, err := listener.ListenUDP("udp4", nil)
		require.NoError(t, err)
	}
	nettest.Eventually(t, "every socket is closed", func() bool {
		runtime.GC()
		time.Sleep(time.Millisecond)
		return nettest.OpenFDs(t) <= before
	})
}
