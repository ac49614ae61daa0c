// Package resolve converts the network and address strings of Dial and Listen to addresses,
// by package net's resolver and with package net's errors.
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

// Addrs resolves an address of any network of package net: "host:port" for TCP and UDP, a
// host for IP, a name for Unix sockets. An empty host is the wildcard address. Without an
// error the list has at least one address, and all have one type.
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

// lookup resolves a host. A system may be able to bind to [::] but not to connect to it, so
// lookup adds 0.0.0.0 after that address, as package net does (golang/go#18806).
func lookup(ctx context.Context, r *net.Resolver, family, host string) ([]net.IPAddr, error) {
	ips, err := lookupFamily(ctx, r, family, host)
	if err == nil && len(ips) == 1 && ips[0].IP.Equal(net.IPv6unspecified) {
		ips = append(ips, net.IPAddr{IP: net.IPv4zero})
	}
	return ips, err
}

// lookupFamily resolves a host, and asks for the addresses of one family if that is enough.
func lookupFamily(ctx context.Context, r *net.Resolver, family, host string) ([]net.IPAddr, error) {
	_, err := netip.ParseAddr(host)
	version := family[len(family)-1:]
	if err == nil || version != "4" && version != "6" {
		return r.LookupIPAddr(ctx, host) // LookupIP does not return zones
	}
	ips, err := r.LookupIP(ctx, "ip"+version, host)
	addrs := make([]net.IPAddr, len(ips))
	for i, ip := range ips {
		addrs[i].IP = ip
	}
	return addrs, err
}

// suits reports whether ip is an address of the family.
func suits(family string, ip net.IP) bool {
	switch family[len(family)-1] {
	case '4':
		return ip.To4() != nil
	case '6':
		return len(ip) == net.IPv6len && ip.To4() == nil
	}
	return true
}

// ForDial resolves an address for Dial. If local is not nil, the list has only addresses that
// can be dialed from it.
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
	// A nil pointer is a wildcard address. So is an address of another type, for which
	// package net panics.
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

// ipOf returns the IP of an address, or nil if it has none.
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

// isWildcard reports whether ip is nil or unspecified.
func isWildcard(ip net.IP) bool { return ip == nil || ip.IsUnspecified() }

func sameFamily(a, b net.IP) bool { return (a.To4() != nil) == (b.To4() != nil) }

// First returns the address that Listen binds to, as in package net: the first IPv4 address,
// or else the first address.
func First(addrs []net.Addr) net.Addr {
	for _, a := range addrs {
		if ipOf(a).To4() != nil {
			return a
		}
	}
	return addrs[0]
}

// Partition divides addresses into those of the first address's family and the others.
func Partition(addrs []net.Addr) (primaries, fallbacks []net.Addr) {
	if len(addrs) == 1 {
		return addrs, nil
	}
	for _, a := range addrs {
		if sameFamily(ipOf(a), ipOf(addrs[0])) {
			primaries = append(primaries, a)
		} else {
			fallbacks = append(fallbacks, a)
		}
	}
	return primaries, fallbacks
}

// Default returns the resolver to use if none is given. The root package replaces it by a
// function that returns its variable DefaultResolver.
var Default = func() *net.Resolver { return net.DefaultResolver }
