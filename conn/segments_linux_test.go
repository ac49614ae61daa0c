package conn_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/internal/nettest"
)

// Many packets of one size to one peer can go as one large Message, which the kernel
// cuts (UDP_SEGMENT, Linux 4.18), and come as one, which it has put together (UDP_GRO,
// Linux 5.0). It takes control messages and an option, and nothing of ours.

// appendSegmentSize appends to oob the control message by which a Message is cut into
// packets of size bytes, of which the last may be shorter.
func appendSegmentSize(oob []byte, size uint16) []byte {
	header := unix.Cmsghdr{Level: unix.IPPROTO_UDP, Type: unix.UDP_SEGMENT}
	header.SetLen(unix.CmsgLen(2))
	cmsg, _ := binary.Append(make([]byte, 0, unix.CmsgSpace(2)), binary.NativeEndian, header)
	cmsg = binary.NativeEndian.AppendUint16(cmsg, size)
	return append(oob, cmsg[:cap(cmsg)]...) // the rest is padding
}

// segmentSize returns the size of the packets that a Message was put together from, or 0
// if it is a packet itself.
func segmentSize(m conn.Message) int {
	for oob := m.OOB[:m.NN]; len(oob) > 0; {
		header, data, rest, err := unix.ParseOneSocketControlMessage(oob)
		if err != nil {
			return 0
		}
		if header.Level == unix.IPPROTO_UDP && header.Type == unix.UDP_GRO {
			return int(binary.NativeEndian.Uint32(data))
		}
		oob = rest
	}
	return 0
}

// putTogether asks the kernel to put packets together, and reports whether it can.
func putTogether(c *conn.UDPConn) (ok bool) {
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	ctrlErr := raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_UDP, unix.UDP_GRO, 1) })
	return errors.Join(ctrlErr, err) == nil
}

// olderThan reports whether the kernel is older than a version.
func olderThan(t *testing.T, major, minor int) bool {
	var is [2]int
	_, err := fmt.Sscanf(nettest.Kernel(), "%d.%d", &is[0], &is[1])
	require.NoError(t, err)
	return is[0] < major || is[0] == major && is[1] < minor
}

// If this fails, control messages of batches are not what the kernel takes and gives, and
// a sender of many packets must make each of them.
func TestSegmentsInBatches(t *testing.T) {
	eachRoute(t, func(t *testing.T, receiver, sender, connected *conn.UDPConn, to *net.UDPAddr) {
		nettest.Control(t, sender, func(fd int) error {
			_, err := unix.GetsockoptInt(fd, unix.IPPROTO_UDP, unix.UDP_SEGMENT)
			if err == unix.ENOPROTOOPT {
				t.Skip("the kernel has no UDP_SEGMENT")
			}
			return err
		})
		const size = 1200
		data := make([]byte, 4*size+7)
		for i := range data {
			data[i] = byte(i / size)
		}
		send := func(c *conn.UDPConn, to net.Addr) {
			out := packets(to, string(data), "small")
			out[0].OOB = appendSegmentSize(nil, size)
			n, err := c.WriteBatch(out, 0)
			require.NoError(t, err)
			require.Equal(t, [3]int{2, len(data), unix.CmsgSpace(2)}, [3]int{n, out[0].N, out[0].NN})
		}
		send(sender, to)
		send(connected, nil)
		in := messages(20, 2*size)
		n, err := receiver.ReadBatch(in, 0)
		require.NoError(t, err)
		require.Equal(t, 12, n)
		for i, want := range []int{size, size, size, size, 7, 5} {
			require.Equal(t, want, in[i].N)
			require.Equal(t, want, in[i+6].N)
		}

		if !putTogether(receiver) {
			t.Skip("the kernel has no UDP_GRO")
		}
		send(connected, nil)
		in = messages(20, 1<<16)
		for i := range in {
			in[i].OOB = make([]byte, 64)
		}
		n, err = receiver.ReadBatch(in, 0)
		require.NoError(t, err)
		if n == 6 && olderThan(t, 5, 11) {
			t.Skip("before Linux 5.11 the loopback cuts Messages, and puts none together")
		}
		require.Equal(t, 2, n)
		require.Equal(t, string(data), string(in[0].Buffers[0][:in[0].N]))
		require.Equal(t, "small", string(in[1].Buffers[0][:in[1].N]))
		require.Equal(t, [2]int{size, 0}, [2]int{segmentSize(in[0]), segmentSize(in[1])})
		require.Equal(t, connected.LocalAddr().String(), in[0].Addr.String())
	})
}
