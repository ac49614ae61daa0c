package udp

import (
	"context"
	"net"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// A port that is none must be an error, not another port.
func TestPortOutOfRange(t *testing.T) {
	theirs, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	defer theirs.Close()
	ours, err := netpoller.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	defer ours.Close()
	port := theirs.LocalAddr().(*net.UDPAddr).Port
	for _, p := range []int{port + 1<<16, port - 1<<16, -1} {
		to := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: p}
		_, want := theirs.WriteToUDP([]byte("x"), to)
		_, err := ours.WriteToUDP([]byte("x"), to)
		require.ErrorIs(t, want, syscall.EINVAL)
		require.ErrorIs(t, err, syscall.EINVAL)
		require.ErrorContains(t, err, "sendto: ")
		require.ErrorContains(t, want, "sendto: ")
		_, _, err = ours.WriteMsgUDP([]byte("x"), nil, to)
		require.ErrorIs(t, err, syscall.EINVAL)
	}
}

// If this fails, a write to a port that is none does not say that the socket is closed, or
// that its deadline has passed.
func TestPortOutOfRangeComesLast(t *testing.T) {
	for state, enter := range both.Ended {
		t.Run(state, func(t *testing.T) {
			both.Compare(t, func(s *both.Side) []any {
				c, err := s.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
				require.NoError(s, err)
				defer c.Close()
				s.NamePort(c.LocalAddr(), "SOCKET")
				require.NoError(s, enter(c))
				to := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: -1}
				_, err = c.WriteToUDP([]byte("x"), to)
				_, _, err2 := c.WriteMsgUDP([]byte("x"), nil, to)
				return both.Results(err, err2)
			})
		})
	}
}

// If this fails, the highest port is taken for none.
func TestHighestPort(t *testing.T) {
	both.Compare(t, func(s *both.Side) []any {
		c, err := s.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		require.NoError(s, err)
		defer c.Close()
		n, err := c.WriteToUDP([]byte("x"), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 65535})
		return both.Results(n, err)
	})
}

// If this fails, who dials all addresses is not told which one it got.
func TestUDPDialWildcard(t *testing.T) {
	for _, address := range []string{"0.0.0.0:9", ":9", "[::]:9"} {
		both.Compare(t, func(s *both.Side) []any {
			c, err := s.Dial(context.Background(), net.Dialer{}, "udp", address)
			require.NoError(s, err)
			defer c.Close()
			return both.Results(c.RemoteAddr())
		})
	}
}

// If this fails, a packet cannot be sent to all of a network.
func TestBroadcastIsAllowed(t *testing.T) {
	both.Compare(t, func(s *both.Side) (r []any) {
		c, err := s.ListenUDP("udp4", nil)
		require.NoError(s, err)
		defer c.Close()
		d, err := s.Dial(context.Background(), net.Dialer{}, "udp4", "127.0.0.1:9")
		require.NoError(s, err)
		defer d.Close()
		for _, c := range []any{c, d} {
			require.NoError(s, s.Raw(c).Control(func(fd uintptr) {
				v, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_BROADCAST)
				r = append(r, v, err)
			}))
		}
		return r
	})
}
