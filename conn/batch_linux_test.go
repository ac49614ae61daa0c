package conn_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/dialer"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/sys"
)

// udpRoutes are ways from one socket on the loopback interface to another: where the
// receiver listens, and to which of its addresses one sends.
var udpRoutes = []struct{ network, listen, host string }{
	{"udp4", "127.0.0.1:0", "127.0.0.1"},
	{"udp", ":0", "127.0.0.1"}, // IPv4 within IPv6
	{"udp", ":0", "::1"},
	{"udp6", "[::1]:0", "::1"},
}

// eachRoute runs f with a receiver, one who writes to it at to, and one who is connected
// to it.
func eachRoute(t *testing.T, f func(t *testing.T, receiver, sender, connected *conn.UDPConn, to *net.UDPAddr)) {
	for _, r := range udpRoutes {
		t.Run(r.network+" "+r.host, func(t *testing.T) {
			receiver := udp(t, r.network, r.listen)
			to := &net.UDPAddr{IP: net.ParseIP(r.host), Port: receiver.LocalAddr().(*net.UDPAddr).Port}
			network := "udp" + map[bool]string{true: "4", false: "6"}[to.IP.To4() != nil]
			connected, err := dialer.DialUDP(network, nil, to)
			require.NoError(t, err)
			t.Cleanup(func() { connected.Close() })
			f(t, receiver, udp(t, network, net.JoinHostPort(r.host, "0")), connected, to)
		})
	}
}

// messages returns messages of one buffer each, of so many bytes.
func messages(n, size int) []conn.Message {
	ms := make([]conn.Message, n)
	for i := range ms {
		ms[i].Buffers = [][]byte{make([]byte, size)}
	}
	return ms
}

// packets returns messages to be written to an address.
func packets(to net.Addr, texts ...string) []conn.Message {
	ms := make([]conn.Message, len(texts))
	for i, text := range texts {
		ms[i] = conn.Message{Buffers: [][]byte{[]byte(text)}, Addr: to}
	}
	return ms
}

// If this fails, packets of a batch get lost or mixed up, come from another sender, or a
// count is wrong.
func TestBatches(t *testing.T) {
	eachRoute(t, func(t *testing.T, receiver, sender, connected *conn.UDPConn, to *net.UDPAddr) {
		out := packets(to, "one", "", "three")
		out[2].Buffers = [][]byte{[]byte("th"), nil, []byte("re"), []byte("e")}
		n, err := sender.WriteBatch(out, 0)
		require.NoError(t, err)
		require.Equal(t, 3, n)
		n, err = connected.WriteBatch(packets(nil, "four", "five"), 0)
		require.NoError(t, err)
		require.Equal(t, 2, n)
		for i, want := range []int{3, 0, 5} {
			require.Equal(t, [3]int{want, 0, 0}, [3]int{out[i].N, out[i].NN, out[i].Flags})
			require.Same(t, to, out[i].Addr)
		}

		in := messages(7, 8)
		in[2].Buffers = [][]byte{in[2].Buffers[0][:1], nil, in[2].Buffers[0][1:]}
		in[6].N, in[6].Flags = -1, -1
		n, err = receiver.ReadBatch(in, 0)
		require.NoError(t, err)
		require.Equal(t, 5, n)
		for i, want := range []string{"one", "", "three", "four", "five"} {
			from := sender
			if i > 2 {
				from = connected
			}
			m := in[i]
			require.Equal(t, want, string(m.Buffers[0][:1:8][:m.N:8]))
			require.Equal(t, [2]int{0, 0}, [2]int{m.NN, m.Flags})
			require.Equal(t, from.LocalAddr().String(), m.Addr.String())
			// As the other methods have it.
			_, err := sender.WriteTo([]byte("x"), to)
			require.NoError(t, err)
			_, addr, err := receiver.ReadFromUDP(make([]byte, 1))
			require.NoError(t, err)
			require.Len(t, m.Addr.(*net.UDPAddr).IP, len(addr.IP))
		}
		require.Equal(t, [2]int{-1, -1}, [2]int{in[6].N, in[6].Flags})
	})
}

