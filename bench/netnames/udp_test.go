package netnames

import (
	"net"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"
)

func BenchmarkUDP6LinkLocalUnicast(b *testing.B) {
	addr, err := linkLocal()
	if err != nil {
		b.Skip(err)
	}
	s := chosen(b)
	from, to := packetConn(b, s, addr), packetConn(b, s, addr)
	var buf [1]byte
	b.ReportAllocs()
	for b.Loop() {
		if _, err := from.WriteTo(buf[:], to.LocalAddr()); err != nil {
			b.Fatal(err)
		}
		if _, _, err := to.ReadFrom(buf[:]); err != nil {
			b.Fatal(err)
		}
	}
}

// The next three send a datagram to the socket itself and receive it.

func BenchmarkWriteToReadFromUDP(b *testing.B) {
	c := packetConn(b, chosen(b), "127.0.0.1")
	to := c.LocalAddr().(*net.UDPAddr)
	buf := make([]byte, 8)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.WriteToUDP(buf, to); err != nil {
			b.Fatal(err)
		}
		if _, _, err := c.ReadFromUDP(buf); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWriteToReadFromUDPAddrPort(b *testing.B) {
	c := packetConn(b, chosen(b), "127.0.0.1")
	to := self(c)
	buf := make([]byte, 8)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.WriteToUDPAddrPort(buf, to); err != nil {
			b.Fatal(err)
		}
		if _, _, err := c.ReadFromUDPAddrPort(buf); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadWriteMsgUDPAddrPort(b *testing.B) {
	c := packetConn(b, chosen(b), "127.0.0.1")
	to := self(c)
	buf := make([]byte, 8)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := c.WriteMsgUDPAddrPort(buf, nil, to); err != nil {
			b.Fatal(err)
		}
		if _, _, _, _, err := c.ReadMsgUDPAddrPort(buf, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func packetConn(b *testing.B, s sockets, host string) udpConn {
	c, err := s.listenPacket("udp", net.JoinHostPort(host, "0"))
	require.NoError(b, err)
	b.Cleanup(func() { c.Close() })
	require.Implements(b, (*udpConn)(nil), c)
	return c.(udpConn)
}

func self(c udpConn) netip.AddrPort { return c.LocalAddr().(*net.UDPAddr).AddrPort() }
