package conn

import (
	"net"
	"net/netip"
	"syscall"

	"github.com/a57b2d82/netpoller/internal/neterr"
	"github.com/a57b2d82/netpoller/internal/sys"
)

// This file holds the parts that UDPConn, IPConn and UnixConn share.

// toError returns the error of a write to an address.
func (c *conn) toError(to net.Addr, err error) error {
	f := c.netFD()
	return f.OpError("write", f.laddr, to, err)
}

// writeTo writes one packet to an address, which is addr in an error.
func (c *conn) writeTo(b []byte, to *sys.RawAddr, addr net.Addr) (int, error) {
	n, err := c.netFD().writeTo(b, to)
	if err != nil {
		return n, c.toError(addr, err)
	}
	return n, nil
}

// readFrom reads one packet and its sender's address.
func (c *conn) readFrom(b []byte, from *sys.RawAddr) (int, error) {
	n, err := c.netFD().readFrom(b, from)
	if err != nil {
		return n, c.opError("read", err)
	}
	return n, nil
}

// readMsg reads one packet, its control messages and its sender's address.
func (c *conn) readMsg(b, oob []byte, flags int, from *sys.RawAddr) (n, oobn, recvflags int, err error) {
	n, oobn, recvflags, err = c.netFD().readMsg(b, oob, flags, from)
	if err != nil {
		return n, oobn, recvflags, c.opError("read", err)
	}
	return n, oobn, recvflags, nil
}

// writeMsg writes one packet and its control messages to an address, which is addr in an
// error, or to the peer if to is nil.
func (c *conn) writeMsg(b, oob []byte, to *sys.RawAddr, addr net.Addr) (n, oobn int, err error) {
	if n, oobn, err = c.netFD().writeMsg(b, oob, to); err != nil {
		return n, oobn, c.toError(addr, err)
	}
	return n, oobn, nil
}

// destination sets raw to the address a, to which a packet is to be sent.
func (f *NetFD) destination(raw *sys.RawAddr, a net.Addr) error {
	switch {
	case f.connected:
		return net.ErrWriteToConnected
	case a == nil:
		return neterr.MissingAddress
	}
	return f.rawAddr(raw, a)
}

// rawAddr sets raw to the address a, in the form for a socket of f's family. As in package
// net, a port that does not fit 16 bits is an error of the system call: an operation on a
// closed socket returns net.ErrClosed instead.
func (f *NetFD) rawAddr(raw *sys.RawAddr, a net.Addr) error {
	ip, port, zone := inet(a)
	switch f.family {
	case syscall.AF_INET:
		sa, err := sockaddrInet4(ip, port)
		if err == nil {
			raw.SetInet4(sa.Addr, port)
		}
		return err
	case syscall.AF_INET6:
		sa, err := sockaddrInet6(ip, port, zone)
		if err == nil {
			raw.SetInet6(sa.Addr, port, sa.ZoneId)
		}
		return err
	}
	return &net.AddrError{Err: "invalid address family", Addr: ip.String()}
}

// destinationAddrPort is destination for an AddrPort. It allocates nothing.
func (f *NetFD) destinationAddrPort(raw *sys.RawAddr, ap netip.AddrPort) error {
	addr := ap.Addr()
	switch {
	case f.connected:
		return net.ErrWriteToConnected
	case !ap.IsValid():
		return neterr.MissingAddress
	case f.family == syscall.AF_INET6:
		raw.SetInet6(addr.As16(), int(ap.Port()), zones.id(addr.Zone()))
		return nil
	case !addr.Is4() && !addr.Is4In6(), addr.Is4In6() && refusesMapped.yes():
		return f.foreign(addr)
	}
	raw.SetInet4(addr.As4(), int(ap.Port()))
	return nil
}

// foreign returns the error of an address that is not of f's family.
func (f *NetFD) foreign(addr netip.Addr) error {
	family := "IPv4"
	if f.family == syscall.AF_INET6 {
		family = "IPv6"
	}
	return &net.AddrError{Err: "non-" + family + " address", Addr: addr.String()}
}

// addrPort returns the Internet address in raw, or the zero AddrPort.
func addrPort(raw *sys.RawAddr) netip.AddrPort {
	ap, zone := raw.AddrPort()
	if zone != 0 {
		ap = netip.AddrPortFrom(ap.Addr().WithZone(zones.name(zone)), ap.Port())
	}
	return ap
}

// ipIn stores an IP in b and returns it as a slice of b, of 4 or 16 bytes.
func ipIn(b *[net.IPv6len]byte, ip netip.Addr) net.IP {
	*b = ip.As16()
	if ip.Is4() {
		return b[net.IPv6len-net.IPv4len:]
	}
	return b[:]
}
