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

// BenchmarkPackets is 64 packets of 100 bytes that a socket sends to itself, written and
// then read, one by one or in a batch, by package net, golang.org/x/net and ours.
func BenchmarkPackets(b *testing.B) {
	for _, s := range sides(ends.NewGroup(b, netpoller.Config{}))[:2] {
		c := s.listen(b, "udp4", "127.0.0.1:0").PacketConn
		write, read := oneByOne(b, c.(each), c.LocalAddr())
		b.Run(s.name+": one by one", func(b *testing.B) { measure(b, write, read) })
		if u, ok := c.(*netpoller.UDPConn); ok {
			write, read = inBatches(b, u, c.LocalAddr())
		} else {
			write, read = inBatches(b, ipv4.NewPacketConn(c), c.LocalAddr())
		}
		b.Run(fmt.Sprintf("%s: batches of %d", s.name, benchPackets), func(b *testing.B) { measure(b, write, read) })
	}
}

func measure(b *testing.B, write, read func()) {
	b.ReportAllocs()
	var reading time.Duration
	for b.Loop() {
		write()
		begin := time.Now()
		read()
		reading += time.Since(begin)
	}
	packets := float64(b.N * benchPackets)
	b.ReportMetric(float64((b.Elapsed()-reading).Nanoseconds())/packets, "ns/written")
	b.ReportMetric(float64(reading.Nanoseconds())/packets, "ns/read")
	b.ReportMetric(0, "ns/op")
}
