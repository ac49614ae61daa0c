// Command names uses what of package net has nothing to do with sockets, as command tcp
// does.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
)

type logged struct{ net.Conn } // embedded, as wrappers do

func main() {
	// Addresses.
	fmt.Println(net.ParseIP("2001:db8::1"), net.ParseIP("10.1.2.3").DefaultMask(), net.ParseIP("x") == nil)
	ip, network, err := net.ParseCIDR("192.0.2.77/25")
	fmt.Println(ip, network, err, network.Contains(net.IPv4(192, 0, 2, 100)))
	fmt.Println(net.CIDRMask(20, 32), net.IPv4Mask(255, 0, 0, 0), net.IPv4len+net.IPv6len)
	fmt.Println(net.ParseMAC("00:00:5e:00:53:01"))
	fmt.Println(net.IPv4bcast, net.IPv4zero, net.IPv6loopback, net.IPv6linklocalallnodes.IsLinkLocalMulticast())
	fmt.Println(net.SplitHostPort("[::1%lo]:80"))
	fmt.Println(net.JoinHostPort("::1", "443"))
	fmt.Println(net.TCPAddrFromAddrPort(netip.MustParseAddrPort("1.2.3.4:5")), net.UDPAddrFromAddrPort(netip.MustParseAddrPort("[::1]:5")))

	// Resolving.
	fmt.Println(net.ResolveTCPAddr("tcp4", "127.0.0.1:http"))
	fmt.Println(net.ResolveUDPAddr("udp", "[::1]:domain"))
	fmt.Println(net.ResolveIPAddr("ip", "127.0.0.1"))
	fmt.Println(net.ResolveUnixAddr("unix", "/a/b"))
	fmt.Println(net.LookupPort("tcp", "https"))
	fmt.Println(net.LookupPort("tcp", "no-such-service"))
	fmt.Println(net.LookupHost("127.0.0.1"))
	resolver := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.AddrError{Err: "no way", Addr: "out"}
	}}
	_, err = resolver.LookupHost(context.Background(), "name.example")
	var dns *net.DNSError
	fmt.Println(errors.As(err, &dns), dns.Name, dns.IsNotFound)

	// Errors.
	for _, err := range []error{
		&net.OpError{Op: "dial", Net: "tcp", Err: net.UnknownNetworkError("x")},
		net.InvalidAddrError("bad"), &net.ParseError{Type: "IP address", Text: "x"}, &net.DNSConfigError{Err: net.ErrClosed},
		net.ErrWriteToConnected,
	} {
		_, isNet := err.(net.Error)
		fmt.Printf("%v %v %v\n", err, isNet, errors.Is(err, net.ErrClosed))
	}

	// Interfaces.
	all, err := net.Interfaces()
	i := slices.IndexFunc(all, func(i net.Interface) bool { return i.Flags&net.FlagLoopback != 0 })
	fmt.Println(err, all[i].Flags&net.FlagUp, all[i].HardwareAddr)
	lo, err := net.InterfaceByIndex(all[i].Index)
	fmt.Println(lo.Name == all[i].Name, err)
	_, err = net.InterfaceByName("no-such-interface")
	fmt.Println(err)

	// A pipe, wrapped.
	a, b := net.Pipe()
	go logged{a}.Write([]byte("through"))
	text := make([]byte, 7)
	fmt.Println(b.Read(text))
	fmt.Println(string(text), a.LocalAddr(), b.Close())
	var l net.Listener
	var p net.PacketConn
	fmt.Println(l, p, net.Flags(3), net.HardwareAddr{1, 2}, net.IPMask{255, 0}, net.MX{Pref: 1}, net.NS{}, net.SRV{Port: 2})
}
