package conn

import (
	"math"
	"net"
	"net/netip"
	"os"
	"syscall"

	"github.com/a57b2d82/netpoller/internal/neterr"
	"github.com/a57b2d82/netpoller/internal/sys"
)

// This file is what sockets of packets have in common.

// toError is the error of a write to an address.
func (c *conn) toError(to net.Addr, err error) error {
	return &net.OpError{Op: "write", Net: c.fd.network, Source: c.fd.laddr, Addr: to, Err: err}
}

// writeTo writes one packet, unless err says that there is nowhere to write it to.
func (c *conn) writeTo(b []byte, to *sys.RawAddr, addr net.Addr, err error) (n int, _ error) {
	if n, err = c.sendTo(b, to, err); err != nil {
		return n, c.toError(addr, err)
	}
	return n, nil
}

// sendTo is writeTo, whose error does not say where to.
func (c *conn) sendTo(b []byte, to *sys.RawAddr, err error) (n int, _ error) {
	if err != nil {
		return 0, err
	}
	n, err = c.fd.pfd.WriteTo(b, to)
	return n, neterr.OfSyscall("sendto", err)
}

// readFrom reads one packet and its sender's raw address.
func (c *conn) readFrom(b []byte, from *sys.RawAddr) (n int, err error) {
	if !c.ok() {
		return 0, syscall.EINVAL
	}
	if n, err = c.fd.pfd.ReadFrom(b, from); err != nil {
		return n, c.opError("read", neterr.OfSyscall("recvfrom", err))
	}
	return n, nil
}

// readMsg reads one packet, its control messages and its sender's raw address.
func (c *conn) readMsg(b, oob []byte, flags int, from *sys.RawAddr) (n, oobn, recvflags int, err error) {
	if !c.ok() {
		return 0, 0, 0, syscall.EINVAL
	}
	n, oobn, recvflags, err = c.fd.pfd.ReadMsg(b, oob, flags, from)
	if err != nil {
		return n, oobn, recvflags, c.opError("read", neterr.OfSyscall("recvmsg", err))
	}
	return n, oobn, recvflags, nil
}

// writeMsg writes one packet and its control messages, unless err says that there is
// nowhere to write it to.
func (c *conn) writeMsg(b, oob []byte, to *sys.RawAddr, addr net.Addr, err error) (n, oobn int, _ error) {
	if n, oobn, err = c.sendMsg(b, oob, to, err); err != nil {
		return n, oobn, c.toError(addr, err)
	}
	return n, oobn, nil
}

// sendMsg is writeMsg, whose error does not say where to.
func (c *conn) sendMsg(b, oob []byte, to *sys.RawAddr, err error) (n, oobn int, _ error) {
	if err != nil {
		return 0, 0, err
	}
	n, oobn, err = c.fd.pfd.WriteMsg(b, oob, to)
	return n, oobn, neterr.OfSyscall("sendmsg", err)
}

// checkPort refuses a number that is no port, as the system call does that would be made
// with it if it were not cut to 16 bits on the way.
func checkPort(call string, port int) error {
	if port < 0 || port > math.MaxUint16 {
		return os.NewSyscallError(call, syscall.EINVAL)
	}
	return nil
}

// destination makes raw the address that a packet is to be sent to by a system call.
func (f *NetFD) destination(call string, raw *sys.RawAddr, a net.Addr) error {
	switch {
	case f.connected:
		return net.ErrWriteToConnected
	case a == nil:
		return neterr.MissingAddress
	}
	return f.rawAddr(call, raw, a)
}

// rawAddr makes raw the address a, for a system call on a socket of f's family.
func (f *NetFD) rawAddr(call string, raw *sys.RawAddr, a net.Addr) error {
	ip, port, zone := inet(a)
	switch f.family {
	case syscall.AF_INET:
		sa, err := sockaddrInet4(ip, port)
		if err == nil {
			raw.SetInet4(sa.Addr, port)
			err = checkPort(call, port)
		}
		return err
	case syscall.AF_INET6:
		sa, err := sockaddrInet6(ip, port, zone)
		if err == nil {
			raw.SetInet6(sa.Addr, port, sa.ZoneId)
			err = checkPort(call, port)
		}
		return err
	}
	return &net.AddrError{Err: "invalid address family", Addr: ip.String()}
}

// destinationAddrPort is destination, and allocates nothing.
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

// foreign is the error of an address that is not of f's family.
func (f *NetFD) foreign(addr netip.Addr) error {
	family := "IPv4"
	if f.family == syscall.AF_INET6 {
		family = "IPv6"
	}
	return &net.AddrError{Err: "non-" + family + " address", Addr: addr.String()}
}

// addrPort returns the Internet address in raw; none is the zero AddrPort.
func addrPort(raw *sys.RawAddr) netip.AddrPort {
	ap, zone := raw.AddrPort()
	if zone != 0 {
		ap = netip.AddrPortFrom(ap.Addr().WithZone(zones.name(zone)), ap.Port())
	}
	return ap
}

// ipIn returns an IP in the bytes given, of which it takes as many as there are in it.
func ipIn(b *[net.IPv6len]byte, ip netip.Addr) net.IP {
	*b = ip.As16()
	if ip.Is4() {
		return b[net.IPv6len-net.IPv4len:]
	}
	return b[:]
}
