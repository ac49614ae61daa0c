package udp

import (
	"bytes"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// The tests of golang.org/x/net/nettest for streams, with packets: two UDP sockets or
// two Unix ones, ours or package net's at either end, connected to each other or not.

// packetConn is what udpConn and unixConn have in common.
type packetConn interface {
	net.Conn
	net.PacketConn
	SetReadBuffer(int) error
}

// A packetEnd is one of two sockets. It sends to the other and receives from it alone.
type packetEnd struct {
	packetConn
	peer      net.Addr
	connected bool
}

func (e *packetEnd) send(b []byte) (int, error) {
	if e.connected {
		return e.Write(b)
	}
	return e.WriteTo(b, e.peer)
}

func (e *packetEnd) receive(b []byte) (int, error) {
	if e.connected {
		return e.Read(b)
	}
	n, from, err := e.ReadFrom(b)
	if err == nil && from.String() != e.peer.String() {
		err = fmt.Errorf("a packet of %v, not of %v", from, e.peer)
	}
	return n, err
}

// receiveMsg receives with control messages, from anyone.
func (e *packetEnd) receiveMsg(b, oob []byte) {
	switch c := e.packetConn.(type) {
	case both.UDPConn:
		c.ReadMsgUDPAddrPort(b, oob)
	case both.UnixConn:
		c.ReadMsgUnix(b, oob)
	}
}

// packetPair returns two sockets that are each other's peer. The kernel knows that of
// the first one, if connected.
func packetPair(t *testing.T, stds [2]bool, network string, connected bool) (a, b *packetEnd) {
	near := both.NewSide(t, stds[0])
	far := both.NewSide(t, stds[1])
	switch network {
	case "unixgram":
		a, b = unixgramPair(near, far, connected)
	case "udp4":
		a, b = udpPair(near, far, network, "127.0.0.1:0", connected)
	case "udp6":
		a, b = udpPair(near, far, network, "[::1]:0", connected)
	}
	a.connected = connected
	a.peer, b.peer = b.LocalAddr(), a.LocalAddr()
	return a, b
}

func udpPair(near, far *both.Side, network, address string, connected bool) (a, b *packetEnd) {
	b = &packetEnd{packetConn: far.UDP(network, address, "FAR")}
	if connected {
		return &packetEnd{packetConn: near.ConnectedUDP(network, b.LocalAddr(), "NEAR")}, b
	}
	return &packetEnd{packetConn: near.UDP(network, address, "NEAR")}, b
}

func unixgramPair(near, far *both.Side, connected bool) (a, b *packetEnd) {
	near.Chdir(near.TempDir())
	local, remote := &net.UnixAddr{Name: "near", Net: "unixgram"}, &net.UnixAddr{Name: "far", Net: "unixgram"}
	bound, err := far.ListenUnixgram("unixgram", remote)
	require.NoError(far, err)
	far.Cleanup(func() { bound.Close() })
	var c both.UnixConn
	if connected {
		c, err = near.DialUnix("unixgram", local, remote)
	} else {
		c, err = near.ListenUnixgram("unixgram", local)
	}
	require.NoError(near, err)
	near.Cleanup(func() { c.Close() })
	return &packetEnd{packetConn: c}, &packetEnd{packetConn: bound}
}

// packetTests must hold for any two sockets. If one fails, a program that works with package
// net's sockets of packets does not work with ours.
var packetTests = map[string]func(t *testing.T, a, b *packetEnd){
	"packets come one by one and whole":   packetsComeWhole,
	"many readers and writers":            manyReadersAndWriters,
	"deadlines in the past":               deadlinesInThePast,
	"a deadline that comes":               deadlineComes,
	"a read deadline leaves writes alone": readDeadlineLeavesWrites,
	"deadlines set while all wait":        deadlinesWhileAllWait,
	"Close wakes all":                     closeWakesAll,
	"all methods at once":                 allMethodsAtOnce,
}

// Each of packetTests must hold whatever the network, whether the sockets are connected or
// not, and whichever of the two is ours.
func TestPacketConformance(t *testing.T) {
	for name, test := range packetTests {
		for _, stds := range [][2]bool{{false, false}, {false, true}, {true, false}, {true, true}} {
			for _, network := range []string{"udp4", "udp6", "unixgram"} {
				for _, connected := range []bool{false, true} {
					t.Run(fmt.Sprint(name, " ", stds, network, connected), func(t *testing.T) {
						a, b := packetPair(t, stds, network, connected)
						test(t, a, b)
					})
				}
			}
		}
	}
}

func packetsComeWhole(t *testing.T, a, b *packetEnd) {
	sent, got := make([]byte, 9000), make([]byte, 10000)
	for i := range 300 {
		size := i * 7919 % len(sent)
		for j := range size {
			sent[j] = byte(i + j)
		}
		n, err := a.send(sent[:size])
		require.NoError(t, err)
		require.Equal(t, size, n)
		n, err = b.receive(got)
		require.NoError(t, err)
		require.True(t, bytes.Equal(sent[:size], got[:n]))
		a, b = b, a
	}
}

func manyReadersAndWriters(t *testing.T, a, b *packetEnd) {
	require.NoError(t, b.SetReadBuffer(1<<20))
	const each, workers = 20, 8
	var senders, receivers sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]int{}
	for w := range workers {
		senders.Go(func() {
			for i := range each {
				if _, err := a.send(fmt.Append(nil, w, " ", i)); err != nil {
					t.Error(err)
				}
			}
		})
		receivers.Go(func() {
			buf := make([]byte, 64)
			for range each {
				n, err := b.receive(buf)
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				seen[string(buf[:n])]++
				mu.Unlock()
			}
		})
	}
	senders.Wait()
	receivers.Wait()
	require.Len(t, seen, each*workers)
}

