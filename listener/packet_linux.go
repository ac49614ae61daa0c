package listener

import (
	"context"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/internal/neterr"
	"github.com/a57b2d82/netpoller/internal/resolve"
)

// ListenUDP returns a UDP socket bound to laddr. If laddr is nil or has no IP, the socket
// receives on all addresses, and if the port is 0, on a free port. For the address of a
// multicast group, the socket is bound to the wildcard address and the group's port.
func ListenUDP(network string, laddr *net.UDPAddr) (*conn.UDPConn, error) {
	if err := onUDP(network); err != nil {
		return nil, listenError(network, neterr.Addr(laddr), err)
	}
	if laddr == nil {
		laddr = &net.UDPAddr{}
	}
	c, err := new(ListenConfig).listenUDP(context.Background(), network, laddr)
	if err != nil {
		return nil, listenError(network, laddr, err)
	}
	return c, nil
}

func onUDP(network string) error {
	switch network {
	case "udp", "udp4", "udp6":
		return nil
	}
	return net.UnknownNetworkError(network)
}

func (lc *ListenConfig) listenUDP(ctx context.Context, network string, laddr *net.UDPAddr) (*conn.UDPConn, error) {
	f, err := lc.socket(network, syscall.SOCK_DGRAM).Listen(ctx, laddr)
	if err != nil {
		return nil, err
	}
	return conn.NewUDPConn(f), nil
}

// ListenMulticastUDP returns a UDP socket that is bound to the group's port on all addresses
// and is a member of the group on the interface ifi, or on one that the system chooses if ifi
// is nil. As in package net, packets sent to the group are not looped back
// (IP_MULTICAST_LOOP is off).
func ListenMulticastUDP(network string, ifi *net.Interface, group *net.UDPAddr) (*conn.UDPConn, error) {
	if err := onUDP(network); err != nil {
		return nil, listenError(network, neterr.Addr(group), err)
	}
	if group == nil || group.IP == nil {
		return nil, listenError(network, neterr.Addr(group), neterr.MissingAddress)
	}
	f, err := new(ListenConfig).socket(network, syscall.SOCK_DGRAM).Listen(context.Background(), group)
	if err == nil {
		if err = join(f, ifi, group.IP); err != nil {
			f.Close()
		}
	}
	if err != nil {
		return nil, listenError(network, group, err)
	}
	return conn.NewUDPConn(f), nil
}

// join makes a socket a member of a multicast group.
func join(f *conn.NetFD, ifi *net.Interface, group net.IP) (err error) {
	index := 0
	if ifi != nil {
		index = ifi.Index
	}
	control := f.RawControl(func(sysfd uintptr) {
		if group.To4() != nil {
			err = joinIPv4(int(sysfd), index, group)
		} else {
			err = joinIPv6(int(sysfd), index, group)
		}
	})
	if control != nil {
		return control
	}
	return os.NewSyscallError("setsockopt", err)
}

func joinIPv4(sysfd, ifindex int, group net.IP) error {
	mreq := &unix.IPMreqn{Multiaddr: [4]byte(group.To4()), Ifindex: int32(ifindex)}
	if ifindex != 0 {
		if err := unix.SetsockoptIPMreqn(sysfd, unix.IPPROTO_IP, unix.IP_MULTICAST_IF, &unix.IPMreqn{Ifindex: int32(ifindex)}); err != nil {
			return err
		}
	}
	if err := unix.SetsockoptInt(sysfd, unix.IPPROTO_IP, unix.IP_MULTICAST_LOOP, 0); err != nil {
		return err
	}
	return unix.SetsockoptIPMreqn(sysfd, unix.IPPROTO_IP, unix.IP_ADD_MEMBERSHIP, mreq)
}

func joinIPv6(sysfd, ifindex int, group net.IP) error {
	if ifindex != 0 {
		if err := unix.SetsockoptInt(sysfd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_IF, ifindex); err != nil {
			return err
		}
	}
	if err := unix.SetsockoptInt(sysfd, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_LOOP, 0); err != nil {
		return err
	}
	mreq := &unix.IPv6Mreq{Interface: uint32(ifindex)}
	copy(mreq.Multiaddr[:], group) // group may be shorter
	return unix.SetsockoptIPv6Mreq(sysfd, unix.IPPROTO_IPV6, unix.IPV6_JOIN_GROUP, mreq)
}

// ListenIP returns a raw socket that receives packets of the network's protocol on laddr, or
// on all addresses if laddr is nil. The network is "ip", "ip4" or "ip6", a colon, and a
// protocol's number or name.
func ListenIP(network string, laddr *net.IPAddr) (*conn.IPConn, error) {
	if laddr == nil {
		laddr = &net.IPAddr{}
	}
	c, err := new(ListenConfig).listenIP(context.Background(), network, laddr)
	if err != nil {
		return nil, listenError(network, laddr, err)
	}
	return c, nil
}

func (lc *ListenConfig) listenIP(ctx context.Context, network string, laddr *net.IPAddr) (*conn.IPConn, error) {
	family, proto, err := resolve.IPNetwork(network)
	if err != nil {
		return nil, err
	}
	s := lc.socket(family, syscall.SOCK_RAW)
	s.Proto = proto
	f, err := s.Listen(ctx, laddr)
	if err != nil {
		return nil, err
	}
	return conn.NewIPConn(f), nil
}
