package conn

import (
	"net"
	"net/netip"
	"syscall"

	"github.com/a57b2d82/netpoller/internal/neterr"
	"github.com/a57b2d82/netpoller/internal/sys"
)

// ReadBatch reads up to len(ms) packets in one system call and returns how many. It waits
// for the first packet only. It sets Addr, N, NN and Flags of the messages that it has read
// and does not change the others. flags are those of recvmmsg(2). With MSG_DONTWAIT it fails
// with EAGAIN instead of waiting.
//
// ReadBatch keeps an Addr that is the sender's already, so that reading packets of one peer
// into the same ms allocates nothing. Otherwise it allocates a new Addr. It never changes an
// Addr in place: the caller may keep it.
//
// On other systems than Linux it fails with errors.ErrUnsupported.
func (c *UDPConn) ReadBatch(ms []Message, flags int) (int, error) {
	b := newBatch(ms)
	defer b.Free()
	for i := range ms {
		b.Add(ms[i].Buffers, ms[i].OOB)
	}
	n, err := c.netFD().readBatch(b, flags)
	if err != nil {
		return 0, c.opError("read", err)
	}
	for i := range ms[:n] {
		m := &ms[i]
		m.N, m.NN, m.Flags = b.Packet(i)
		m.Addr = sender(m.Addr, addrPort(b.Addr(i)))
	}
	return n, nil
}

// WriteBatch writes packets in one system call and returns how many. It waits until the
// kernel accepts one packet. If it returns fewer than len(ms), the caller writes the rest
// again, and that call returns the error of the first packet of the rest, if it has one.
// WriteBatch sets N and NN of the messages that it has written. The kernel accepts at most
// 1024 packets in one call. flags are those of sendmmsg(2). With MSG_DONTWAIT it fails with
// EAGAIN instead of waiting.
//
// An address must be one that WriteToUDP accepts. A packet with an Addr goes there even if
// the socket is connected.
//
// On other systems than Linux it fails with errors.ErrUnsupported.
func (c *UDPConn) WriteBatch(ms []Message, flags int) (int, error) {
	f := c.netFD()
	b := newBatch(ms)
	defer b.Free()
	for i := range ms {
		var to sys.RawAddr
		if err := f.batchDestination(&to, ms[i].Addr); err != nil {
			if i == 0 {
				return 0, c.batchError(ms, err)
			}
			break
		}
		*b.Add(ms[i].Buffers, ms[i].OOB) = to
	}
	n, err := f.writeBatch(b, flags)
	if err != nil {
		return 0, c.batchError(ms, err)
	}
	for i := range ms[:n] {
		ms[i].N, ms[i].NN, ms[i].Flags = b.Packet(i)
	}
	return n, nil
}

// newBatch returns an empty batch for the packets of ms.
func newBatch(ms []Message) *sys.Batch {
	buffers := 0
	for i := range ms {
		buffers += len(ms[i].Buffers)
	}
	return sys.NewBatch(len(ms), buffers)
}

// batchDestination sets raw to the address of a packet of a batch.
func (f *NetFD) batchDestination(raw *sys.RawAddr, a net.Addr) error {
	switch a.(type) {
	case nil:
		return nil // the peer, or the kernel's error if there is none
	case *net.UDPAddr, *net.TCPAddr, *net.IPAddr:
		if err := f.rawAddr(raw, a); err != nil {
			return err
		}
		return neterr.OfSyscall("sendmmsg", raw.Err())
	}
	return syscall.EINVAL
}

// batchError returns the error of a write of ms, which is that of the first packet.
func (c *conn) batchError(ms []Message, err error) error {
	if len(ms) > 0 && ms[0].Addr != nil {
		return c.toError(ms[0].Addr, err)
	}
	return c.opError("write", err)
}

// sender returns the address from as a net.Addr: old, if that is the same.
func sender(old net.Addr, from netip.AddrPort) net.Addr {
	ip := from.Addr()
	if !ip.IsValid() {
		return nil
	}
	if a, ok := old.(*net.UDPAddr); ok && a != nil && sameAddr(a, from) {
		return old
	}
	a := &struct { // one allocation
		net.UDPAddr
		ip [net.IPv6len]byte
	}{ip: ip.As16()}
	a.UDPAddr = net.UDPAddr{IP: a.ip[:], Port: int(from.Port()), Zone: ip.Zone()}
	if ip.Is4() {
		a.IP = a.ip[net.IPv6len-net.IPv4len:]
	}
	return &a.UDPAddr
}

// sameAddr reports whether a is the address that sender returns for b.
func sameAddr(a *net.UDPAddr, b netip.AddrPort) bool {
	ip, ok := netip.AddrFromSlice(a.IP)
	return ok && ip == b.Addr().WithZone("") && a.Port == int(b.Port()) && a.Zone == b.Addr().Zone()
}
