package options

import (
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// Below a low-water mark data makes no edge, and yet a Read must return it, as package
// net's does: any code that could set the mark ends the short-read rule, be it a hook before
// the connection was made or a program later, between a short read and the next Read.
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
				both.Settled(t, reader, size)
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
	both.Compare(t, func(s *both.Side) []any {
		lc := net.ListenConfig{Control: mark}
		lc.SetMultipathTCP(false) // what it accepts does not inherit the mark
		old, err := lc.Listen(s.Context(), "tcp4", "127.0.0.1:0")
		require.NoError(s, err)
		ln, err := s.FileListener(s.FileOf(old.(both.FileMaker)))
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
		both.Settled(t, reader, size)
		n, err := reader.Read(make([]byte, 4096))
		if r = append(r, n, err); err != nil {
			break
		}
	}
	return r
}
