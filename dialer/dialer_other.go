//go:build !linux

package dialer

import (
	"context"
	"net"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/internal/resolve"
)

// On this system package net dials.

// DialContext connects to an address. It is DialContext of net.Dialer.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return conn.Wrap[net.Conn](d.std().DialContext(ctx, network, address))
}

// std returns d as package net's.
func (d *Dialer) std() *net.Dialer {
	std := &net.Dialer{
		Timeout:         d.Timeout,
		Deadline:        d.Deadline,
		LocalAddr:       d.LocalAddr,
		DualStack:       d.DualStack,
		FallbackDelay:   d.FallbackDelay,
		KeepAlive:       d.KeepAlive,
		KeepAliveConfig: d.KeepAliveConfig,
		Resolver:        d.Resolver,
		Cancel:          d.Cancel,
		Control:         d.Control,
		ControlContext:  d.ControlContext,
	}
	if std.Resolver == nil {
		std.Resolver = resolve.Default()
	}
	if d.mptcp != nil {
		std.SetMultipathTCP(*d.mptcp)
	}
	return std
}

// DialTCP is net.DialTCP.
func DialTCP(network string, laddr, raddr *net.TCPAddr) (*conn.TCPConn, error) {
	return conn.Wrap[*conn.TCPConn](net.DialTCP(network, laddr, raddr))
}

// DialUDP is net.DialUDP.
func DialUDP(network string, laddr, raddr *net.UDPAddr) (*conn.UDPConn, error) {
	return conn.Wrap[*conn.UDPConn](net.DialUDP(network, laddr, raddr))
}

// DialIP is net.DialIP.
func DialIP(network string, laddr, raddr *net.IPAddr) (*conn.IPConn, error) {
	return conn.Wrap[*conn.IPConn](net.DialIP(network, laddr, raddr))
}

// DialUnix is net.DialUnix.
func DialUnix(network string, laddr, raddr *net.UnixAddr) (*conn.UnixConn, error) {
	return conn.Wrap[*conn.UnixConn](net.DialUnix(network, laddr, raddr))
}
