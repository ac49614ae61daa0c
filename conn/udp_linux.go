package conn

import (
	"net"
	"net/netip"
	"syscall"

	"github.com/a57b2d82/netpoller/internal/neterr"
	"github.com/a57b2d82/netpoller/internal/sys"
)

// A UDPConn is a UDP socket, connected to one peer or open to all. It is a net.Conn and a
// net.PacketConn.
//
// A read discards the part of a packet that does not fit the buffer. ReadFromUDPAddrPort and
// WriteToUDPAddrPort allocate nothing.
type UDPConn struct{ conn }

// NewUDPConn returns the UDPConn on a socket.
func NewUDPConn(f *NetFD) *UDPConn { return &UDPConn{conn{f}} }

// SyscallConn returns raw access to the descriptor.
func (c *UDPConn) SyscallConn() (syscall.RawConn, error) { return c.rawConn() }

// ReadFrom implements net.PacketConn. The address is a *net.UDPAddr.
func (c *UDPConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, addr, err := c.ReadFromUDP(b)
	if addr == nil {
		return n, nil, err
	}
	return n, addr, err
}

// ReadFromUDP reads one packet and its sender's address.
func (c *UDPConn) ReadFromUDP(b []byte) (n int, addr *net.UDPAddr, err error) {
	n, ap, err := c.ReadFromUDPAddrPort(b)
	if err != nil {
		return n, nil, err
	}
	return n, udpAddr(ap), nil
}

// udpAddr returns an AddrPort as a UDPAddr, in one allocation.
func udpAddr(ap netip.AddrPort) *net.UDPAddr {
	a := new(struct {
		net.UDPAddr
		ip [net.IPv6len]byte
	})
	a.IP = ipIn(&a.ip, ap.Addr())
	a.Port, a.Zone = int(ap.Port()), ap.Addr().Zone()
	return &a.UDPAddr
}

// ReadFromUDPAddrPort is ReadFromUDP for an AddrPort. On an IPv6 socket, the address of an
// IPv4 sender is an IPv4-mapped IPv6 address.
func (c *UDPConn) ReadFromUDPAddrPort(b []byte) (n int, addr netip.AddrPort, err error) {
	var from sys.RawAddr
	n, err = c.readFrom(b, &from)
	return n, addrPort(&from), err
}

// ReadMsgUDP is ReadMsgUDPAddrPort for a UDPAddr.
func (c *UDPConn) ReadMsgUDP(b, oob []byte) (n, oobn, flags int, addr *net.UDPAddr, err error) {
	n, oobn, flags, ap, err := c.ReadMsgUDPAddrPort(b, oob)
	if ap.IsValid() {
		addr = udpAddr(ap)
	}
	return n, oobn, flags, addr, err
}

// ReadMsgUDPAddrPort reads one packet into b and its control messages into oob. It
// returns the number of bytes in each, the flags of recvmsg(2) and the sender's address.
func (c *UDPConn) ReadMsgUDPAddrPort(b, oob []byte) (n, oobn, flags int, addr netip.AddrPort, err error) {
	var from sys.RawAddr
	n, oobn, flags, err = c.readMsg(b, oob, 0, &from)
	return n, oobn, flags, addrPort(&from), err
}

// WriteTo implements net.PacketConn. The address must be a *net.UDPAddr.
func (c *UDPConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	a, ok := addr.(*net.UDPAddr)
	if !ok {
		return 0, c.toError(addr, syscall.EINVAL)
	}
	return c.WriteToUDP(b, a)
}

// WriteToUDP writes one packet to an address. On a connected socket it fails with
// net.ErrWriteToConnected.
func (c *UDPConn) WriteToUDP(b []byte, addr *net.UDPAddr) (int, error) {
	var to sys.RawAddr
	if err := c.netFD().destination(&to, neterr.Addr(addr)); err != nil {
		return 0, c.toError(neterr.Addr(addr), err)
	}
	return c.writeTo(b, &to, neterr.Addr(addr))
}

// WriteToUDPAddrPort is WriteToUDP for an AddrPort.
func (c *UDPConn) WriteToUDPAddrPort(b []byte, addr netip.AddrPort) (int, error) {
	f := c.netFD()
	var to sys.RawAddr
	if err := f.destinationAddrPort(&to, addr); err != nil {
		return 0, c.toError(addrPortUDPAddr{addr}, err)
	}
	n, err := f.writeTo(b, &to)
	if err != nil {
		return n, c.toError(addrPortUDPAddr{addr}, err)
	}
	return n, nil
}

// WriteMsgUDP writes one packet and its control messages. addr must be nil if the socket is
// connected, and not nil otherwise.
func (c *UDPConn) WriteMsgUDP(b, oob []byte, addr *net.UDPAddr) (n, oobn int, err error) {
	f := c.netFD()
	if addr == nil && f.connected {
		return c.writeMsg(b, oob, nil, nil)
	}
	var to sys.RawAddr
	if err := f.destination(&to, neterr.Addr(addr)); err != nil {
		return 0, 0, c.toError(neterr.Addr(addr), err)
	}
	return c.writeMsg(b, oob, &to, neterr.Addr(addr))
}

// WriteMsgUDPAddrPort is WriteMsgUDP for an AddrPort. The zero AddrPort stands for nil,
// except with Go 1.25, where a connected socket refuses it as package net does.
func (c *UDPConn) WriteMsgUDPAddrPort(b, oob []byte, addr netip.AddrPort) (n, oobn int, err error) {
	f := c.netFD()
	var buf sys.RawAddr
	var to *sys.RawAddr
	switch {
	case addr.IsValid() || !f.connected:
		to, err = &buf, f.destinationAddrPort(&buf, addr)
	case refusesNone.yes():
		err = f.foreign(addr.Addr())
	}
	if err != nil {
		return 0, 0, c.toError(addrPortUDPAddr{addr}, err)
	}
	if n, oobn, err = f.writeMsg(b, oob, to); err != nil {
		return n, oobn, c.toError(addrPortUDPAddr{addr}, err)
	}
	return n, oobn, nil
}

// An addrPortUDPAddr is an AddrPort as a net.Addr, for errors.
type addrPortUDPAddr struct{ netip.AddrPort }

func (addrPortUDPAddr) Network() string { return "udp" }
