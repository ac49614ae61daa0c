package netpoller

import (
	"context"
	"net"
	"net/netip"

	"github.com/a57b2d82/netpoller/internal/resolve"
)

// DefaultResolver resolves names where no other resolver is named. While nobody sets
// it, it is package net's.
var DefaultResolver = net.DefaultResolver

func init() {
	original := DefaultResolver
	resolve.Default = func() *net.Resolver {
		if DefaultResolver == original {
			return net.DefaultResolver // which may have been set
		}
		return DefaultResolver
	}
}

// LookupHost is net.LookupHost, with DefaultResolver; so are the next eight.
func LookupHost(host string) (addrs []string, err error) {
	return resolve.Default().LookupHost(context.Background(), host)
}

// LookupIP is net.LookupIP.
func LookupIP(host string) ([]IP, error) {
	return resolve.Default().LookupIP(context.Background(), "ip", host)
}

// LookupPort is net.LookupPort.
func LookupPort(network, service string) (port int, err error) {
	return resolve.Default().LookupPort(context.Background(), network, service)
}

// LookupCNAME is net.LookupCNAME.
func LookupCNAME(host string) (cname string, err error) {
	return resolve.Default().LookupCNAME(context.Background(), host)
}

// LookupSRV is net.LookupSRV.
func LookupSRV(service, proto, name string) (cname string, addrs []*SRV, err error) {
	return resolve.Default().LookupSRV(context.Background(), service, proto, name)
}

// LookupMX is net.LookupMX.
func LookupMX(name string) ([]*MX, error) {
	return resolve.Default().LookupMX(context.Background(), name)
}

// LookupNS is net.LookupNS.
func LookupNS(name string) ([]*NS, error) {
	return resolve.Default().LookupNS(context.Background(), name)
}

// LookupTXT is net.LookupTXT.
func LookupTXT(name string) ([]string, error) {
	return resolve.Default().LookupTXT(context.Background(), name)
}

// LookupAddr is net.LookupAddr.
func LookupAddr(addr string) (names []string, err error) {
	return resolve.Default().LookupAddr(context.Background(), addr)
}

// ResolveTCPAddr is net.ResolveTCPAddr.
func ResolveTCPAddr(network, address string) (*TCPAddr, error) {
	return net.ResolveTCPAddr(network, address)
}

// ResolveUDPAddr is net.ResolveUDPAddr.
func ResolveUDPAddr(network, address string) (*UDPAddr, error) {
	return net.ResolveUDPAddr(network, address)
}

// ResolveIPAddr is net.ResolveIPAddr.
func ResolveIPAddr(network, address string) (*IPAddr, error) {
	return net.ResolveIPAddr(network, address)
}

// ResolveUnixAddr is net.ResolveUnixAddr.
func ResolveUnixAddr(network, address string) (*UnixAddr, error) {
	return net.ResolveUnixAddr(network, address)
}

// TCPAddrFromAddrPort is net.TCPAddrFromAddrPort.
func TCPAddrFromAddrPort(addr netip.AddrPort) *TCPAddr { return net.TCPAddrFromAddrPort(addr) }

// UDPAddrFromAddrPort is net.UDPAddrFromAddrPort.
func UDPAddrFromAddrPort(addr netip.AddrPort) *UDPAddr { return net.UDPAddrFromAddrPort(addr) }

// SplitHostPort is net.SplitHostPort.
func SplitHostPort(hostport string) (host, port string, err error) {
	return net.SplitHostPort(hostport)
}

// JoinHostPort is net.JoinHostPort.
func JoinHostPort(host, port string) string { return net.JoinHostPort(host, port) }

// ParseIP is net.ParseIP.
func ParseIP(s string) IP { return net.ParseIP(s) }

// ParseCIDR is net.ParseCIDR.
func ParseCIDR(s string) (IP, *IPNet, error) { return net.ParseCIDR(s) }

// ParseMAC is net.ParseMAC.
func ParseMAC(s string) (hw HardwareAddr, err error) { return net.ParseMAC(s) }

// CIDRMask is net.CIDRMask.
func CIDRMask(ones, bits int) IPMask { return net.CIDRMask(ones, bits) }

// IPv4 is net.IPv4.
func IPv4(a, b, c, d byte) IP { return net.IPv4(a, b, c, d) }

// IPv4Mask is net.IPv4Mask.
func IPv4Mask(a, b, c, d byte) IPMask { return net.IPv4Mask(a, b, c, d) }

// Interfaces is net.Interfaces.
func Interfaces() ([]Interface, error) { return net.Interfaces() }

// InterfaceAddrs is net.InterfaceAddrs.
func InterfaceAddrs() ([]Addr, error) { return net.InterfaceAddrs() }

// InterfaceByIndex is net.InterfaceByIndex.
func InterfaceByIndex(index int) (*Interface, error) { return net.InterfaceByIndex(index) }

// InterfaceByName is net.InterfaceByName.
func InterfaceByName(name string) (*Interface, error) { return net.InterfaceByName(name) }

// Pipe is net.Pipe: two ends in memory, which have nothing to do with a poller.
func Pipe() (Conn, Conn) { return net.Pipe() }
