package conn

import (
	"net"
	"net/netip"
	"syscall"

	"github.com/a57b2d82/netpoller/internal/neterr"
	"github.com/a57b2d82/netpoller/internal/sys"
)

// ReadBatch reads the packets that are there, up to len(ms), in one system call, and
// returns how many. It waits until there is one, and not for more. It sets Addr, N, NN
// and Flags of those it read, and leaves the other messages alone. flags are those of
// recvmmsg(2); with MSG_DONTWAIT it fails with EAGAIN where it would wait.
//
// An Addr that is there already and is the sender's stays, so that packets of one peer
// cost no allocation when ms is used again. Otherwise it is replaced, by one allocation,
// and never written to: who has kept it may go on using it.
func (c *UDPConn) ReadBatch(ms []Message, flags int) (int, error) {
	if !c.ok() {
		return 0, syscall.EINVAL
	}
	b := newBatch(ms)
	defer b.Free()
	for i := range ms {
		b.Add(ms[i].Buffers, ms[i].OOB)
	}
	n, err := c.fd.pfd.ReadBatch(b, flags)
	if err != nil {
		return 0, c.opError("read", neterr.OfSyscall("recvmmsg", err))
	}
	for i := range ms[:n] {
		m := &ms[i]
		m.N, m.NN, m.Flags = b.Packet(i)
		m.Addr = sender(m.Addr, addrPort(b.Addr(i)))
	}
	return n, nil
}

// WriteBatch writes packets in one system call, and returns how many. It waits until
// there is room for one, and not for more: if it returns fewer than len(ms), write the
// rest again, and what is wrong with the first of them, if anything is, that call tells.
// It sets N and NN of those it wrote. The kernel takes at most 1024 at once. flags are
// those of sendmmsg(2); with MSG_DONTWAIT it fails with EAGAIN where it would wait.
//
// An address must be one that WriteToUDP takes. A packet with an Addr goes there even if
// the socket is connected.
func (c *UDPConn) WriteBatch(ms []Message, flags int) (int, error) {
	if !c.ok() {
		return 0, syscall.EINVAL
	}
	b := newBatch(ms)
	defer b.Free()
	for i := range ms {
		var to sys.RawAddr
		if err := c.fd.batchDestination(&to, ms[i].Addr); err != nil {
			if i == 0 {
				return 0, c.batchError(ms, err)
			}
			break
		}
		*b.Add(ms[i].Buffers, ms[i].OOB) = to
	}
	n, err := c.fd.pfd.WriteBatch(b, flags)
	if err != nil {
		return 0, c.batchError(ms, neterr.OfSyscall("sendmmsg", err))
	}
	for i := range ms[:n] {
		ms[i].N, ms[i].NN, ms[i].Flags = b.Packet(i)
	}
	return n, nil
}

// newBatch returns an empty batch with room for ms.
func newBatch(ms []Message) *sys.Batch {
	buffers := 0
	for i := range ms {
		buffers += len(ms[i].Buffers)
	}
	return sys.NewBatch(len(ms), buffers)
}

// batchDestination makes raw the address that a packet of a batch is to be sent to.
func (f *NetFD) batchDestination(raw *sys.RawAddr, a net.Addr) error {
	switch a.(type) {
	case nil:
		return nil // the peer; the kernel knows whether there is one
	case *net.UDPAddr, *net.TCPAddr, *net.IPAddr:
		return f.rawAddr("sendmmsg", raw, a)
	}
	return syscall.EINVAL
}

// batchError is the error of a write of ms, of which the first is to blame.
func (c *conn) batchError(ms []Message, err error) error {
	if len(ms) > 0 && ms[0].Addr != nil {
		return c.toError(ms[0].Addr, err)
	}
	return c.opError("write", err)
}

// sender returns the address that a packet came from: old, if that is it.
func sender(old net.Addr, from netip.AddrPort) net.Addr {
	ip := from.Addr()
	if !ip.IsValid() {
		return nil
	}
	if a, ok := old.(*net.UDPAddr); ok && a != nil && sameAddr(a, from) {
		return old
	}
	a := &struct { // in one piece
		net.UDPAddr
		ip [net.IPv6len]byte
	}{ip: ip.As16()}
	a.UDPAddr = net.UDPAddr{IP: a.ip[:], Port: int(from.Port()), Zone: ip.Zone()}
	if ip.Is4() {
		a.IP = a.ip[net.IPv6len-net.IPv4len:]
	}
	return &a.UDPAddr
}

// sameAddr reports whether a is what sender would make of b.
func sameAddr(a *net.UDPAddr, b netip.AddrPort) bool {
	ip, ok := netip.AddrFromSlice(a.IP)
	return ok && ip == b.Addr().WithZone("") && a.Port == int(b.Port()) && a.Zone == b.Addr().Zone()
}
