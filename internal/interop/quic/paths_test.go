//go:build linux

package quic

import (
	"net"
	"sync/atomic"
	"testing"

	"github.com/quic-go/quic-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// Both must be all that quic-go asks for, or it takes its slow paths.
var (
	_ quic.OOBCapablePacketConn = (*netpoller.UDPConn)(nil)
	_ net.Conn                  = (*netpoller.UDPConn)(nil)
)

// A recorder is a socket that knows how it was used.
type recorder struct {
	udpConn
	plain     atomic.Int32 // datagrams one by one, without control messages
	segmented atomic.Int32 // many of them in one call, which the kernel takes apart
	marked    atomic.Int32 // with ECN bits
}

type udpConn interface {
	quic.OOBCapablePacketConn
	Read([]byte) (int, error)
	Write([]byte) (int, error)
	RemoteAddr() net.Addr
	SetWriteBuffer(int) error
}

func (r *recorder) ReadFrom(p []byte) (int, net.Addr, error) {
	r.plain.Add(1)
	return r.udpConn.ReadFrom(p)
}

func (r *recorder) WriteTo(p []byte, a net.Addr) (int, error) {
	r.plain.Add(1)
	return r.udpConn.WriteTo(p, a)
}

func (r *recorder) WriteMsgUDP(p, oob []byte, a *net.UDPAddr) (int, int, error) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return 0, 0, err
	}
	for _, m := range messages {
		switch {
		case m.Header.Level == unix.IPPROTO_UDP && m.Header.Type == unix.UDP_SEGMENT:
			r.segmented.Add(1)
		case m.Header.Level == unix.IPPROTO_IP && m.Header.Type == unix.IP_TOS:
			r.marked.Add(1)
		}
	}
	return r.udpConn.WriteMsgUDP(p, oob, a)
}

// If this fails, quic-go is slower on our sockets than on those of package net: it does
// not send many datagrams with one call, or does not see ECN bits.
func TestPaths(t *testing.T) {
	type paths struct{ segments, segmented, marked, plain bool }
	taken := func(t *testing.T, s ends.Side) paths {
		r := &recorder{udpConn: socket(t, s).(udpConn)}
		sc, c := newLink(t, socket(t, ends.Net()), r, &quic.Config{}).connect(t)
		served := make(chan error, 1)
		go func() { served <- echo(sc) }()
		exchange(t, c, 1, 4<<20)
		segments := c.ConnectionState().GSO
		require.NoError(t, c.CloseWithError(0, ""))
		require.Error(t, ends.Receive(t, "the server's end", served))
		return paths{segments, r.segmented.Load() > 0, r.marked.Load() > 0, r.plain.Load() > 0}
	}
	want := taken(t, ends.Net())
	assert.Equal(t, want.segments, want.segmented)
	assert.False(t, want.plain)
	t.Logf("net:  %+v", want)
	for _, wait := range []netpoller.PollerStrategy{netpoller.PollerNested, netpoller.PollerThread} {
		got := taken(t, ends.Ours(ends.NewGroup(t, netpoller.PollerConfig{Strategy: wait})))
		t.Logf("ours: %+v", got)
		assert.Equal(t, want, got)
	}
}
