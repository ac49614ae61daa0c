package conn

import (
	"net"
	"strconv"
	"syscall"
)

// sockaddr returns the address as a socket of the family wants it. No IP is the
// wildcard address, and IPv4's wildcard is IPv6's to an IPv6 socket.
func sockaddr(family int, a *net.TCPAddr) (syscall.Sockaddr, error) {
	switch family {
	case syscall.AF_INET:
		ip := a.IP
		if len(ip) == 0 {
			ip = net.IPv4zero
		}
		ip4 := ip.To4()
		if ip4 == nil {
			return nil, &net.AddrError{Err: "non-IPv4 address", Addr: ip.String()}
		}
		return &syscall.SockaddrInet4{Port: a.Port, Addr: [4]byte(ip4)}, nil
	case syscall.AF_INET6:
		ip := a.IP
		if len(ip) == 0 || ip.Equal(net.IPv4zero) {
			ip = net.IPv6zero
		}
		ip6 := ip.To16()
		if ip6 == nil {
			return nil, &net.AddrError{Err: "non-IPv6 address", Addr: ip.String()}
		}
		return &syscall.SockaddrInet6{Port: a.Port, Addr: [16]byte(ip6), ZoneId: zoneID(a.Zone)}, nil
	}
	return nil, &net.AddrError{Err: "invalid address family", Addr: a.IP.String()}
}

// tcpAddr is the inverse. It returns nil for an address it does not know.
func tcpAddr(sa syscall.Sockaddr) net.Addr {
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		return &net.TCPAddr{IP: sa.Addr[:], Port: sa.Port}
	case *syscall.SockaddrInet6:
		return &net.TCPAddr{IP: sa.Addr[:], Port: sa.Port, Zone: zoneName(sa.ZoneId)}
	}
	return nil
}

// zoneName returns the name of an interface, or its number if it has none any more.
func zoneName(id uint32) string {
	if id == 0 {
		return ""
	}
	if ifi, err := net.InterfaceByIndex(int(id)); err == nil {
		return ifi.Name
	}
	return strconv.FormatUint(uint64(id), 10)
}

// zoneID returns the number of an interface named so, or the number in its name, or 0.
func zoneID(zone string) uint32 {
	if zone == "" {
		return 0
	}
	if ifi, err := net.InterfaceByName(zone); err == nil {
		return uint32(ifi.Index)
	}
	id, _ := strconv.ParseUint(zone, 10, 32)
	return uint32(id)
}
