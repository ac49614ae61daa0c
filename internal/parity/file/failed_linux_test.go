package file

import (
	"runtime/debug"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
	"github.com/a57b2d82/netpoller/internal/sys"
)

// If this fails, a connection made of a file blocks, and with it the processes that share the socket.
func TestFileConnDoesNotBlock(t *testing.T) {
	both.Compare(t, func(s *both.Side) (r []any) {
		c, err := s.FileConn(s.BoundFile(unix.SOCK_DGRAM))
		require.NoError(s, err)
		defer c.Close()
		require.NoError(s, s.Raw(c).Control(func(fd uintptr) {
			flags, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
			r = append(r, flags&unix.O_NONBLOCK != 0, err)
		}))
		return r
	})
}

// If this fails, what could not be made of a file is left to the garbage collector.
func TestFailedFileConnsAreClosed(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	s := both.NewSide(t, false)
	udp, tcp := s.BoundFile(unix.SOCK_DGRAM), s.BoundFile(unix.SOCK_STREAM)
	c, err := s.FileConn(udp) // so that a group has its descriptors
	require.NoError(t, err)
	defer c.Close()
	before := nettest.OpenFDs(t)
	for range 10 {
		_, err := s.FilePacketConn(tcp)
		require.Error(t, err)
		_, err = s.FileListener(udp)
		require.Error(t, err)
		restore := sys.SetFault(func(call sys.Call, _ int) error {
			if call == sys.CallEpollCtl {
				return syscall.ENOSPC
			}
			return nil
		})
		_, err = s.FileConn(udp)
		restore()
		require.ErrorIs(t, err, syscall.ENOSPC)
	}
	require.LessOrEqual(t, nettest.OpenFDs(t), before)
}
