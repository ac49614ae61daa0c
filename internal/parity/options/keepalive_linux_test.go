package options

import (
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// If this fails, a count of keep-alive probes that was set stays where net has the default.
func TestKeepAliveCountOfZero(t *testing.T) {
	both.Compare(t, func(s *both.Side) (r []any) {
		c, peer := s.Pair()
		defer nettest.Abort(c)
		defer nettest.Abort(peer)
		for _, count := range []int{3, 0, -1} {
			require.NoError(s, c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Count: count}))
			require.NoError(s, s.Raw(c).Control(func(fd uintptr) {
				v, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_KEEPCNT)
				r = append(r, v, err)
			}))
		}
		return r
	})
}
