package chaos

import (
	"net"
	"net/netip"
	"os"
	"syscall"

	netpoller "github.com/a57b2d82/netpoller"
)

// packetReads are the ways to read packets, by network. They return the packets, and who
// sent each, if that is told.
var packetReads = map[string][]packetRead{
	"net": {readFrom},
	"connected": {{"Read", func(e *end, a *actor) ([][]byte, []net.Addr, error) {
		p := make([]byte, packetMost)
		n, err := e.conn.Read(p)
		return one(p[:n], nil, err)
	}}, {"ReadContext", func(e *end, a *actor) ([][]byte, []net.Addr, error) {
		p := make([]byte, packetMost)
		ctx, cancel := a.context()
		defer cancel()
		n, err := e.api.ReadContext(ctx, p)
		return one(p[:n], nil, a.ofContext(ctx, err))
	}}},
	"udp4": udpReads,
	"udp6": udpReads,
	"unix": {readFrom, {"ReadFromUnix", func(e *end, a *actor) ([][]byte, []net.Addr, error) {
		p := make([]byte, packetMost)
		n, from, err := e.api.(*netpoller.UnixConn).ReadFromUnix(p)
		return one(p[:n], addr(from), err)
	}}, {"ReadMsgUnix", func(e *end, a *actor) ([][]byte, []net.Addr, error) {
		p, oob := make([]byte, packetMost), make([]byte, a.rand.IntN(64))
		n, oobn, _, from, err := e.api.(*netpoller.UnixConn).ReadMsgUnix(p, oob)
		a.done.others["descriptors received"] += int64(takeRights(a, oob[:oobn]))
		return one(p[:n], addr(from), err)
	}}},
}

type packetRead struct {
	name string
	do   func(e *end, a *actor) ([][]byte, []net.Addr, error)
}

var readFrom = packetRead{"ReadFrom", func(e *end, a *actor) ([][]byte, []net.Addr, error) {
	p := make([]byte, packetMost)
	n, from, err := e.conn.(net.PacketConn).ReadFrom(p)
	return one(p[:n], from, err)
}}

var udpReads = []packetRead{readFrom,
	{"ReadFromUDPAddrPort", func(e *end, a *actor) ([][]byte, []net.Addr, error) {
		p := make([]byte, packetMost)
		n, from, err := e.api.(*netpoller.UDPConn).ReadFromUDPAddrPort(p)
		return one(p[:n], net.UDPAddrFromAddrPort(from), err)
	}},
	{"ReadMsgUDP", func(e *end, a *actor) ([][]byte, []net.Addr, error) {
		p, oob := make([]byte, packetMost), make([]byte, 64)
		n, _, _, from, err := e.api.(*netpoller.UDPConn).ReadMsgUDP(p, oob)
		return one(p[:n], from, err)
	}},
	{"ReadBatch", func(e *end, a *actor) (ps [][]byte, from []net.Addr, err error) {
		ms := make([]netpoller.Message, 1+a.rand.IntN(windowMost))
		for i := range ms {
			ms[i].Buffers = pieces(a, make([]byte, packetMost))
		}
		n, err := e.api.(*netpoller.UDPConn).ReadBatch(ms, 0)
		for _, m := range ms[:n] {
			var p []byte
			for _, b := range m.Buffers {
				p = append(p, b...)
			}
			ps, from = append(ps, p[:m.N]), append(from, m.Addr)
		}
		return ps, from, err
	}},
	{"WaitReadable and ReadBatch", func(e *end, a *actor) (ps [][]byte, from []net.Addr, err error) {
		ctx, cancel := a.context()
		defer cancel()
		if err := e.api.WaitReadable(ctx); err != nil {
			return nil, nil, a.ofContext(ctx, err)
		}
		m := []netpoller.Message{{Buffers: [][]byte{make([]byte, packetMost)}}}
		n, err := e.api.(*netpoller.UDPConn).ReadBatch(m, syscall.MSG_DONTWAIT)
		if err != nil && kind(err) == "would block" {
			return nil, nil, nil // another one has taken it
		}
		if n == 1 {
			return one(m[0].Buffers[0][:m[0].N], m[0].Addr, nil)
		}
		return nil, nil, err
	}},
}

// one is the result of a read of one packet.
func one(p []byte, from net.Addr, err error) ([][]byte, []net.Addr, error) {
	if err != nil {
		return nil, nil, err
	}
	return [][]byte{p}, []net.Addr{from}, nil
}

// addr returns an address, or nil and not a nil pointer.
func addr(a *net.UnixAddr) net.Addr {
	if a == nil {
		return nil
	}
	return a
}

// pieces cuts p.
func pieces(a *actor, p []byte) (v [][]byte) {
	for len(p) > 0 && len(v) < 8 {
		k := a.rand.IntN(len(p) + 1)
		v = append(v, p[:k])
		p = p[k:]
	}
	return append(v, p)
}

type packetWrite struct {
	name string
	do   func(e *end, a *actor, ps [][]byte, to net.Addr) (int, error)
}

// sendingWay chooses one that can write to an address, or to the peer if there is none.
func (e *echo) sendingWay(a *actor, x *end, to net.Addr) packetWrite {
	switch udp := e.network[:3] == "udp"; {
	case x.api == nil && to == nil:
		return packetWrite{"net.Write", single(func(x *end, p []byte, _ net.Addr) (int, error) { return x.conn.Write(p) })}
	case x.api == nil:
		return packetWrite{"net.WriteTo", single(writeTo)}
	case udp && to == nil:
		return choose(a, connectedWrites)
	case udp:
		return choose(a, udpWrites)
	case to == nil:
		return choose(a, unixPeerWrites)
	}
	return choose(a, unixWrites)
}

