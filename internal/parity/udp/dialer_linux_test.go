//go:build go1.26

package udp

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// Before Go 1.26 package net's Dialer does not have the methods tested here.

func dialAddrPort(s *both.Side, ctx context.Context, network string, laddr, raddr netip.AddrPort) (both.UDPConn, error) {
	if s.Std {
		return new(net.Dialer).DialUDP(ctx, network, laddr, raddr)
	}
	return new(netpoller.Dialer).DialUDP(ctx, network, laddr, raddr)
}

func dialAddr(s *both.Side, ctx context.Context, network string, laddr, raddr netip.Addr) (both.IPConn, error) {
	if s.Std {
		return new(net.Dialer).DialIP(ctx, network, laddr, raddr)
	}
	return new(netpoller.Dialer).DialIP(ctx, network, laddr, raddr)
}

// Dialer.DialUDP must connect between the addresses it is given, take none for the
// kernel's choice, and fail with package net's errors.
func TestDialerDialUDP(t *testing.T) {
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	none, port9 := netip.AddrPort{}, netip.MustParseAddrPort("127.0.0.1:9")
	tests := []struct {
		name         string
		ctx          context.Context
		network      string
		laddr, raddr netip.AddrPort
	}{
		{"to IPv4", context.Background(), "udp", none, port9},
		{"to IPv4 as IPv6", context.Background(), "udp", none, netip.MustParseAddrPort("[::ffff:127.0.0.1]:9")},
		{"to IPv6", context.Background(), "udp", none, netip.MustParseAddrPort("[::1]:9")},
		{"from IPv4", context.Background(), "udp4", netip.MustParseAddrPort("127.0.0.1:0"), port9},
		{"from IPv6 to IPv4", context.Background(), "udp", netip.MustParseAddrPort("[::1]:0"), port9},
		{"to nowhere", context.Background(), "udp", none, none},
		{"udp6 to IPv4", context.Background(), "udp6", none, port9},
		{"no zone", context.Background(), "udp", none, netip.MustParseAddrPort("[fe80::1%nosuchzone]:9")},
		{"tcp", context.Background(), "tcp", none, port9},
		{"no network", context.Background(), "", none, port9},
		{"canceled", canceled, "udp", none, port9},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			both.Compare(t, func(s *both.Side) []any {
				c, err := dialAddrPort(s, tt.ctx, tt.network, tt.laddr, tt.raddr)
				if err != nil {
					return both.Results(err)
				}
				defer c.Close()
				return both.Results(both.Exact(c.LocalAddr()), both.Exact(c.RemoteAddr()))
			})
		})
	}
}

// The same for Dialer.DialIP.
func TestDialerDialIP(t *testing.T) {
	if !nettest.RerunAlone(t) {
		return
	}
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	none, v4 := netip.Addr{}, netip.MustParseAddr("127.0.0.1")
	tests := []struct {
		name         string
		ctx          context.Context
		network      string
		laddr, raddr netip.Addr
	}{
		{"to IPv4", context.Background(), "ip4:icmp", none, v4},
		{"to IPv6", context.Background(), "ip6:ipv6-icmp", none, netip.IPv6Loopback()},
		{"from IPv4", context.Background(), "ip:icmp", v4, v4},
		{"to nowhere", context.Background(), "ip4:icmp", none, none},
		{"ip6 to IPv4", context.Background(), "ip6:58", none, v4},
		{"no protocol", context.Background(), "ip4", none, v4},
		{"udp", context.Background(), "udp", none, v4},
		{"canceled", canceled, "ip4:icmp", none, v4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			both.Compare(t, func(s *both.Side) []any {
				c, err := dialAddr(s, tt.ctx, tt.network, tt.laddr, tt.raddr)
				if err != nil {
					return both.Results(err)
				}
				defer c.Close()
				return both.Results(both.Exact(c.LocalAddr()), both.Exact(c.RemoteAddr()))
			})
		})
	}
}
