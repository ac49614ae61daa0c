package conn_test

import (
	"fmt"
	"io"
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/dialer"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
	"github.com/a57b2d82/netpoller/listener"
)

func TestMain(m *testing.M) {
	if policy := os.Getenv(denied); policy != "" { // before anything makes a socket
		if err := deny(policy); err != nil {
			fmt.Println("cannot filter system calls:", err)
			os.Exit(cannotDeny)
		}
		os.Exit(m.Run())
	}
	both.Main(m)
}

// pair returns the two ends of a connection, both ours.
func pair(t testing.TB) (a, b *conn.TCPConn) {
	t.Helper()
	a, peer := connect(t, true)
	return a, peer.(*conn.TCPConn)
}

// mixed returns the two ends of a connection, ours and package net's.
func mixed(t testing.TB) (ours *conn.TCPConn, theirs *net.TCPConn) {
	t.Helper()
	ours, peer := connect(t, false)
	return ours, peer.(*net.TCPConn)
}

func connect(t testing.TB, ours bool) (dialed *conn.TCPConn, accepted net.Conn) {
	t.Helper()
	listen := net.Listen
	if ours {
		listen = listener.Listen
	}
	l, err := listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	c, err := dialer.Dial("tcp4", l.Addr().String())
	require.NoError(t, err)
	for { // a dial of some other test may have strayed here
		accepted, err = l.Accept()
		require.NoError(t, err)
		if accepted.RemoteAddr().String() == c.LocalAddr().String() {
			break
		}
		accepted.Close()
	}
	t.Cleanup(func() { nettest.Abort(c); nettest.Abort(accepted) })
	return c.(*conn.TCPConn), accepted
}

// write writes a string.
func write(t testing.TB, w io.Writer, s string) {
	t.Helper()
	n, err := io.WriteString(w, s)
	require.NoError(t, err)
	require.Equal(t, len(s), n)
}

// read reads once, into a buffer of size bytes.
func read(t testing.TB, r io.Reader, size int) string {
	t.Helper()
	b := make([]byte, size)
	n, err := r.Read(b)
	require.NoError(t, err)
	return string(b[:n])
}

// atEnd requires that a Read meets the end of the stream.
func atEnd(t testing.TB, r io.Reader) {
	t.Helper()
	n, err := r.Read(make([]byte, 8))
	require.Zero(t, n)
	require.Equal(t, io.EOF, err)
}
