package dialer_test

import (
	"context"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// Dialer.DialTCP, which package net has since Go 1.26, must heed the Dialer's settings
// and fail as package net's does.
func TestDialerDialTCP(t *testing.T) {
	type tcpDialer interface {
		DialTCP(ctx context.Context, network string, laddr, raddr netip.AddrPort) (*net.TCPConn, error)
	}
	if _, ok := any(&net.Dialer{}).(tcpDialer); !ok {
		t.Skip("package net has no such method in this version of Go")
	}
	canceled, cancel := context.WithCancel(background)
	cancel()
	port := uint16(serve(t, "tcp4", "127.0.0.1:0"))
	refused := netip.MustParseAddrPort(nettest.Refuse(t, "tcp4"))
	served := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port)
	from := netip.MustParseAddrPort("127.0.0.7:0")
	var none netip.AddrPort
	tests := []struct {
		name         string
		ctx          context.Context
		dialer       net.Dialer
		network      string
		laddr, raddr netip.AddrPort
	}{
		{"connects", background, net.Dialer{}, "tcp", none, served},
		{"connects from", background, net.Dialer{Timeout: time.Minute}, "tcp4", from, served},
		{"LocalAddr ignored", background, net.Dialer{LocalAddr: &net.UDPAddr{}}, "tcp", none, served},
		{"mapped", background, net.Dialer{}, "tcp", none, netip.AddrPortFrom(netip.MustParseAddr("::ffff:127.0.0.1"), port)},
		{"refused", background, net.Dialer{}, "tcp", none, refused},
		{"refused from", background, net.Dialer{}, "tcp", from, refused},
		{"no address", background, net.Dialer{}, "tcp", none, none},
		{"network", background, net.Dialer{}, "udp", none, served},
		{"family", background, net.Dialer{}, "tcp6", none, served},
		{"too late", background, net.Dialer{Timeout: -1}, "tcp", none, served},
		{"canceled", canceled, net.Dialer{}, "tcp", from, served},
		{"Control", background, net.Dialer{Control: func(string, string, syscall.RawConn) error { return syscall.EPERM }}, "tcp", none, served},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			same(t, func(s *both.Side) string {
				var c net.Conn
				var err error
				if s.Std {
					c, err = any(&tt.dialer).(tcpDialer).DialTCP(tt.ctx, tt.network, tt.laddr, tt.raddr)
				} else {
					c, err = both.Ours(tt.dialer).DialTCP(tt.ctx, tt.network, tt.laddr, tt.raddr)
				}
				if err != nil {
					return describe(s, err)
				}
				defer c.Close()
				return nettest.NamePorts(c.LocalAddr().String()+" "+c.RemoteAddr().String(), nil)
			})
		})
	}
	var nilContext context.Context
	require.PanicsWithValue(t, "nil context", func() {
		both.Ours(net.Dialer{}).DialTCP(nilContext, "tcp", none, served)
	})
}
