package conn

import (
	"net"
	"syscall"

	"github.com/a57b2d82/netpoller/internal/neterr"
	"github.com/a57b2d82/netpoller/internal/sys"
)

// An IPConn is a raw IP socket, which requires CAP_NET_RAW, see raw(7). It is a net.Conn and
// a net.PacketConn. Packets are written without an IP header. Over IPv4, ReadFrom removes
// the IP header of a packet, and Read and ReadMsgIP return it, as in package net.
type IPConn struct{ conn }

// NewIPConn returns the IPConn on a socket.
func NewIPConn(f *NetFD) *IPConn { return &IPConn{conn{f}} }

// SyscallConn returns raw access to the descriptor.
func (c *IPConn) SyscallConn() (syscall.RawConn, error) { return c.rawConn() }

// ReadFrom implements net.PacketConn. The address is a *net.IPAddr.
func (c *IPConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, addr, err := c.ReadFromIP(b)
	return n, neterr.Addr(addr), err
}

// ReadFromIP reads one packet and its sender's address.
func (c *IPConn) ReadFromIP(b []byte) (int, *net.IPAddr, error) {
	var from sys.RawAddr
	n, err := c.readFrom(b, &from)
	addr := ipAddr(&from)
	if addr != nil && len(addr.IP) == net.IPv4len {
		n = stripIPv4Header(n, b)
	}
	return n, addr, err
}

// stripIPv4Header removes an IPv4 header from the beginning of the n bytes in b, if there is
// one. It returns the number of bytes left.
func stripIPv4Header(n int, b []byte) int {
	const shortest = 20
	if len(b) < shortest || b[0]>>4 != 4 {
		return n
	}
	header := int(b[0]&0x0f) * 4
	if header < shortest || header > len(b) {
		return n
	}
	copy(b, b[header:])
	return n - header
}

// ReadMsgIP reads one packet into b and its control messages into oob. It returns the number
// of bytes in each, the flags of recvmsg(2) and the sender's address.
func (c *IPConn) ReadMsgIP(b, oob []byte) (n, oobn, flags int, addr *net.IPAddr, err error) {
	var from sys.RawAddr
	n, oobn, flags, err = c.readMsg(b, oob, 0, &from)
	return n, oobn, flags, ipAddr(&from), err
}

// WriteTo implements net.PacketConn. The address must be a *net.IPAddr.
func (c *IPConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	a, ok := addr.(*net.IPAddr)
	if !ok {
		return 0, c.toError(addr, syscall.EINVAL)
	}
	return c.WriteToIP(b, a)
}

// WriteToIP writes one packet to an address. On a connected socket it fails with
// net.ErrWriteToConnected.
func (c *IPConn) WriteToIP(b []byte, addr *net.IPAddr) (int, error) {
	var to sys.RawAddr
	if err := c.netFD().destination(&to, neterr.Addr(addr)); err != nil {
		return 0, c.toError(neterr.Addr(addr), err)
	}
	return c.writeTo(b, &to, neterr.Addr(addr))
}

// WriteMsgIP writes one packet and its control messages to an address. On a connected socket
// it fails with net.ErrWriteToConnected.
func (c *IPConn) WriteMsgIP(b, oob []byte, addr *net.IPAddr) (n, oobn int, err error) {
	var to sys.RawAddr
	if err := c.netFD().destination(&to, neterr.Addr(addr)); err != nil {
		return 0, 0, c.toError(neterr.Addr(addr), err)
	}
	return c.writeMsg(b, oob, &to, neterr.Addr(addr))
}

// ipAddr returns the address in raw, in one allocation, or nil if there is none.
func ipAddr(raw *sys.RawAddr) *net.IPAddr {
	ap := addrPort(raw)
	if !ap.IsValid() {
		return nil
	}
	a := new(struct {
		net.IPAddr
		ip [net.IPv6len]byte
	})
	a.IP, a.Zone = ipIn(&a.ip, ap.Addr()), ap.Addr().Zone()
	return &a.IPAddr
}
