package netpoller_test

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
)

// Below a low-water mark data makes no edge, and yet a Read must return it, as package
// net's does: whoever could set the mark ends the short-read rule, be it a hook before
// the connection was made or somebody later, between a short read and the next Read.
func TestLowWaterMark(t *testing.T) {
	mark := func(fd uintptr) { syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVLOWAT, 1000) }
	hook := func(_, _ string, c syscall.RawConn) error { return c.Control(mark) }
	for _, tt := range []struct {
		name         string
		dial, listen func(network, address string, c syscall.RawConn) error
		later        bool
	}{
		{"dialed", hook, nil, false},
		{"accepted", nil, hook, false},
		{"later", nil, nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			lc := netpoller.ListenConfig{Control: tt.listen}
			lc.SetMultipathTCP(false) // what it accepts does not inherit the mark
			ln, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
			require.NoError(t, err)
			defer ln.Close()
			c, err := (&netpoller.Dialer{Control: tt.dial}).Dial("tcp", ln.Addr().String())
			require.NoError(t, err)
			defer c.Close()
			accepted, err := ln.Accept()
			require.NoError(t, err)
			defer accepted.Close()
			reader, writer := c, accepted
			if tt.listen != nil {
				reader, writer = accepted, c
			}
			reader.SetReadDeadline(time.Now().Add(time.Minute))
			for i, size := range []int{1500, 500, 500} {
				_, err := writer.Write(make([]byte, size))
				require.NoError(t, err)
				settled(t, reader, size)
				n, err := reader.Read(make([]byte, 4096))
				require.NoError(t, err)
				require.Equal(t, size, n)
				if i == 0 && tt.later {
					raw, err := reader.(syscall.Conn).SyscallConn()
					require.NoError(t, err)
					require.NoError(t, raw.Control(mark))
				}
			}
		})
	}
}

// A process that restarts hands its listener over as a file, and with it the mark that a
// hook of the old process set: every connection that the new one accepts inherits it.
func TestLowWaterMarkOfAListenerHandedOver(t *testing.T) {
	mark := func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVLOWAT, 1000) })
	}
	compare(t, func(s *side) []any {
		lc := net.ListenConfig{Control: mark}
		lc.SetMultipathTCP(false) // what it accepts does not inherit the mark
		old, err := lc.Listen(s.Context(), "tcp4", "127.0.0.1:0")
		require.NoError(s, err)
		ln, err := s.fileListener(s.fileOf(old.(fileMaker)))
		require.NoError(s, err)
		defer ln.Close()
		require.NoError(s, old.Close())
		c, err := net.Dial("tcp4", ln.Addr().String())
		require.NoError(s, err)
		defer c.Close()
		accepted, err := ln.Accept()
		require.NoError(s, err)
		defer accepted.Close()
		return readsBelowMark(s.T, c, accepted)
	})
}

// readsBelowMark sends what is more than the mark, and then less, and returns what each
// Read of it got, up to the first that failed.
func readsBelowMark(t *testing.T, writer, reader net.Conn) (r []any) {
	t.Helper()
	require.NoError(t, reader.SetReadDeadline(time.Now().Add(30*time.Second)))
	for _, size := range []int{1500, 500, 500} {
		_, err := writer.Write(make([]byte, size))
		require.NoError(t, err)
		settled(t, reader, size)
		n, err := reader.Read(make([]byte, 4096))
		if r = append(r, n, err); err != nil {
			break
		}
	}
	return r
}

// settled waits until that many bytes are in c's receive buffer, without the
// descriptor being lent: the kernel's table of connections tells.
func settled(t *testing.T, c net.Conn, size int) {
	t.Helper()
	require.Eventually(t, func() bool { return queued(t, c) == size }, nettest.Patience, time.Millisecond)
}

// A port that is none must be an error, not another port.
func TestPortOutOfRange(t *testing.T) {
	theirs, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	defer theirs.Close()
	ours, err := netpoller.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	defer ours.Close()
	port := theirs.LocalAddr().(*net.UDPAddr).Port
	for _, p := range []int{port + 1<<16, port - 1<<16, -1} {
		to := &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: p}
		_, want := theirs.WriteToUDP([]byte("x"), to)
		_, err := ours.WriteToUDP([]byte("x"), to)
		require.ErrorIs(t, want, syscall.EINVAL)
		require.ErrorIs(t, err, syscall.EINVAL)
		require.ErrorContains(t, err, "sendto: ")
		require.ErrorContains(t, want, "sendto: ")
		_, _, err = ours.WriteMsgUDP([]byte("x"), nil, to)
		require.ErrorIs(t, err, syscall.EINVAL)
	}
}

// queued returns how many bytes wait in c's receive queue.
func queued(t *testing.T, c net.Conn) (n int) {
	t.Helper()
	table, err := os.ReadFile("/proc/net/tcp")
	require.NoError(t, err)
	hex := func(a net.Addr) string {
		ip, port := a.(*net.TCPAddr).IP.To4(), a.(*net.TCPAddr).Port
		return fmt.Sprintf("%08X:%04X", binary.NativeEndian.Uint32(ip), port)
	}
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)
		if len(f) > 4 && f[1] == hex(c.LocalAddr()) && f[2] == hex(c.RemoteAddr()) {
			_, queue, _ := strings.Cut(f[4], ":")
			fmt.Sscanf(queue, "%X", &n)
		}
	}
	return n
}
