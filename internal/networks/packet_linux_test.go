package networks

import (
	"encoding/binary"
	"net/netip"

	"golang.org/x/sys/unix"
)

// A packet is an IPv4 packet without options.
type packet []byte

const (
	ipHeader  = 20
	tcpHeader = 20

	icmpHeader = 8
)

// Flags of TCP.
const (
	fin = 1 << iota
	syn
	rst
	psh
	ack
	urg
)

func (p packet) protocol() int       { return int(p[9]) }
func (p packet) source() netip.Addr  { return netip.AddrFrom4([4]byte(p[12:])) }
func (p packet) target() netip.Addr  { return netip.AddrFrom4([4]byte(p[16:])) }
func (p packet) sourcePort() uint16  { return binary.BigEndian.Uint16(p[ipHeader:]) }
func (p packet) targetPort() uint16  { return binary.BigEndian.Uint16(p[ipHeader+2:]) }
func (p packet) isTCP() bool         { return p.protocol() == unix.IPPROTO_TCP }
func (p packet) flags() byte         { return p[ipHeader+13] }
func (p packet) has(flags byte) bool { return p.isTCP() && p.flags()&flags == flags }
func (p packet) sequence() uint32    { return binary.BigEndian.Uint32(p[ipHeader+4:]) }
func (p packet) acked() uint32       { return binary.BigEndian.Uint32(p[ipHeader+8:]) }

func (p packet) window() uint16 { return binary.BigEndian.Uint16(p[ipHeader+14:]) }

// data returns how many bytes of the stream a TCP segment carries.
func (p packet) data() int { return len(p) - ipHeader - int(p[ipHeader+12]>>4)*4 }

// isICMP, isReset and isHello report whether a packet is an ICMP message, a RST, and whether
// it carries five bytes.
func isICMP(p packet) bool  { return p.protocol() == unix.IPPROTO_ICMP }
func isReset(p packet) bool { return p.has(rst) }
func isHello(p packet) bool { return p.isTCP() && p.data() == 5 }

// turn makes the packet one from where it was sent to, and if it is an ICMP message about
// another packet, that too. Its checksums stay right, because they are sums.
func (p packet) turn() {
	for i := 12; i < 16; i++ {
		p[i], p[i+4] = p[i+4], p[i]
	}
	if about := ipHeader + icmpHeader; p.protocol() == unix.IPPROTO_ICMP && len(p) >= about+ipHeader {
		p[about:].turn()
	}
}

// A segment is what the tests say about a TCP segment of their own.
type segment struct {
	source, target netip.AddrPort
	sequence       uint32
	acked          uint32
	flags          byte
}

// packet returns the segment as a packet.
func (s segment) packet() packet {
	p := ip(unix.IPPROTO_TCP, s.source.Addr(), s.target.Addr(), tcpHeader)
	t := p[ipHeader:]
	binary.BigEndian.PutUint16(t, s.source.Port())
	binary.BigEndian.PutUint16(t[2:], s.target.Port())
	binary.BigEndian.PutUint32(t[4:], s.sequence)
	binary.BigEndian.PutUint32(t[8:], s.acked)
	t[12] = tcpHeader / 4 << 4
	t[13] = s.flags
	binary.BigEndian.PutUint16(t[14:], 1000) // window
	pseudo := sum(p[12:20]) + unix.IPPROTO_TCP + uint32(len(t))
	binary.BigEndian.PutUint16(t[16:], fold(pseudo+sum(t)))
	return p
}

// Codes of ICMP messages about what cannot be reached.
const (
	netUnreachable  = 0
	hostUnreachable = 1
	portUnreachable = 3
	packetTooBig    = 4
	adminProhibited = 13
)

// unreachable returns the ICMP message with a code that a router sends back for p. If p was
// too big, mtu is what were not.
func unreachable(router netip.Addr, code byte, mtu uint16, p packet) packet {
	quoted := p[:min(len(p), ipHeader+8)]
	m := ip(unix.IPPROTO_ICMP, router, p.source(), icmpHeader+len(quoted))
	m[ipHeader], m[ipHeader+1] = 3, code // destination unreachable
	binary.BigEndian.PutUint16(m[ipHeader+6:], mtu)
	copy(m[ipHeader+icmpHeader:], quoted)
	binary.BigEndian.PutUint16(m[ipHeader+2:], fold(sum(m[ipHeader:])))
	return m
}

// ip returns a packet with room for so many bytes.
func ip(protocol byte, source, target netip.Addr, size int) packet {
	p := make(packet, ipHeader+size)
	p[0] = 4<<4 | ipHeader/4
	binary.BigEndian.PutUint16(p[2:], uint16(len(p)))
	p[8], p[9] = 64, protocol
	copy(p[12:], source.AsSlice())
	copy(p[16:], target.AsSlice())
	binary.BigEndian.PutUint16(p[10:], fold(sum(p[:ipHeader])))
	return p
}

// sum and fold compute a checksum, as RFC 1071 has it.
func sum(b []byte) (s uint32) {
	for ; len(b) > 1; b = b[2:] {
		s += uint32(binary.BigEndian.Uint16(b))
	}
	if len(b) > 0 {
		s += uint32(b[0]) << 8
	}
	return s
}

func fold(s uint32) uint16 {
	for s>>16 != 0 {
		s = s&0xffff + s>>16
	}
	return ^uint16(s)
}
