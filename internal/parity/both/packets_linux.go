package both

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
)

// UDPConn is what *net.UDPConn and *netpoller.UDPConn have in common.
type UDPConn interface {
	net.Conn
	net.PacketConn
	syscall.Conn
	File() (*os.File, error)
	ReadFromUDP(b []byte) (int, *net.UDPAddr, error)
	ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error)
	ReadMsgUDP(b, oob []byte) (n, oobn, flags int, addr *net.UDPAddr, err error)
	ReadMsgUDPAddrPort(b, oob []byte) (n, oobn, flags int, addr netip.AddrPort, err error)
	SetReadBuffer(int) error
	SetWriteBuffer(int) error
	WriteToUDP(b []byte, addr *net.UDPAddr) (int, error)
	WriteToUDPAddrPort(b []byte, addr netip.AddrPort) (int, error)
	WriteMsgUDP(b, oob []byte, addr *net.UDPAddr) (n, oobn int, err error)
	WriteMsgUDPAddrPort(b, oob []byte, addr netip.AddrPort) (n, oobn int, err error)
}

// IPConn is what *net.IPConn and *netpoller.IPConn have in common.
type IPConn interface {
	net.Conn
	net.PacketConn
	syscall.Conn
	File() (*os.File, error)
	ReadFromIP(b []byte) (int, *net.IPAddr, error)
	ReadMsgIP(b, oob []byte) (n, oobn, flags int, addr *net.IPAddr, err error)
	SetReadBuffer(int) error
	SetWriteBuffer(int) error
	WriteToIP(b []byte, addr *net.IPAddr) (int, error)
	WriteMsgIP(b, oob []byte, addr *net.IPAddr) (n, oobn int, err error)
}

var (
	_ UDPConn = (*net.UDPConn)(nil)
	_ UDPConn = (*netpoller.UDPConn)(nil)
	_ IPConn  = (*net.IPConn)(nil)
	_ IPConn  = (*netpoller.IPConn)(nil)
)

// ListenPacket opens with lc's settings.
func (s *Side) ListenPacket(lc net.ListenConfig, network, address string) (net.PacketConn, error) {
	if s.Std {
		return lc.ListenPacket(context.Background(), network, address)
	}
	ours := netpoller.ListenConfig{Control: lc.Control}
	return ours.ListenPacket(context.Background(), network, address)
}

// ListenUDP is that of this side.
func (s *Side) ListenUDP(network string, laddr *net.UDPAddr) (UDPConn, error) {
	if s.Std {
		return net.ListenUDP(network, laddr)
	}
	return netpoller.ListenUDP(network, laddr)
}

// DialUDP is that of this side.
func (s *Side) DialUDP(network string, laddr, raddr *net.UDPAddr) (UDPConn, error) {
	if s.Std {
		return net.DialUDP(network, laddr, raddr)
	}
	return netpoller.DialUDP(network, laddr, raddr)
}

// ListenMulticast is ListenMulticastUDP of this side.
func (s *Side) ListenMulticast(network string, ifi *net.Interface, group *net.UDPAddr) (UDPConn, error) {
	if s.Std {
		return net.ListenMulticastUDP(network, ifi, group)
	}
	return netpoller.ListenMulticastUDP(network, ifi, group)
}

// ListenIP is that of this side.
func (s *Side) ListenIP(network string, laddr *net.IPAddr) (IPConn, error) {
	if s.Std {
		return net.ListenIP(network, laddr)
	}
	return netpoller.ListenIP(network, laddr)
}

// DialIP is that of this side.
func (s *Side) DialIP(network string, laddr, raddr *net.IPAddr) (IPConn, error) {
	if s.Std {
		return net.DialIP(network, laddr, raddr)
	}
	return netpoller.DialIP(network, laddr, raddr)
}

// BrokenUDPConn returns a nil or a zero *UDPConn.
func (s *Side) BrokenUDPConn(zero bool) UDPConn {
	switch {
	case s.Std && zero:
		return &net.UDPConn{}
	case s.Std:
		return (*net.UDPConn)(nil)
	case zero:
		return &netpoller.UDPConn{}
	}
	return (*netpoller.UDPConn)(nil)
}

// BrokenIPConn returns a nil or a zero *IPConn.
func (s *Side) BrokenIPConn(zero bool) IPConn {
	switch {
	case s.Std && zero:
		return &net.IPConn{}
	case s.Std:
		return (*net.IPConn)(nil)
	case zero:
		return &netpoller.IPConn{}
	}
	return (*netpoller.IPConn)(nil)
}

// UDP returns a socket without a peer.
func (s *Side) UDP(network, address, name string) UDPConn {
	s.Helper()
	return namedUDP(s, name, func() (net.PacketConn, error) {
		return s.ListenPacket(net.ListenConfig{}, network, address)
	}).(UDPConn)
}

