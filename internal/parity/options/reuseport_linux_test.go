package options

import (
	"context"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
)

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
