package netpoller_test

import (
	"context"
	"io"
	"net"
	"os"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/sys"
)

// If this fails, a server that has closed a connection itself cannot listen again for a
// minute.
func TestListenBesideTimeWait(t *testing.T) {
	compare(t, func(s *side) []any {
		l, err := s.listenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
		require.NoError(s, err)
		peer, err := net.Dial("tcp4", l.Addr().String())
		require.NoError(s, err)
		c, err := l.Accept()
		require.NoError(s, err)
		require.NoError(s, c.Close()) // first, and so it is this end that waits
		_, err = peer.Read(make([]byte, 1))
		require.Equal(s, io.EOF, err)
		require.NoError(s, peer.Close())
		require.NoError(s, l.Close())
		again, err := s.listenTCP("tcp4", l.Addr().(*net.TCPAddr))
		if err == nil {
			again.Close()
		}
		return results(err)
	})
}

// If this fails, ReusePort does not let several listeners share a port, or they share one
// without it.
func TestReusePort(t *testing.T) {
	for _, network := range []string{"tcp4", "udp4"} {
		listen := func(lc netpoller.ListenConfig, address string) (io.Closer, net.Addr, error) {
			if strings.HasPrefix(network, "udp") {
				c, err := lc.ListenPacket(context.Background(), network, address)
				if err != nil {
					return nil, nil, err
				}
				return c, c.LocalAddr(), nil
			}
			l, err := lc.Listen(context.Background(), network, address)
			if err != nil {
				return nil, nil, err
			}
			return l, l.Addr(), nil
		}
		first, addr, err := listen(netpoller.ListenConfig{ReusePort: true}, "127.0.0.1:0")
		require.NoError(t, err)
		defer first.Close()
		second, _, err := listen(netpoller.ListenConfig{ReusePort: true}, addr.String())
		require.NoError(t, err)
		defer second.Close()
		_, _, err = listen(netpoller.ListenConfig{}, addr.String())
		require.ErrorIs(t, err, syscall.EADDRINUSE)
	}
}

// If this fails, the highest port is taken for none.
func TestHighestPort(t *testing.T) {
	compare(t, func(s *side) []any {
		c, err := s.listenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		require.NoError(s, err)
		defer c.Close()
		n, err := c.WriteToUDP([]byte("x"), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 65535})
		return results(n, err)
	})
}

// If this fails, who dials all addresses is not told which one it got.
func TestUDPDialWildcard(t *testing.T) {
	for _, address := range []string{"0.0.0.0:9", ":9", "[::]:9"} {
		compare(t, func(s *side) []any {
			c, err := s.dial(context.Background(), net.Dialer{}, "udp", address)
			require.NoError(s, err)
			defer c.Close()
			return results(c.RemoteAddr())
		})
	}
}

// If this fails, a packet cannot be sent to all of a network.
func TestBroadcastIsAllowed(t *testing.T) {
	compare(t, func(s *side) (r []any) {
		c, err := s.listenUDP("udp4", nil)
		require.NoError(s, err)
		defer c.Close()
		d, err := s.dial(context.Background(), net.Dialer{}, "udp4", "127.0.0.1:9")
		require.NoError(s, err)
		defer d.Close()
		for _, c := range []any{c, d} {
			require.NoError(s, s.raw(c).Control(func(fd uintptr) {
				v, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_BROADCAST)
				r = append(r, v, err)
			}))
		}
		return r
	})
}

// If this fails, a count of keep-alive probes that was set stays where net has the default.
func TestKeepAliveCountOfZero(t *testing.T) {
	compare(t, func(s *side) (r []any) {
		c, peer := s.pair()
		defer abort(c)
		defer abort(peer)
		for _, count := range []int{3, 0, -1} {
			require.NoError(s, c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Count: count}))
			require.NoError(s, s.raw(c).Control(func(fd uintptr) {
				v, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_KEEPCNT)
				r = append(r, v, err)
			}))
		}
		return r
	})
}

// If this fails, a connection made of a file blocks, and with it whoever shares the socket.
func TestFileConnDoesNotBlock(t *testing.T) {
	compare(t, func(s *side) (r []any) {
		c, err := s.fileConn(s.boundFile(unix.SOCK_DGRAM))
		require.NoError(s, err)
		defer c.Close()
		require.NoError(s, s.raw(c).Control(func(fd uintptr) {
			flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
			r = append(r, flags&unix.O_NONBLOCK != 0, err)
		}))
		return r
	})
}

// If this fails, what could not be made of a file is left to the garbage collector.
func TestFailedFileConnsAreClosed(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	s := newSide(t, false)
	udp, tcp := s.boundFile(unix.SOCK_DGRAM), s.boundFile(unix.SOCK_STREAM)
	c, err := s.fileConn(udp) // so that a group has its descriptors
	require.NoError(t, err)
	defer c.Close()
	before := nettest.OpenFDs(t)
	for range 10 {
		_, err := s.filePacketConn(tcp)
		require.Error(t, err)
		_, err = s.fileListener(udp)
		require.Error(t, err)
		restore := sys.SetFault(func(call sys.Call, _ int) error {
			if call == sys.CallEpollCtl {
				return syscall.ENOSPC
			}
			return nil
		})
		_, err = s.fileConn(udp)
		restore()
		require.ErrorIs(t, err, syscall.ENOSPC)
	}
	require.LessOrEqual(t, nettest.OpenFDs(t), before)
}

// If this fails, a socket that cannot join its group is left to the garbage collector.
func TestFailedMulticastIsClosed(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	first, err := netpoller.ListenUDP("udp4", nil) // so that a group has its descriptors
	require.NoError(t, err)
	defer first.Close()
	before := nettest.OpenFDs(t)
	for range 10 {
		group := &net.UDPAddr{IP: net.IPv4(224, 0, 0, 254)}
		_, err := netpoller.ListenMulticastUDP("udp4", &net.Interface{Index: 1 << 30}, group)
		require.Error(t, err)
	}
	require.LessOrEqual(t, nettest.OpenFDs(t), before)
}

// If this fails, a listener with an abstract name removes a file that is called like it.
func TestAbstractNameIsNoFile(t *testing.T) {
	t.Chdir(t.TempDir())
	compare(t, func(s *side) []any {
		name := "@" + strings.ReplaceAll(t.Name(), "/", "-") // the same for both, one after the other
		require.NoError(s, os.WriteFile(name, nil, 0o600))
		l, err := s.listenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
		require.NoError(s, err)
		require.NoError(s, l.Close())
		_, err = os.Stat(name)
		return results(err)
	})
}

// If this fails, CloseWrite of a Unix stream ends what the peer has to say.
func TestUnixCloseWriteLeavesReads(t *testing.T) {
	compare(t, func(s *side) []any {
		c, peer := s.unixPair("unix")
		require.NoError(s, c.CloseWrite())
		_, err := peer.Write([]byte("x"))
		b := make([]byte, 8)
		n, readErr := c.Read(b)
		return results(err, string(b[:n]), readErr)
	})
}