// ConnectedUDP returns a socket whose peer is addr.
func (s *Side) ConnectedUDP(network string, addr net.Addr, name string) UDPConn {
	s.Helper()
	return namedUDP(s, name, func() (net.Conn, error) {
		return s.Dial(context.Background(), net.Dialer{}, network, addr.String())
	}).(UDPConn)
}

// Deaf returns an address that refuses what others than its peer send to it.
func (s *Side) Deaf(network, host string) *net.UDPAddr {
	s.Helper()
	nobody, err := net.ListenPacket(network, net.JoinHostPort(host, "0"))
	require.NoError(s, err)
	s.Cleanup(func() { nobody.Close() })
	c := namedUDP(s, "DEAF", func() (net.Conn, error) { return net.Dial(network, nobody.LocalAddr().String()) })
	return c.LocalAddr().(*net.UDPAddr)
}

// namedUDP opens a socket and gives its port a name. One of IPv4 and one of IPv6 can have
// the same port: then it opens another.
func namedUDP[C interface {
	io.Closer
	LocalAddr() net.Addr
}](s *Side, name string, open func() (C, error)) C {
	s.Helper()
	for {
		c, err := open()
		require.NoError(s, err)
		s.Cleanup(func() { c.Close() })
		port := strconv.Itoa(c.LocalAddr().(*net.UDPAddr).Port)
		if old, named := s.ports[port]; !named || old == name {
			s.ports[port] = name
			return c
		}
	}
}

// Exact returns all that there is to an address: an IP has two lengths.
func Exact(a any) string {
	switch a := a.(type) {
	case *net.UDPAddr:
		if a != nil {
			return fmt.Sprintf("UDPAddr %x:%d zone %q", []byte(a.IP), a.Port, a.Zone)
		}
	case *net.IPAddr:
		if a != nil {
			return fmt.Sprintf("IPAddr %x zone %q", []byte(a.IP), a.Zone)
		}
	case netip.AddrPort:
		return fmt.Sprintf("AddrPort %v, zone %q, %d bits", a, a.Addr().Zone(), a.Addr().BitLen())
	}
	return fmt.Sprintf("%T %v", a, a)
}

// Send lets a socket of package net's send data, and waits until it is there.
func Send(s *Side, from net.PacketConn, to UDPConn, data string) {
	s.Helper()
	_, err := from.WriteTo([]byte(data), to.LocalAddr())
	require.NoError(s, err)
	nettest.AwaitEvents(s, to, unix.POLLIN)
}

// InterfaceNamed returns a network interface.
func InterfaceNamed(t testing.TB, name string) *net.Interface {
	t.Helper()
	ifi, err := net.InterfaceByName(name)
	require.NoError(t, err)
	return ifi
}

// ReadMsgResults leaves out what one that fails returns besides its error, which for
// package net's is -1, sometimes, and for UDP the wildcard address.
func ReadMsgResults(n int, b []byte, oobn, flags int, addr any, err error) []any {
	if err != nil {
		return Results(b, oobn, flags, err)
	}
	return Results(n, b, oobn, flags, Exact(addr))
}

// Echo returns an ICMP echo request, over IPv4 or IPv6.
func Echo(v6 bool, id uint16, payload string) []byte {
	b := append([]byte{8, 0, 0, 0, byte(id >> 8), byte(id), 0, 1}, payload...)
	if v6 {
		b[0] = 128 // and the kernel computes the checksum
		return b
	}
	sum := uint32(0)
	for i := 0; i+1 < len(b); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	if len(b)%2 == 1 {
		sum += uint32(b[len(b)-1]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	binary.BigEndian.PutUint16(b[2:], ^uint16(sum))
	return b
}

// TwoEnds are the commands that make two interfaces which hear each other.
var TwoEnds = []string{
	"ip link set lo multicast on",
	"ip link add near type veth peer name far",
	"ip link set near addrgenmode none",
	"ip link set far addrgenmode none",
	"ip link set near up",
	"ip link set far up",
	"ip addr add fe80::1/64 dev near nodad",
	"ip addr add fe80::2/64 dev far nodad",
	"ip addr add fe80::3/64 dev lo nodad",
	"ip addr add 198.51.100.1/24 dev near",
	"ip route add 224.0.0.0/4 dev near",
	arrives("fe80::1", "near"), arrives("fe80::2", "far"), arrives("fe80::3", "lo"),
}

// arrives is a command that waits until what is sent to an address of a link arrives at this
// machine. The kernel adds the route for it some time after the address; until then it asks the
// neighbors of the link for the address.
func arrives(address, link string) string {
	return "for i in $(seq 6000); do ip -6 route show table local dev " + link + " | grep -q '" + address + "' && break; sleep 0.01; done"
}
