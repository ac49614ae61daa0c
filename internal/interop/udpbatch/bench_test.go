//go:build linux

package udpbatch

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/net/ipv4"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

const (
	benchPackets = 64
	benchSize    = 100
)

// batcher is what moves benchPackets messages.
type batcher[M any] interface {
	ReadBatch([]M, int) (int, error)
	WriteBatch([]M, int) (int, error)
}

// each is what moves them one by one.
type each interface {
	ReadFromUDPAddrPort([]byte) (int, netip.AddrPort, error)
	WriteToUDPAddrPort([]byte, netip.AddrPort) (int, error)
}

// inBatches returns what writes and what reads all packets, of any package's type.
func inBatches[M ~struct {
	Buffers [][]byte
	OOB     []byte
	Addr    net.Addr
	N       int
	NN      int
	Flags   int
}](b *testing.B, c batcher[M], to net.Addr) (write, read func()) {
	out, in := make([]M, benchPackets), make([]M, benchPackets)
	for i := range out {
		m := message{Buffers: [][]byte{make([]byte, benchSize)}, Addr: to}
		out[i], m.Addr = M(m), nil
		in[i] = M(m)
	}
	all := func(do func([]M, int) (int, error), ms []M) {
		for len(ms) > 0 {
			n, err := do(ms, 0)
			require.NoError(b, err)
			ms = ms[n:]
		}
	}
	return func() { all(c.WriteBatch, out) }, func() { all(c.ReadBatch, in) }
}

func oneByOne(b *testing.B, c each, addr net.Addr) (write, read func()) {
	buf, to := make([]byte, benchSize), addr.(*net.UDPAddr).AddrPort()
	return func() {
			for range benchPackets {
				_, err := c.WriteToUDPAddrPort(buf, to)
				require.NoError(b, err)
			}
		}, func() {
			for range benchPackets {
				_, _, err := c.ReadFromUDPAddrPort(buf)
				require.NoError(b, err)
			}
		}
}

// BenchmarkPackets is 64 packets of 100 bytes, read one by one or in a batch, and then
// written, by package net, golang.org/x/net and ours. The peer is always the same, and
// its time is not counted.
func BenchmarkPackets(b *testing.B) {
	for _, s := range sides(ends.NewGroup(b, netpoller.PollerConfig{}))[:2] {
		c := s.listen(b, "udp4", "127.0.0.1:0").PacketConn
		peer, err := net.DialUDP("udp4", nil, c.LocalAddr().(*net.UDPAddr))
		require.NoError(b, err)
		defer peer.Close()
		write, read := oneByOne(b, c.(each), peer.LocalAddr())
		b.Run(s.name+": one by one", func(b *testing.B) { measure(b, peer, write, read) })
		if u, ok := c.(*netpoller.UDPConn); ok {
			write, read = inBatches(b, u, peer.LocalAddr())
		} else {
			write, read = inBatches(b, ipv4.NewPacketConn(c), peer.LocalAddr())
		}
		b.Run(fmt.Sprintf("%s: batches of %d", s.name, benchPackets), func(b *testing.B) { measure(b, peer, write, read) })
	}
}

func measure(b *testing.B, peer *net.UDPConn, write, read func()) {
	b.ReportAllocs()
	var reading, writing time.Duration
	buf := make([]byte, benchSize)
	for b.Loop() {
		for range benchPackets {
			_, err := peer.Write(buf)
			require.NoError(b, err)
		}
		begin := time.Now()
		read()
		between := time.Now()
		write()
		reading += between.Sub(begin)
		writing += time.Since(between)
		for range benchPackets {
			_, err := peer.Read(buf)
			require.NoError(b, err)
		}
	}
	packets := float64(b.N * benchPackets)
	b.ReportMetric(float64(writing.Nanoseconds())/packets, "ns/written")
	b.ReportMetric(float64(reading.Nanoseconds())/packets, "ns/read")
	b.ReportMetric(0, "ns/op")
}