// If this fails, an address that a program has kept changes under its hands, or one that
// it left in the message is taken for another.
func TestBatchAddresses(t *testing.T) {
	eachRoute(t, func(t *testing.T, receiver, sender, connected *conn.UDPConn, to *net.UDPAddr) {
		in := messages(1, 8)
		receive := func(from *conn.UDPConn) net.Addr {
			_, err := from.WriteBatch(packets(map[bool]net.Addr{true: to}[from == sender], "x"), 0)
			require.NoError(t, err)
			n, err := receiver.ReadBatch(in, 0)
			require.NoError(t, err)
			require.Equal(t, 1, n)
			require.Equal(t, from.LocalAddr().String(), in[0].Addr.String())
			return in[0].Addr
		}
		first := receive(sender)
		require.Same(t, first, receive(sender), "the same sender")
		text := first.String()
		require.NotSame(t, first, receive(connected), "another sender")
		require.Equal(t, text, first.String())
		near := *first.(*net.UDPAddr)
		for _, other := range []net.Addr{
			(*net.UDPAddr)(nil), nil, &net.TCPAddr{IP: near.IP, Port: near.Port}, &net.UDPAddr{IP: near.IP, Port: near.Port + 1},
			&net.UDPAddr{IP: near.IP, Port: near.Port, Zone: "x"}, &net.UDPAddr{Port: near.Port},
		} {
			in[0].Addr = other
			require.False(t, receive(sender) == other, "%v", other)
		}
		in[0].Addr = &near
		require.Same(t, &near, receive(sender))
	})
}

// If this fails, what is lost of a packet is not told, or the control messages that come
// with it are not those of this packet.
func TestBatchControlMessages(t *testing.T) {
	receiver, sender := udp(t, "udp4", "127.0.0.1:0"), udp(t, "udp4", "127.0.0.1:0")
	nettest.Control(t, receiver, func(fd int) error { return unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_PKTINFO, 1) })
	out := packets(receiver.LocalAddr(), "hello", "hello", "hello")
	out[1].OOB = unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: [4]byte{127, 0, 0, 9}})
	n, err := sender.WriteBatch(out, 0)
	require.NoError(t, err)
	require.Equal(t, [3]int{3, 0, len(out[1].OOB)}, [3]int{n, out[0].NN, out[1].NN})

	in := messages(3, 4)
	in[0].OOB, in[1].OOB = make([]byte, 64), make([]byte, 64)
	n, err = receiver.ReadBatch(in, 0)
	require.NoError(t, err)
	require.Equal(t, 3, n)
	for i, flags := range []int{unix.MSG_TRUNC, unix.MSG_TRUNC, unix.MSG_TRUNC | unix.MSG_CTRUNC} {
		require.Equal(t, flags, in[i].Flags)
		require.Equal(t, 4, in[i].N)
		require.Equal(t, i < 2, in[i].NN > 0)
		require.Equal(t, i == 1, strings.HasPrefix(in[i].Addr.String(), "127.0.0.9:"), in[i].Addr)
	}
	cmsgs, err := unix.ParseSocketControlMessage(in[0].OOB[:in[0].NN])
	require.NoError(t, err)
	require.Len(t, cmsgs, 1)
	require.EqualValues(t, unix.IP_PKTINFO, cmsgs[0].Header.Type)
}

// If this fails, a batch of which some packets went is taken for one of which none did,
// or nobody learns what was wrong with the rest.
func TestPartialBatches(t *testing.T) {
	receiver, sender := udp(t, "udp4", "127.0.0.1:0"), udp(t, "udp4", "127.0.0.1:0")
	for name, bad := range map[string]struct {
		m    conn.Message
		want string
	}{
		"an address of another family": {conn.Message{Addr: &net.UDPAddr{IP: net.IPv6loopback, Port: 9}}, "address ::1: non-IPv4 address"},
		"an address of another type":   {conn.Message{Addr: &net.UnixAddr{Name: "x", Net: "unixgram"}}, "invalid argument"},
		"no address":                   {conn.Message{}, "sendmmsg: destination address required"},
		"no port":                      {conn.Message{Addr: &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1 << 16}}, "sendmmsg: invalid argument"},
		"too long":                     {conn.Message{Addr: receiver.LocalAddr(), Buffers: [][]byte{make([]byte, 1<<16)}}, "sendmmsg: message too long"},
		"too many buffers":             {conn.Message{Addr: receiver.LocalAddr(), Buffers: make([][]byte, 1025)}, "sendmmsg: message too long"},
		"no control message":           {conn.Message{Addr: receiver.LocalAddr(), OOB: make([]byte, 32)}, "sendmmsg: invalid argument"},
	} {
		out := packets(receiver.LocalAddr(), "x", "x", "", "x")
		out[2] = bad.m
		n, err := sender.WriteBatch(out, 0)
		require.NoError(t, err, name)
		require.Equal(t, 2, n, name)
		n, err = sender.WriteBatch(out[2:], 0)
		require.Zero(t, n, name)
		arrow := ""
		if bad.m.Addr != nil {
			arrow = "->" + bad.m.Addr.String()
		}
		require.EqualError(t, err, fmt.Sprintf("write udp4 %s%s: %s", sender.LocalAddr(), arrow, bad.want), name)
		in := messages(3, 8)
		n, err = receiver.ReadBatch(in, 0)
		require.NoError(t, err)
		require.Equal(t, 2, n, name)
	}
}

