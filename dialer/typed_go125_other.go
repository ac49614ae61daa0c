//go:build !linux && !go1.26

package dialer

import (
	"context"
	"net"
	"net/netip"
	"strings"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/internal/neterr"
)

// Package net's Dialer has these methods from Go 1.26 on. Before, DialContext does the same with
// another LocalAddr.

// DialTCP connects to raddr from the local address laddr.
func (d *Dialer) DialTCP(ctx context.Context, network string, laddr, raddr netip.AddrPort) (*conn.TCPConn, error) {
	return conn.Wrap[*conn.TCPConn](d.dial(ctx, "tcp", network, net.TCPAddrFromAddrPort(laddr), net.TCPAddrFromAddrPort(raddr)))
}

// DialUDP is DialTCP for UDP.
func (d *Dialer) DialUDP(ctx context.Context, network string, laddr, raddr netip.AddrPort) (*conn.UDPConn, error) {
	return conn.Wrap[*conn.UDPConn](d.dial(ctx, "udp", network, net.UDPAddrFromAddrPort(laddr), net.UDPAddrFromAddrPort(raddr)))
}

// DialIP is DialTCP for raw IP.
func (d *Dialer) DialIP(ctx context.Context, network string, laddr, raddr netip.Addr) (*conn.IPConn, error) {
	return conn.Wrap[*conn.IPConn](d.dial(ctx, "ip", network, ipAddr(laddr), ipAddr(raddr)))
}

func ipAddr(a netip.Addr) *net.IPAddr { return &net.IPAddr{IP: a.AsSlice(), Zone: a.Zone()} }

// DialUnix is DialTCP for Unix sockets. With a nil laddr the socket is not bound.
func (d *Dialer) DialUnix(ctx context.Context, network string, laddr, raddr *net.UnixAddr) (*conn.UnixConn, error) {
	if raddr == nil {
		raddr = &net.UnixAddr{} // which package net takes for nil
	}
	return conn.Wrap[*conn.UnixConn](d.dial(ctx, "unix", network, neterr.Addr(laddr), raddr))
}

// dial connects to raddr on a network whose name begins with family.
func (d *Dialer) dial(ctx context.Context, family, network string, laddr, raddr net.Addr) (net.Conn, error) {
	if !strings.HasPrefix(network, family) {
		return nil, &net.OpError{Op: "dial", Net: network, Source: laddr, Addr: raddr, Err: net.UnknownNetworkError(network)}
	}
	std := d.std()
	std.LocalAddr = laddr
	return std.DialContext(ctx, network, raddr.String())
}
