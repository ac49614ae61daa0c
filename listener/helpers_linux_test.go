package listener_test

import (
	"context"
	"net"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/listener"
)

func TestMain(m *testing.M) { both.Main(m) }

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
	t.Cleanup(func() { nettest.Abort(c) })
	return c
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
	nettest.Control(t, l, func(fd int) error { n = nettest.Backlog(t, fd); return nil })
	return n
}
