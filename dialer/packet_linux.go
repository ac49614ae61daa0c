package dialer

import (
	"context"
	"net"
	"net/netip"
	"syscall"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/internal/neterr"
	"github.com/a57b2d82/netpoller/internal/resolve"
)

// DialUDP returns a UDP socket connected to raddr. If laddr is not nil, it is the local
// address.
func DialUDP(network string, laddr, raddr *net.UDPAddr) (*conn.UDPConn, error) {
	return new(Dialer).dialUDP(context.Background(), network, laddr, raddr)
}

// DialUDP is DialTCP for UDP.
func (d *Dialer) DialUDP(ctx context.Context, network string, laddr, raddr netip.AddrPort) (*conn.UDPConn, error) {
	ctx, cancel := d.limit(ctx)
	defer cancel()
	return d.dialUDP(ctx, network, net.UDPAddrFromAddrPort(laddr), net.UDPAddrFromAddrPort(raddr))
}

func (d *Dialer) dialUDP(ctx context.Context, network string, laddr, raddr *net.UDPAddr) (c *conn.UDPConn, err error) {
	switch network {
	case "udp", "udp4", "udp6":
		if raddr == nil {
			err = neterr.MissingAddress
			break
		}
		t := &attempt{Dialer: *d, network: network}
		c, err = t.udp(ctx, laddr, raddr)
	default:
		err = net.UnknownNetworkError(network)
	}
	if err != nil {
		return nil, dialError(network, neterr.Addr(laddr), neterr.Addr(raddr), err)
	}
	return c, nil
}

func (t *attempt) udp(ctx context.Context, laddr, raddr *net.UDPAddr) (*conn.UDPConn, error) {
	f, err := t.socket(t.network, syscall.SOCK_DGRAM).Dial(ctx, neterr.Addr(laddr), neterr.Addr(raddr))
	if err != nil {
		return nil, err
	}
	return conn.NewUDPConn(f), nil
}

// DialIP returns a raw IP socket connected to raddr. If laddr is not nil, it is the local
// address. The network includes a protocol, such as "ip4:icmp".
func DialIP(network string, laddr, raddr *net.IPAddr) (*conn.IPConn, error) {
	return new(Dialer).dialIP(context.Background(), network, laddr, raddr)
}

// DialIP is DialTCP for raw IP.
func (d *Dialer) DialIP(ctx context.Context, network string, laddr, raddr netip.Addr) (*conn.IPConn, error) {
	ctx, cancel := d.limit(ctx)
	defer cancel()
	return d.dialIP(ctx, network, ipAddr(laddr), ipAddr(raddr))
}

func ipAddr(a netip.Addr) *net.IPAddr { return &net.IPAddr{IP: a.AsSlice(), Zone: a.Zone()} }

func (d *Dialer) dialIP(ctx context.Context, network string, laddr, raddr *net.IPAddr) (c *conn.IPConn, err error) {
	if raddr == nil {
		err = neterr.MissingAddress
	} else {
		t := &attempt{Dialer: *d, network: network}
		c, err = t.ip(ctx, laddr, raddr)
	}
	if err != nil {
		return nil, dialError(network, neterr.Addr(laddr), neterr.Addr(raddr), err)
	}
	return c, nil
}

func (t *attempt) ip(ctx context.Context, laddr, raddr *net.IPAddr) (*conn.IPConn, error) {
	family, proto, err := resolve.IPNetwork(t.network)
	if err != nil {
		return nil, err
	}
	s := t.socket(family, syscall.SOCK_RAW)
	s.Proto = proto
	f, err := s.Dial(ctx, neterr.Addr(laddr), neterr.Addr(raddr))
	if err != nil {
		return nil, err
	}
	return conn.NewIPConn(f), nil
}

// DialUnix returns a Unix socket connected to raddr. If laddr is not nil, it is the local
// address. raddr may be nil for "unixgram" if laddr is not.
func DialUnix(network string, laddr, raddr *net.UnixAddr) (*conn.UnixConn, error) {
	return new(Dialer).dialUnix(context.Background(), network, laddr, raddr)
}

// DialUnix is DialTCP for Unix sockets. With a nil laddr the socket is not bound.
func (d *Dialer) DialUnix(ctx context.Context, network string, laddr, raddr *net.UnixAddr) (*conn.UnixConn, error) {
	ctx, cancel := d.limit(ctx)
	defer cancel()
	return d.dialUnix(ctx, network, laddr, raddr)
}

func (d *Dialer) dialUnix(ctx context.Context, network string, laddr, raddr *net.UnixAddr) (c *conn.UnixConn, err error) {
	switch network {
	case "unix", "unixgram", "unixpacket":
		t := &attempt{Dialer: *d, network: network}
		c, err = t.unix(ctx, laddr, raddr)
	default:
		err = net.UnknownNetworkError(network)
	}
	if err != nil {
		return nil, dialError(network, neterr.Addr(laddr), neterr.Addr(raddr), err)
	}
	return c, nil
}

// unix connects. It treats an address without a name as nil.
func (t *attempt) unix(ctx context.Context, laddr, raddr *net.UnixAddr) (*conn.UnixConn, error) {
	if laddr != nil && laddr.Name == "" {
		laddr = nil
	}
	if raddr != nil && raddr.Name == "" {
		raddr = nil
	}
	sotype := conn.UnixType(t.network)
	if raddr == nil && (laddr == nil || sotype != syscall.SOCK_DGRAM) {
		return nil, neterr.MissingAddress
	}
	f, err := t.socket(t.network, sotype).Dial(ctx, neterr.Addr(laddr), neterr.Addr(raddr))
	if err != nil {
		return nil, err
	}
	return conn.NewUnixConn(f), nil
}
