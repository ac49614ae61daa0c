//go:build !linux && go1.26

package dialer

import (
	"context"
	"net"
	"net/netip"

	"github.com/a57b2d82/netpoller/conn"
)

// DialTCP is DialTCP of net.Dialer.
func (d *Dialer) DialTCP(ctx context.Context, network string, laddr, raddr netip.AddrPort) (*conn.TCPConn, error) {
	return conn.Wrap[*conn.TCPConn](d.std().DialTCP(ctx, network, laddr, raddr))
}

// DialUDP is DialUDP of net.Dialer.
func (d *Dialer) DialUDP(ctx context.Context, network string, laddr, raddr netip.AddrPort) (*conn.UDPConn, error) {
	return conn.Wrap[*conn.UDPConn](d.std().DialUDP(ctx, network, laddr, raddr))
}

// DialIP is DialIP of net.Dialer.
func (d *Dialer) DialIP(ctx context.Context, network string, laddr, raddr netip.Addr) (*conn.IPConn, error) {
	return conn.Wrap[*conn.IPConn](d.std().DialIP(ctx, network, laddr, raddr))
}

// DialUnix is DialUnix of net.Dialer.
func (d *Dialer) DialUnix(ctx context.Context, network string, laddr, raddr *net.UnixAddr) (*conn.UnixConn, error) {
	return conn.Wrap[*conn.UnixConn](d.std().DialUnix(ctx, network, laddr, raddr))
}
