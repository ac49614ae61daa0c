//go:build !linux

package listener

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/a57b2d82/netpoller/conn"
)

// On this system package net listens.

// Listen listens on a local address. It is Listen of net.ListenConfig, and fails with
// errors.ErrUnsupported if Backlog or ReusePort is set.
func (lc *ListenConfig) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	if lc.Backlog != 0 {
		return nil, unsupported(network, "Backlog")
	}
	std, err := lc.std(network)
	if err != nil {
		return nil, err
	}
	return wrap[net.Listener](std.Listen(ctx, network, address))
}

// ListenPacket returns a socket that receives packets on a local address. It is ListenPacket of
// net.ListenConfig, and fails with errors.ErrUnsupported if ReusePort is set.
func (lc *ListenConfig) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	std, err := lc.std(network)
	if err != nil {
		return nil, err
	}
	return conn.Wrap[net.PacketConn](std.ListenPacket(ctx, network, address))
}

// std returns lc as package net's.
func (lc *ListenConfig) std(network string) (*net.ListenConfig, error) {
	if lc.ReusePort {
		return nil, unsupported(network, "ReusePort")
	}
	std := &net.ListenConfig{Control: lc.Control, KeepAlive: lc.KeepAlive, KeepAliveConfig: lc.KeepAliveConfig}
	if lc.mptcp != nil {
		std.SetMultipathTCP(*lc.mptcp)
	}
	return std, nil
}

// unsupported returns the error of a field that is set.
func unsupported(network, field string) error {
	return &net.OpError{Op: "listen", Net: network, Err: fmt.Errorf("ListenConfig.%s: %w", field, errors.ErrUnsupported)}
}

// ListenUDP is net.ListenUDP.
func ListenUDP(network string, laddr *net.UDPAddr) (*conn.UDPConn, error) {
	return conn.Wrap[*conn.UDPConn](net.ListenUDP(network, laddr))
}

// ListenMulticastUDP is net.ListenMulticastUDP.
func ListenMulticastUDP(network string, ifi *net.Interface, group *net.UDPAddr) (*conn.UDPConn, error) {
	return conn.Wrap[*conn.UDPConn](net.ListenMulticastUDP(network, ifi, group))
}

// ListenIP is net.ListenIP.
func ListenIP(network string, laddr *net.IPAddr) (*conn.IPConn, error) {
	return conn.Wrap[*conn.IPConn](net.ListenIP(network, laddr))
}

// ListenUnixgram is net.ListenUnixgram.
func ListenUnixgram(network string, laddr *net.UnixAddr) (*conn.UnixConn, error) {
	return conn.Wrap[*conn.UnixConn](net.ListenUnixgram(network, laddr))
}
