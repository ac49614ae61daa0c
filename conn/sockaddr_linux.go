package conn

import (
	"net"
	"slices"
	"syscall"
)

// This file is between package net's addresses and the kernel's.

// inet returns what an address of the Internet says; that of any other is the
// wildcard.
func inet(a net.Addr) (ip net.IP, port int, zone string) {
	switch a := a.(type) {
	case *net.TCPAddr:
		return a.IP, a.Port, a.Zone
	case *net.UDPAddr:
		return a.IP, a.Port, a.Zone
	case *net.IPAddr:
		return a.IP, 0, a.Zone
	}
	return nil, 0, ""
}

// familyOf returns the family of socket that a needs; nil needs nothing more than
// IPv4.
func familyOf(a net.Addr) int {
	if _, ok := a.(*net.UnixAddr); ok {
		return syscall.AF_UNIX
	}
	ip, _, _ := inet(a)
	if len(ip) <= net.IPv4len || ip.To4() != nil {
		return syscall.AF_INET
	}
	return syscall.AF_INET6
}

// isWildcard reports whether a, or its absence, leaves the choice to the kernel.
func isWildcard(a net.Addr) bool {
	if a, ok := a.(*net.UnixAddr); ok {
		return a.Name == ""
	}
	ip, _, _ := inet(a)
	return ip == nil || ip.IsUnspecified()
}

// sockaddr returns the address as a socket of the family wants it. No IP is the
// wildcard address, and IPv4's wildcard is IPv6's to an IPv6 socket.
func sockaddr(family int, a net.Addr) (syscall.Sockaddr, error) {
	ip, port, zone := inet(a)
	switch family {
	case syscall.AF_INET:
		sa, err := sockaddrInet4(ip, port)
		return &sa, err
	case syscall.AF_INET6:
		sa, err := sockaddrInet6(ip, port, zone)
		return &sa, err
	case syscall.AF_UNIX:
		return &syscall.SockaddrUnix{Name: a.(*net.UnixAddr).Name}, nil
	}
	return nil, &net.AddrError{Err: "invalid address family", Addr: ip.String()}
}

func sockaddrInet4(ip net.IP, port int) (sa syscall.SockaddrInet4, err error) {
	if len(ip) == 0 {
		ip = net.IPv4zero
	}
	ip4 := ip.To4()
	if ip4 == nil {
		return sa, &net.AddrError{Err: "non-IPv4 address", Addr: ip.String()}
	}
	return syscall.SockaddrInet4{Port: port, Addr: [4]byte(ip4)}, nil
}

func sockaddrInet6(ip net.IP, port int, zone string) (sa syscall.SockaddrInet6, err error) {
	if len(ip) == 0 || ip.Equal(net.IPv4zero) {
		ip = net.IPv6zero
	}
	ip6 := ip.To16()
	if ip6 == nil {
		return sa, &net.AddrError{Err: "non-IPv6 address", Addr: ip.String()}
	}
	return syscall.SockaddrInet6{Port: port, Addr: [16]byte(ip6), ZoneId: zones.id(zone)}, nil
}

// addrOf is the inverse of sockaddr, for a socket of the type. It returns nil for an
// address it does not know, and keeps nothing of sa, which is larger.
func addrOf(sotype int, sa syscall.Sockaddr) net.Addr {
	var ip net.IP
	var port int
	var zone string
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		ip, port = slices.Clone(sa.Addr[:]), sa.Port
	case *syscall.SockaddrInet6:
		ip, port, zone = slices.Clone(sa.Addr[:]), sa.Port, zones.name(sa.ZoneId)
	case *syscall.SockaddrUnix:
		return &net.UnixAddr{Name: sa.Name, Net: unixNetwork(sotype)}
	default:
		return nil
	}
	switch sotype {
	case syscall.SOCK_STREAM:
		return &net.TCPAddr{IP: ip, Port: port, Zone: zone}
	case syscall.SOCK_DGRAM:
		return &net.UDPAddr{IP: ip, Port: port, Zone: zone}
	case syscall.SOCK_RAW:
		return &net.IPAddr{IP: ip, Zone: zone}
	}
	return nil
}

// UnixType returns the type of socket that a network of Unix sockets has.
func UnixType(network string) int {
	switch network {
	case "unixgram":
		return syscall.SOCK_DGRAM
	case "unixpacket":
		return syscall.SOCK_SEQPACKET
	}
	return syscall.SOCK_STREAM
}

// unixNetwork returns the name of the network of Unix sockets of the type.
func unixNetwork(sotype int) string {
	switch sotype {
	case syscall.SOCK_DGRAM:
		return "unixgram"
	case syscall.SOCK_SEQPACKET:
		return "unixpacket"
	}
	return "unix"
}
