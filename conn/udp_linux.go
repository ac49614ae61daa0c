package conn

import (
	"net"
	"net/netip"
	"syscall"

	"github.com/a57b2d82/netpoller/internal/neterr"
	"github.com/a57b2d82/netpoller/internal/sys"
)

// A UDPConn is a UDP socket: connected to one peer, or bound and open to all. It is a
// net.Conn and a net.PacketConn.
//
// The part of a packet that does not fit into the buffer is lost. ReadFromUDPAddrPort and
// WriteToUDPAddrPort allocate nothing.
type UDPConn struct{ conn }

// NewUDPConn returns the UDPConn on a socket.
func NewUDPConn(f *NetFD) *UDPConn { return &UDPConn{conn{f}} }

// SyscallConn returns raw access to the descriptor.
func (c *UDPConn) SyscallConn() (syscall.RawConn, error) { return c.rawConn() }

// ReadFrom implements net.PacketConn; the address is a *net.UDPAddr.
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

// udpAddr returns an AddrPort as a UDPAddr. It and its IP are one allocation.
func udpAddr(ap netip.AddrPort) *net.UDPAddr {
	a := new(struct {
		net.UDPAddr
		ip [net.IPv6len]byte
	})
	a.IP = ipIn(&a.ip, ap.Addr())
	a.Port, a.Zone = int(ap.Port()), ap.Addr().Zone()
	return &a.UDPAddr
}

// ReadFromUDPAddrPort is ReadFromUDP. On an IPv6 socket, an IPv4 sender's address comes
// mapped into IPv6.
func (c *UDPConn) ReadFromUDPAddrPort(b []byte) (n int, addr netip.AddrPort, err error) {
	var from sys.RawAddr
	n, err = c.readFrom(b, &from)
	return n, addrPort(&from), err
}

// ReadMsgUDP is ReadMsgUDPAddrPort.
func (c *UDPConn) ReadMsgUDP(b, oob []byte) (n, oobn, flags int, addr *net.UDPAddr, err error) {
	n, oobn, flags, ap, err := c.ReadMsgUDPAddrPort(b, oob)
	if ap.IsValid() {
		addr = udpAddr(ap)
	}
	return n, oobn, flags, addr, err
}

// ReadMsgUDPAddrPort reads one packet into b and its control messages into oob. It
// returns how much of each was filled, the flags of recvmsg(2) and the sender.
func (c *UDPConn) ReadMsgUDPAddrPort(b, oob []byte) (n, oobn, flags int, addr netip.AddrPort, err error) {
	var from sys.RawAddr
	n, oobn, flags, err = c.readMsg(b, oob, 0, &from)
	return n, oobn, flags, addrPort(&from), err
}

// WriteTo implements net.PacketConn; the address is a *net.UDPAddr.
func (c *UDPConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	if !c.ok() {
		return 0, syscall.EINVAL
	}
	a, ok := addr.(*net.UDPAddr)
	if !ok {
		return 0, c.toError(addr, syscall.EINVAL)
	}
	return c.WriteToUDP(b, a)
}

// WriteToUDP writes one packet to an address. A connected socket has its peer and fails
// with net.ErrWriteToConnected.
func (c *UDPConn) WriteToUDP(b []byte, addr *net.UDPAddr) (int, error) {
	if !c.ok() {
		return 0, syscall.EINVAL
	}
	var to sys.RawAddr
	err := c.fd.destination("sendto", &to, neterr.Addr(addr))
	return c.writeTo(b, &to, neterr.Addr(addr), err)
}

// WriteToUDPAddrPort is WriteToUDP.
func (c *UDPConn) WriteToUDPAddrPort(b []byte, addr netip.AddrPort) (int, error) {
	if !c.ok() {
		return 0, syscall.EINVAL
	}
	var to sys.RawAddr
	n, err := c.sendTo(b, &to, c.fd.destinationAddrPort(&to, addr))
	if err != nil {
		return n, c.toError(addrPortUDPAddr{addr}, err) // the one thing that allocates
	}
	return n, nil
}

// WriteMsgUDP writes one packet and its control messages: to addr if the socket is not
// connected, and to the peer, with a nil addr, if it is.
func (c *UDPConn) WriteMsgUDP(b, oob []byte, addr *net.UDPAddr) (n, oobn int, err error) {
	if !c.ok() {
		return 0, 0, syscall.EINVAL
	}
	var buf sys.RawAddr
	var to *sys.RawAddr
	if addr != nil || !c.fd.connected {
		to, err = &buf, c.fd.destination("sendmsg", &buf, neterr.Addr(addr))
	}
	return c.writeMsg(b, oob, to, neterr.Addr(addr), err)
}

// WriteMsgUDPAddrPort is WriteMsgUDP; the zero AddrPort stands for nil, except with Go
// 1.25, where a connected socket refuses it as package net does.
func (c *UDPConn) WriteMsgUDPAddrPort(b, oob []byte, addr netip.AddrPort) (n, oobn int, err error) {
	if !c.ok() {
		return 0, 0, syscall.EINVAL
	}
	var buf sys.RawAddr
	var to *sys.RawAddr
	switch {
	case addr.IsValid() || !c.fd.connected:
		to, err = &buf, c.fd.destinationAddrPort(&buf, addr)
	case refusesNone.yes():
		err = c.fd.foreign(addr.Addr())
	}
	if n, oobn, err = c.sendMsg(b, oob, to, err); err != nil {
		return n, oobn, c.toError(addrPortUDPAddr{addr}, err)
	}
	return n, oobn, nil
}

// An addrPortUDPAddr is an AddrPort that an error can name.
type addrPortUDPAddr struct{ netip.AddrPort }

func (addrPortUDPAddr) Network() string { return "udp" }
