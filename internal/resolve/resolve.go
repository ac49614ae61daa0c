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

// Addrs resolves an address for any network that package net knows: "host:port" for
// TCP and UDP, a host for IP, a name for Unix sockets. No host is the wildcard address.
// The list is never empty without an error, and of one type.
func Addrs(ctx context.Context, r *net.Resolver, network, address string) ([]net.Addr, error) {
	family, _, err := Network(network)
	if err != nil {
		return nil, err
	}
	if strings.HasPrefix(family, "unix") {
		return []net.Addr{&net.UnixAddr{Name: address, Net: family}}, nil
	}
	host, port := address, 0
	if address != "" && !strings.HasPrefix(family, "ip") {
		var service string
		if host, service, err = net.SplitHostPort(address); err != nil {
			return nil, err
		}
		if port, err = r.LookupPort(ctx, family, service); err != nil {
			return nil, err
		}
	}
	if host == "" {
		return []net.Addr{inet(family, net.IPAddr{}, port)}, nil
	}
	ips, err := lookup(ctx, r, family, host)
	if err != nil {
		return nil, err
	}
	var addrs []net.Addr
	for _, ip := range ips {
		if suits(family, ip.IP) {
			addrs = append(addrs, inet(family, ip, port))
		}
	}
	if len(addrs) == 0 {
		return nil, &net.AddrError{Err: neterr.NoSuitableAddress.Error(), Addr: host}
	}
	return addrs, nil
}

// inet returns an address of the family's network.
func inet(family string, ip net.IPAddr, port int) net.Addr {
	switch {
	case strings.HasPrefix(family, "tcp"):
		return &net.TCPAddr{IP: ip.IP, Port: port, Zone: ip.Zone}
	case strings.HasPrefix(family, "udp"):
		return &net.UDPAddr{IP: ip.IP, Port: port, Zone: ip.Zone}
	}
	return &net.IPAddr{IP: ip.IP, Zone: ip.Zone}
}

// lookup resolves a host. A machine may be able to bind to [::] and yet not to connect
// to it, so that address is followed by 0.0.0.0 (golang/go#18806).
func lookup(ctx context.Context, r *net.Resolver, family, host string) ([]net.IPAddr, error) {
	ips, err := lookupFamily(ctx, r, family, host)
	if err == nil && len(ips) == 1 && ips[0].IP.Equal(net.IPv6unspecified) {
		ips = append(ips, net.IPAddr{IP: net.IPv4zero})
	}
	return ips, err
}

// lookupFamily asks for one family only where that will do.
func lookupFamily(ctx context.Context, r *net.Resolver, family, host string) ([]net.IPAddr, error) {
	_, err := netip.ParseAddr(host)
	version := family[len(family)-1:]
	if err == nil || version != "4" && version != "6" {
		return r.LookupIPAddr(ctx, host) // the one that knows zones
	}
	ips, err := r.LookupIP(ctx, "ip"+version, host)
	addrs := make([]net.IPAddr, len(ips))
	for i, ip := range ips {
		addrs[i].IP = ip
	}
	return addrs, err
}

// suits reports whether the family may use ip.
func suits(family string, ip net.IP) bool {
	switch family[len(family)-1] {
	case '4':
		return ip.To4() != nil
	case '6':
		return len(ip) == net.IPv6len && ip.To4() == nil
	}
	return true
}

// ForDial resolves for Dial. The list suits the local address, if there is one.
func ForDial(ctx context.Context, r *net.Resolver, network, address string, local net.Addr) ([]net.Addr, error) {
	if _, _, err := Network(network); err != nil {
		return nil, err
	}
	if address == "" {
		return nil, neterr.MissingAddress
	}
	addrs, err := Addrs(ctx, r, network, address)
	if err != nil || local == nil {
		return addrs, err
	}
	if local.Network() != addrs[0].Network() {
		return nil, &net.AddrError{Err: "mismatched local address type", Addr: local.String()}
	}
	if _, ok := addrs[0].(*net.UnixAddr); ok {
		return addrs, nil
	}
	// A nil local address is a wildcard. So is a foreign type, with which package net
	// panics.
	from := ipOf(local)
	suitable := addrs[:0]
	for _, a := range addrs {
		if isWildcard(from) || isWildcard(ipOf(a)) || from.To16() != nil && sameFamily(ipOf(a), from) {
			suitable = append(suitable, a)
		}
	}
	if len(suitable) == 0 {
		return nil, &net.AddrError{Err: neterr.NoSuitableAddress.Error(), Addr: local.String()}
	}
	return suitable, nil
}

// ipOf returns the IP of an address, or nil where it has none.
func ipOf(a net.Addr) net.IP {
	switch a := a.(type) {
	case *net.TCPAddr:
		if a != nil {
			return a.IP
		}
	case *net.UDPAddr:
		if a != nil {
			return a.IP
		}
	case *net.IPAddr:
		if a != nil {
			return a.IP
		}
	}
	return nil
}

// isWildcard reports whether ip names no particular host.
func isWildcard(ip net.IP) bool { return ip == nil || ip.IsUnspecified() }

func sameFamily(a, b net.IP) bool { return (a.To4() != nil) == (b.To4() != nil) }

// First returns the first IPv4 address, or the first of all: what Listen binds to.
func First(addrs []net.Addr) net.Addr {
	for _, a := range addrs {
		if ipOf(a).To4() != nil {
			return a
		}
	}
	return addrs[0]
}

// Partition divides addresses by family: those of the first one's, and the others.
func Partition(addrs []net.Addr) (primaries, fallbacks []net.Addr) {
	for _, a := range addrs {
		if sameFamily(ipOf(a), ipOf(addrs[0])) {
			primaries = append(primaries, a)
		} else {
			fallbacks = append(fallbacks, a)
		}
	}
	return primaries, fallbacks
}

// Default returns the resolver where none is named. The root package, whose users can
// set it, replaces it.
var Default = func() *net.Resolver { return net.DefaultResolver }
