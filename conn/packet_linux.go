package conn

import (
	"net"
	"net/netip"
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
	if err == nil {
		n, err = c.fd.pfd.WriteTo(b, to)
		err = neterr.OfSyscall("sendto", err)
	}
	if err != nil {
		return n, c.toError(addr, err)
	}
	return n, nil
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
	if err == nil {
		n, oobn, err = c.fd.pfd.WriteMsg(b, oob, to)
		err = neterr.OfSyscall("sendmsg", err)
	}
	if err != nil {
		return n, oobn, c.toError(addr, err)
	}
	return n, oobn, nil
}

// destination makes raw the address that a packet is to be sent to.
func (f *NetFD) destination(raw *sys.RawAddr, a net.Addr) error {
	switch {
	case f.connected:
		return net.ErrWriteToConnected
	case a == nil:
		return neterr.MissingAddress
	}
	ip, port, zone := inet(a)
	if port != int(uint16(port)) {
		return syscall.EINVAL // as the conversion of package syscall says
	}
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
	case !addr.Is4() && !addr.Is4In6():
		return &net.AddrError{Err: "non-IPv4 address", Addr: addr.String()}
	}
	raw.SetInet4(addr.As4(), int(ap.Port()))
	return nil
}

// addrPort returns the Internet address in raw; none is the zero AddrPort.
func addrPort(raw *sys.RawAddr) netip.AddrPort {
	ap, zone := raw.AddrPort()
	if zone != 0 {
		ap = netip.AddrPortFrom(ap.Addr().WithZone(zones.name(zone)), ap.Port())
	}
	return ap
}