// If this fails, an error of a batch is not what package net's is, or no connection and
// no messages are not safe.
func TestBatchErrors(t *testing.T) {
	c, none := udp(t, "udp4", "127.0.0.1:0"), new(conn.UDPConn)
	_, err := none.ReadBatch(messages(1, 1), 0)
	require.Equal(t, syscall.EINVAL, err)
	_, err = none.WriteBatch(messages(1, 1), 0)
	require.Equal(t, syscall.EINVAL, err)
	for range 2 {
		n, err := c.ReadBatch(nil, 0)
		require.Zero(t, n)
		require.NoError(t, err)
		n, err = c.WriteBatch([]conn.Message{}, 0)
		require.Zero(t, n)
		require.NoError(t, err)
	}
	connected, err := dialer.DialUDP("udp4", nil, c.LocalAddr().(*net.UDPAddr))
	require.NoError(t, err)
	here, there := connected.LocalAddr().String(), c.LocalAddr().String()
	c.Close()
	_, err = connected.WriteBatch(packets(nil, "x"), 0)
	require.NoError(t, err)
	_, err = connected.ReadBatch(messages(1, 1), 0)
	require.EqualError(t, err, "read udp4 "+here+"->"+there+": recvmmsg: connection refused")
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
	_, err = connected.ReadBatch(messages(1, 1), syscall.MSG_DONTWAIT)
	require.EqualError(t, err, "read udp4 "+here+"->"+there+": recvmmsg: resource temporarily unavailable")

	ends := map[string]error{"i/o timeout": os.ErrDeadlineExceeded, "use of closed network connection": net.ErrClosed}
	for _, text := range []string{"i/o timeout", "use of closed network connection"} {
		require.NoError(t, connected.SetDeadline(nettest.LongAgo))
		if text != "i/o timeout" {
			require.NoError(t, connected.Close())
		}
		for op, do := range map[string]func([]conn.Message, int) (int, error){"read": connected.ReadBatch, "write": connected.WriteBatch} {
			for size := range 2 {
				n, err := do(messages(size, 1), 0)
				require.Zero(t, n)
				require.EqualError(t, err, op+" udp4 "+here+"->"+there+": "+text)
				require.ErrorIs(t, err, ends[text])
				var nerr net.Error
				require.True(t, errors.As(err, &nerr))
				require.Equal(t, text == "i/o timeout", nerr.Timeout())
			}
		}
	}
}

// If this fails, a ReadBatch that waits cannot be ended, or not be used afterwards.
func TestParkedBatches(t *testing.T) {
	c, peer := udp(t, "udp4", "127.0.0.1:0"), udp(t, "udp4", "127.0.0.1:0")
	begin := func() <-chan error {
		calls := make(chan struct{}, 100)
		restore := sys.SetFault(func(call sys.Call, _ int) error {
			if call == sys.CallRead {
				select {
				case calls <- struct{}{}:
				default:
				}
			}
			return nil
		})
		defer restore()
		errs := make(chan error, 1)
		go func() { _, err := c.ReadBatch(messages(2, 1), 0); errs <- err }()
		<-calls // it parks now, or soon
		return errs
	}
	errs := begin()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(time.Millisecond)))
	require.ErrorIs(t, <-errs, os.ErrDeadlineExceeded)
	require.NoError(t, c.SetReadDeadline(time.Time{}))

	errs = begin()
	_, err := peer.WriteBatch(packets(c.LocalAddr(), "x"), 0)
	require.NoError(t, err)
	require.NoError(t, <-errs)

	errs = begin()
	require.NoError(t, c.Close())
	require.ErrorIs(t, <-errs, net.ErrClosed)
}