func deadlinesInThePast(t *testing.T, a, b *packetEnd) {
	for range 3 {
		require.NoError(t, a.SetDeadline(nettest.LongAgo))
		_, err := a.send([]byte("x"))
		nettest.IsTimeout(t, err)
		_, err = a.receive(make([]byte, 1))
		nettest.IsTimeout(t, err)
		_, err = a.receive(make([]byte, 1))
		nettest.IsTimeout(t, err)
		require.NoError(t, a.SetReadDeadline(time.Time{}))
		require.NoError(t, a.SetWriteDeadline(time.Time{}))
		_, err = a.send([]byte("x"))
		require.NoError(t, err)
		_, err = b.send([]byte("y"))
		require.NoError(t, err)
		_, err = a.receive(make([]byte, 1))
		require.NoError(t, err)
	}
}

func deadlineComes(t *testing.T, a, b *packetEnd) {
	for _, d := range []time.Duration{0, time.Nanosecond, time.Millisecond, 10 * time.Millisecond} {
		start := time.Now()
		require.NoError(t, a.SetReadDeadline(start.Add(d)))
		_, err := a.receive(make([]byte, 1))
		nettest.IsTimeout(t, err)
		require.GreaterOrEqual(t, time.Since(start)+time.Millisecond, d)
	}
}

func readDeadlineLeavesWrites(t *testing.T, a, b *packetEnd) {
	require.NoError(t, a.SetReadDeadline(nettest.LongAgo))
	_, err := a.send([]byte("x"))
	require.NoError(t, err)
	_, err = b.receive(make([]byte, 1))
	require.NoError(t, err)
	require.NoError(t, a.SetReadDeadline(time.Time{}))
	require.NoError(t, a.SetWriteDeadline(nettest.LongAgo))
	_, err = b.send([]byte("x"))
	require.NoError(t, err)
	_, err = a.receive(make([]byte, 1))
	require.NoError(t, err)
}

func deadlinesWhileAllWait(t *testing.T, a, b *packetEnd) {
	const waiting = 8
	errs := make(chan error, waiting)
	for range waiting {
		go func() { _, err := a.receive(make([]byte, 1)); errs <- err }()
	}
	require.NoError(t, a.SetReadDeadline(time.Now().Add(time.Hour)))
	require.NoError(t, a.SetReadDeadline(time.Now().Add(time.Millisecond)))
	for range waiting {
		nettest.IsTimeout(t, <-errs)
	}
}

func closeWakesAll(t *testing.T, a, b *packetEnd) {
	const waiting = 8
	errs := make(chan error, waiting)
	for range waiting {
		go func() { _, err := a.receive(make([]byte, 1)); errs <- err }()
	}
	require.NoError(t, a.Close())
	for range waiting {
		require.ErrorIs(t, <-errs, net.ErrClosed)
	}
	_, err := a.send([]byte("x"))
	require.ErrorIs(t, err, net.ErrClosed)
	require.ErrorIs(t, a.SetDeadline(time.Time{}), net.ErrClosed)
	require.ErrorIs(t, a.Close(), net.ErrClosed)
	require.NotNil(t, a.LocalAddr())
}

func allMethodsAtOnce(t *testing.T, a, b *packetEnd) {
	var all sync.WaitGroup
	for range 20 {
		for _, f := range []func(){
			func() { a.receive(make([]byte, 16)) },
			func() { a.send([]byte("hello")) },
			func() { b.send([]byte("hello")) },
			func() { a.SetDeadline(time.Now().Add(10 * time.Millisecond)) },
			func() { a.SetReadDeadline(time.Now().Add(10 * time.Millisecond)) },
			func() { a.SetWriteDeadline(time.Now().Add(10 * time.Millisecond)) },
			func() { a.SetReadBuffer(1 << 16) },
			func() { a.LocalAddr() },
			func() { a.RemoteAddr() },
			func() { a.receiveMsg(make([]byte, 16), make([]byte, 16)) },
			func() { b.SetDeadline(time.Now().Add(10 * time.Millisecond)) }, // its peer's queue may be full
		} {
			all.Go(f)
		}
	}
	// Whichever deadline is the last one, it comes.
	all.Wait()
}
