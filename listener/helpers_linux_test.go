package listener_test

import (
	"context"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/listener"
	"github.com/a57b2d82/netpoller/poller"
)

// TestMain starts both reactors, Go's and ours, whose descriptors stay: the tests
// count descriptors.
func TestMain(m *testing.M) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		l.Close()
		_, err = poller.Default().Pick()
	}
	if err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// listen returns a listener on the loopback interface.
func listen(t *testing.T, lc listener.ListenConfig) *listener.TCPListener {
	t.Helper()
	l, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	return l.(*listener.TCPListener)
}

// dial connects to l by package net.
func dial(t *testing.T, l net.Listener) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() {
		c.(*net.TCPConn).SetLinger(0) // a reset leaves nothing in TIME_WAIT
		c.Close()
	})
	return c
}

// control calls f with l's descriptor.
func control(t *testing.T, l syscall.Conn, f func(fd int)) {
	t.Helper()
	raw, err := l.SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(fd uintptr) { f(int(fd)) }))
}

// failAccept makes the n'th accept fail with what fails(n) returns, and counts them.
func failAccept(t *testing.T, fails func(n int) error) (calls *atomic.Int64) {
	t.Helper()
	calls = new(atomic.Int64)
	t.Cleanup(sys.SetFault(func(call sys.Call, _ int) error {
		if call != sys.CallAccept {
			return nil
		}
		return fails(int(calls.Add(1)))
	}))
	return calls
}

// carries requires that what is written at one end is read at the other.
func carries(t *testing.T, from, to net.Conn) {
	t.Helper()
	_, err := from.Write([]byte("x"))
	require.NoError(t, err)
	b := make([]byte, 2)
	n, err := to.Read(b)
	require.NoError(t, err)
	require.Equal(t, "x", string(b[:n]))
}

// backlog returns how long l's queue may be.
func backlog(t *testing.T, l syscall.Conn) (n int) {
	t.Helper()
	control(t, l, func(fd int) { n = nettest.Backlog(t, fd) })
	return n
}