// If this fails, batches cost more allocations than they promise: none but the address
// of a new sender.
func TestAllocsOfBatches(t *testing.T) {
	var pool float64
	if nettest.UnderRace() {
		pool = 3 * 4 // with -race, package sync forgets what it likes of a Pool
	}
	eachRoute(t, func(t *testing.T, receiver, sender, connected *conn.UDPConn, to *net.UDPAddr) {
		in := messages(4, 8)
		out, far := packets(to, "1", "2", "3"), packets(nil, "4")
		run := func(forget func()) func() {
			return func() {
				forget()
				if n, err := sender.WriteBatch(out, 0); n != 3 || err != nil {
					t.Error(n, err)
				}
				if n, err := connected.WriteBatch(far, 0); n != 1 || err != nil {
					t.Error(n, err)
				}
				for got := 0; got < 4; { // a busy machine delivers them one by one
					n, err := receiver.ReadBatch(in[got:], 0)
					if n == 0 || err != nil {
						t.Error(n, err)
						break
					}
					got += n
				}
			}
		}
		same := run(func() {})
		same()
		require.LessOrEqual(t, testing.AllocsPerRun(500, same), pool)
		others := run(func() {
			for i := range in {
				in[i].Addr = nil
			}
		})
		require.LessOrEqual(t, testing.AllocsPerRun(500, others), 4+pool)
	})
}

// BenchmarkPackets is 64 packets of 100 bytes from one socket to another, written and
// then read, one by one or in batches.
func BenchmarkPackets(b *testing.B) {
	const packets, size = 64, 100
	c, sender := udp(b, "udp4", "127.0.0.1:0"), udp(b, "udp4", "127.0.0.1:0")
	to := c.LocalAddr().(*net.UDPAddr).AddrPort()
	buf, out, in := make([]byte, size), messages(packets, size), messages(packets, size)
	for i := range out {
		out[i].Addr = c.LocalAddr()
	}
	batches := func(do func([]conn.Message, int) (int, error), ms []conn.Message) {
		for len(ms) > 0 {
			n, err := do(ms, 0)
			require.NoError(b, err)
			ms = ms[n:]
		}
	}
	writeEach := func() {
		for range packets {
			_, err := sender.WriteToUDPAddrPort(buf, to)
			require.NoError(b, err)
		}
	}
	readEach := func() {
		for range packets {
			_, _, err := c.ReadFromUDPAddrPort(buf)
			require.NoError(b, err)
		}
	}
	for _, way := range []struct {
		name        string
		write, read func()
	}{
		{"one by one", writeEach, readEach},
		{"batches", func() { batches(sender.WriteBatch, out) }, func() { batches(c.ReadBatch, in) }},
	} {
		b.Run(way.name, func(b *testing.B) {
			b.ReportAllocs()
			var reading time.Duration
			for b.Loop() {
				way.write()
				begin := time.Now()
				way.read()
				reading += time.Since(begin)
			}
			total := float64(b.N * packets)
			b.ReportMetric(float64((b.Elapsed()-reading).Nanoseconds())/total, "ns/written")
			b.ReportMetric(float64(reading.Nanoseconds())/total, "ns/read")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// If this fails, the packets of one batch are all taken for those of one sender.
func TestBatchOfTwoSenders(t *testing.T) {
	receiver := udp(t, "udp4", "127.0.0.1:0")
	senders := []*conn.UDPConn{udp(t, "udp4", "127.0.0.1:0"), udp(t, "udp4", "127.0.0.1:0")}
	for _, s := range senders {
		_, err := s.WriteTo([]byte("x"), receiver.LocalAddr())
		require.NoError(t, err)
	}
	var got []string
	for len(got) < len(senders) {
		ms := messages(2, 8)
		n, err := receiver.ReadBatch(ms, 0)
		require.NoError(t, err)
		for _, m := range ms[:n] {
			got = append(got, m.Addr.String())
		}
	}
	require.Equal(t, []string{senders[0].LocalAddr().String(), senders[1].LocalAddr().String()}, got)
}
