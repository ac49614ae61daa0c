// Package resolve turns the network and address strings given to Dial and Listen into
// addresses, with package net's resolver and package net's errors.
//
// Where it stands: beside conn, used by dialer and listener.
package resolve

import (
	"context"
	"net"
	"net/netip"
	"strings"

	"github.com/a57b2d82/netpoller/internal/neterr"
)

// TCP resolves "host:port" for "tcp", "tcp4" or "tcp6". No host is the wildcard
// address. The list is never empty without an error.
func TCP(ctx context.Context, r *net.Resolver, network, address string) ([]*net.TCPAddr, error) {
	if address == "" {
		return []*net.TCPAddr{{}}, nil
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := r.LookupPort(ctx, network, service)
	if err != nil {
		return nil, err
	}
	if host == "" {
		return []*net.TCPAddr{{Port: port}}, nil
	}
	ips, err := lookup(ctx, r, network, host)
	if err != nil {
		return nil, err
	}
	var addrs []*net.TCPAddr
	for _, ip := range ips {
		if suits(network, ip.IP) {
			addrs = append(addrs, &net.TCPAddr{IP: ip.IP, Port: port, Zone: ip.Zone})
		}
	}
	if len(addrs) == 0 {
		return nil, &net.AddrError{Err: neterr.NoSuitableAddress.Error(), Addr: host}
	}
	return addrs, nil
}

// lookup resolves a host. A machine may be able to bind to [::] and yet not to connect
// to it, so that address is followed by 0.0.0.0 (golang/go#18806).
func lookup(ctx context.Context, r *net.Resolver, network, host string) ([]net.IPAddr, error) {
	ips, err := lookupFamily(ctx, r, network, host)
	if err == nil && len(ips) == 1 && ips[0].IP.Equal(net.IPv6unspecified) {
		ips = append(ips, net.IPAddr{IP: net.IPv4zero})
	}
	return ips, err
}

// lookupFamily asks for one family only where that will do.
func lookupFamily(ctx context.Context, r *net.Resolver, network, host string) ([]net.IPAddr, error) {
	_, err := netip.ParseAddr(host)
	family := strings.TrimPrefix(network, "tcp")
	if err == nil || family == "" {
		return r.LookupIPAddr(ctx, host) // the one that knows zones
	}
	ips, err := r.LookupIP(ctx, "ip"+family, host)
	addrs := make([]net.IPAddr, len(ips))
	for i, ip := range ips {
		addrs[i].IP = ip
	}
	return addrs, err
}

// suits reports whether network may use ip.
func suits(network string, ip net.IP) bool {
	switch network {
	case "tcp4":
		return ip.To4() != nil
	case "tcp6":
		return len(ip) == net.IPv6len && ip.To4() == nil
	}
	return true
}

// ForDial resolves for Dial. The list suits the local address, if there is one.
func ForDial(ctx context.Context, r *net.Resolver, network, address string, local net.Addr) ([]*net.TCPAddr, error) {
	if address == "" {
		return nil, neterr.MissingAddress
	}
	addrs, err := TCP(ctx, r, network, address)
	if err != nil || local == nil {
		return addrs, err
	}
	if local.Network() != "tcp" {
		return nil, &net.AddrError{Err: "mismatched local address type", Addr: local.String()}
	}
	// A nil *TCPAddr is a wildcard. So is a foreign type, with which package net panics.
	laddr, _ := local.(*net.TCPAddr)
	suitable := addrs[:0]
	for _, a := range addrs {
		if isWildcard(laddr) || isWildcard(a) || laddr.IP.To16() != nil && sameFamily(a.IP, laddr.IP) {
			suitable = append(suitable, a)
		}
	}
	if len(suitable) == 0 {
		return nil, &net.AddrError{Err: neterr.NoSuitableAddress.Error(), Addr: local.String()}
	}
	return suitable, nil
}

// isWildcard reports whether a names no particular host.
func isWildcard(a *net.TCPAddr) bool { return a == nil || a.IP == nil || a.IP.IsUnspecified() }

func sameFamily(a, b net.IP) bool { return (a.To4() != nil) == (b.To4() != nil) }

// First returns the first IPv4 address, or the first of all: what Listen binds to.
func First(addrs []*net.TCPAddr) *net.TCPAddr {
	for _, a := range addrs {
		if a.IP.To4() != nil {
			return a
		}
	}
	return addrs[0]
}

// Partition divides addresses by family: those of the first one's, and the others.
func Partition(addrs []*net.TCPAddr) (primaries, fallbacks []*net.TCPAddr) {
	for _, a := range addrs {
		if sameFamily(a.IP, addrs[0].IP) {
			primaries = append(primaries, a)
		} else {
			fallbacks = append(fallbacks, a)
		}
	}
	return primaries, fallbacks
}
