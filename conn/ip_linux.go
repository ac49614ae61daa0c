package conn

import (
	"net"
	"syscall"

	"github.com/a57b2d82/netpoller/internal/neterr"
	"github.com/a57b2d82/netpoller/internal/sys"
)

// An IPConn is a raw IP socket, which takes privileges. It is a net.Conn and a
// net.PacketConn. Packets are written without an IP header and, over IPv4, ReadFrom
// takes the header off, while Read and ReadMsgIP leave it on.
type IPConn struct{ conn }

// NewIPConn returns the IPConn on a socket.
func NewIPConn(f *NetFD) *IPConn { return &IPConn{conn{f}} }

// SyscallConn returns raw access to the descriptor.
func (c *IPConn) SyscallConn() (syscall.RawConn, error) { return c.rawConn() }

// ReadFrom implements net.PacketConn; the address is a *net.IPAddr.
func (c *IPConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, addr, err := c.ReadFromIP(b)
	return n, neterr.Addr(addr), err
}

// ReadFromIP is ReadFrom.
func (c *IPConn) ReadFromIP(b []byte) (int, *net.IPAddr, error) {
	var from sys.RawAddr
	n, err := c.readFrom(b, &from)
	addr := ipAddr(&from)
	if addr != nil && len(addr.IP) == net.IPv4len {
		n = stripIPv4Header(n, b)
	}
	return n, addr, err
}

// stripIPv4Header takes an IPv4 header off the n bytes in b, if that is what they begin
// with, and returns how many are left.
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

// ReadMsgIP reads one packet into b and its control messages into oob. It returns how
// much of each was filled, the flags of recvmsg(2) and the sender.
func (c *IPConn) ReadMsgIP(b, oob []byte) (n, oobn, flags int, addr *net.IPAddr, err error) {
	var from sys.RawAddr
	n, oobn, flags, err = c.readMsg(b, oob, 0, &from)
	return n, oobn, flags, ipAddr(&from), err
}

// WriteTo implements net.PacketConn; the address is a *net.IPAddr.
func (c *IPConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	if !c.ok() {
		return 0, syscall.EINVAL
	}
	a, ok := addr.(*net.IPAddr)
	if !ok {
		return 0, c.toError(addr, syscall.EINVAL)
	}
	return c.WriteToIP(b, a)
}

// WriteToIP writes one packet to an address. A connected socket has its peer and fails
// with net.ErrWriteToConnected.
func (c *IPConn) WriteToIP(b []byte, addr *net.IPAddr) (int, error) {
	if !c.ok() {
		return 0, syscall.EINVAL
	}
	var to sys.RawAddr
	err := c.fd.destination("sendto", &to, neterr.Addr(addr))
	return c.writeTo(b, &to, neterr.Addr(addr), err)
}

// WriteMsgIP writes one packet and its control messages to an address. A connected
// socket fails with net.ErrWriteToConnected.
func (c *IPConn) WriteMsgIP(b, oob []byte, addr *net.IPAddr) (n, oobn int, err error) {
	if !c.ok() {
		return 0, 0, syscall.EINVAL
	}
	var to sys.RawAddr
	err = c.fd.destination("sendmsg", &to, neterr.Addr(addr))
	return c.writeMsg(b, oob, &to, neterr.Addr(addr), err)
}

// ipAddr returns the address in raw, or nil if there is none. It and its IP are one
// allocation.
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
