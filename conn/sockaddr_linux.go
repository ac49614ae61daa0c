package conn

import (
	"net"
	"syscall"

	"github.com/a57b2d82/netpoller/internal/sys"
)

// This file converts between package net's addresses and the kernel's.

// inet returns the parts of a TCP, UDP or IP address, and zero values for any other address.
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

// familyOf returns the address family of a, and AF_INET for nil.
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

// isWildcard reports whether a is nil, or has no IP or name, or an unspecified IP.
func isWildcard(a net.Addr) bool {
	if a, ok := a.(*net.UnixAddr); ok {
		return a.Name == ""
	}
	ip, _, _ := inet(a)
	return ip == nil || ip.IsUnspecified()
}

// sockaddr converts a to an address of the family. An address without an IP, and for IPv6
// also 0.0.0.0, becomes the wildcard address.
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

// addrOf converts the address of a socket of type sotype to package net's, in one allocation.
// It returns nil for an address of an unknown family.
func addrOf(sotype int, raw *sys.RawAddr) net.Addr {
	switch raw.Family() {
	case syscall.AF_UNIX:
		return &net.UnixAddr{Name: raw.Unix(), Net: unixNetwork(sotype)}
	case syscall.AF_INET, syscall.AF_INET6:
		switch sotype {
		case syscall.SOCK_STREAM:
			return tcpAddr(raw)
		case syscall.SOCK_DGRAM:
			return udpAddr(addrPort(raw))
		case syscall.SOCK_RAW:
			return ipAddr(raw)
		}
	}
	return nil
}

// tcpAddr returns the Internet address in raw, in one allocation.
func tcpAddr(raw *sys.RawAddr) *net.TCPAddr {
	ap := addrPort(raw)
	a := new(struct {
		net.TCPAddr
		ip [net.IPv6len]byte
	})
	a.IP, a.Port, a.Zone = ipIn(&a.ip, ap.Addr()), int(ap.Port()), ap.Addr().Zone()
	return &a.TCPAddr
}

// UnixType returns the socket type of a network of Unix sockets.
func UnixType(network string) int {
	switch network {
	case "unixgram":
		return syscall.SOCK_DGRAM
	case "unixpacket":
		return syscall.SOCK_SEQPACKET
	}
	return syscall.SOCK_STREAM
}

// unixNetwork returns the network of Unix sockets of type sotype.
func unixNetwork(sotype int) string {
	switch sotype {
	case syscall.SOCK_DGRAM:
		return "unixgram"
	case syscall.SOCK_SEQPACKET:
		return "unixpacket"
	}
	return "unix"
}