func choose(a *actor, ways []packetWrite) packetWrite { return ways[a.rand.IntN(len(ways))] }

// single writes the first packet.
func single(f func(e *end, p []byte, to net.Addr) (int, error)) func(*end, *actor, [][]byte, net.Addr) (int, error) {
	return func(e *end, a *actor, ps [][]byte, to net.Addr) (int, error) {
		n, err := f(e, ps[0], to)
		if err != nil {
			return 0, err
		}
		if n != len(ps[0]) {
			a.fail("%d bytes written of a packet of %d", n, len(ps[0]))
		}
		return 1, nil
	}
}

func writeTo(e *end, p []byte, to net.Addr) (int, error) {
	return e.conn.(net.PacketConn).WriteTo(p, to)
}

var connectedWrites = []packetWrite{
	{"Write", single(func(e *end, p []byte, _ net.Addr) (int, error) { return e.conn.Write(p) })},
	{"WriteMsgUDP", single(func(e *end, p []byte, _ net.Addr) (int, error) {
		n, _, err := e.api.(*netpoller.UDPConn).WriteMsgUDP(p, nil, nil)
		return n, err
	})},
	{"WriteContext", func(e *end, a *actor, ps [][]byte, _ net.Addr) (int, error) {
		ctx, cancel := a.context()
		defer cancel()
		if _, err := e.api.WriteContext(ctx, ps[0]); err != nil {
			return 0, a.ofContext(ctx, err)
		}
		return 1, nil
	}},
	writeBatch,
}

var udpWrites = []packetWrite{
	{"WriteTo", single(writeTo)},
	{"WriteToUDPAddrPort", single(func(e *end, p []byte, to net.Addr) (int, error) {
		return e.api.(*netpoller.UDPConn).WriteToUDPAddrPort(p, netip.MustParseAddrPort(to.String()))
	})},
	{"WriteMsgUDPAddrPort", single(func(e *end, p []byte, to net.Addr) (int, error) {
		n, _, err := e.api.(*netpoller.UDPConn).WriteMsgUDPAddrPort(p, nil, netip.MustParseAddrPort(to.String()))
		return n, err
	})},
	writeBatch,
}

var writeBatch = packetWrite{"WriteBatch", func(e *end, a *actor, ps [][]byte, to net.Addr) (int, error) {
	ms := make([]netpoller.Message, len(ps))
	for i, p := range ps {
		ms[i] = netpoller.Message{Buffers: pieces(a, p), Addr: to}
	}
	n, err := e.api.(*netpoller.UDPConn).WriteBatch(ms, 0)
	for i, m := range ms[:n] {
		if m.N != len(ps[i]) {
			a.fail("%d bytes written of a packet of %d, in a batch", m.N, len(ps[i]))
		}
	}
	return n, err
}}

var unixPeerWrites = []packetWrite{
	{"Write", single(func(e *end, p []byte, _ net.Addr) (int, error) { return e.conn.Write(p) })},
	{"WriteMsgUnix", withRights},
}

var unixWrites = []packetWrite{
	{"WriteTo", single(writeTo)},
	{"WriteToUnix", single(func(e *end, p []byte, to net.Addr) (int, error) {
		return e.api.(*netpoller.UnixConn).WriteToUnix(p, to.(*net.UnixAddr))
	})},
	{"WriteMsgUnix", withRights},
}

// withRights sends some descriptors along.
func withRights(e *end, a *actor, ps [][]byte, to net.Addr) (int, error) {
	f, err := os.Open(os.DevNull)
	if err != nil {
		a.fail("%v", err)
		return 0, err
	}
	defer f.Close()
	fds := make([]int, a.rand.IntN(4))
	for i := range fds {
		fds[i] = int(f.Fd())
	}
	var oob []byte
	if len(fds) > 0 {
		oob = syscall.UnixRights(fds...)
	}
	var u *net.UnixAddr
	if to != nil {
		u = to.(*net.UnixAddr)
	}
	n, oobn, err := e.api.(*netpoller.UnixConn).WriteMsgUnix(ps[0], oob, u)
	if err != nil {
		return 0, err
	}
	if n != len(ps[0]) || oobn != len(oob) {
		a.fail("%d bytes written of a packet of %d, and %d of %d control bytes", n, len(ps[0]), oobn, len(oob))
	}
	a.done.others["descriptors sent"] += int64(len(fds))
	return 1, nil
}

// takeRights closes the descriptors that came, and returns how many.
func takeRights(a *actor, oob []byte) (n int) {
	messages, err := syscall.ParseSocketControlMessage(oob)
	if err != nil {
		a.fail("control messages: %v", err)
	}
	for _, m := range messages {
		fds, err := syscall.ParseUnixRights(&m)
		if err != nil {
			a.fail("rights: %v", err)
		}
		for _, fd := range fds {
			var st syscall.Stat_t
			if err := syscall.Fstat(fd, &st); err != nil || st.Rdev != 1<<8|3 {
				a.fail("descriptor %d is not what was sent: %v, %x", fd, err, st.Rdev)
			}
			syscall.Close(fd)
			n++
		}
	}
	return n
}
