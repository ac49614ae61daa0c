//go:build linux

package grpc

import (
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// If this fails, a client does not notice that its server is gone without a word, or
// takes one for gone that is not. Clients wait at least 10 s before they ask, so all of
// them wait at once.
func TestClientKeepalive(t *testing.T) {
	params := func(timeout time.Duration) grpc.DialOption {
		return grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: 10 * time.Second, Timeout: timeout, PermitWithoutStream: true})
	}
	_, _, address := serve(t, ends.Net(), grpc.KeepaliveEnforcementPolicy(
		keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}))
	var all sync.WaitGroup
	for _, side := range []ends.Side{
		ends.Ours(ends.NewGroup(t, netpoller.PollerConfig{Strategy: netpoller.PollerNested})),
		ends.Ours(ends.NewGroup(t, netpoller.PollerConfig{Strategy: netpoller.PollerThread})),
		ends.Net(),
	} {
		alive := dial(t, side, address, params(ends.Patience))
		before, err := call(t.Context(), alive, "Peer", nil)
		require.NoError(t, err)

		l := ends.Listen(t, ends.Net())
		dial(t, side, l.Addr().String(), params(short)).Connect()
		c, err := l.Accept()
		require.NoError(t, err)
		t.Cleanup(func() { c.Close() })
		all.Go(func() {
			ends.SilentServer(t, c)
			after, err := call(t.Context(), alive, "Peer", nil)
			assert.NoError(t, err)
			assert.Equal(t, string(before), string(after), "another connection")
		})
	}
	all.Wait()
}

// If this fails, a server keeps the connections of clients that are gone without a
// word, or gives up one that is not.
func TestServerKeepalive(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		t.Parallel()
		params := func(timeout time.Duration) grpc.ServerOption {
			return grpc.KeepaliveParams(keepalive.ServerParameters{Time: time.Second, Timeout: timeout})
		}
		_, _, address := serve(t, p.Server, params(ends.Patience))
		chat := open(t.Context(), t, dial(t, p.Client, address), "Chat")
		require.NoError(t, echo(chat, []byte("hello")))

		_, _, address = serve(t, p.Server, params(short))
		c := ends.Dial(t, p.Client, address)
		ends.SilentClient(t, c)

		require.NoError(t, echo(chat, []byte("still there")))
	})
}

// If this fails, a connection without calls is kept longer than the server allows, or
// the client cannot go on with another.
func TestMaxConnectionIdle(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		_, _, address := serve(t, p.Server, grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: short}))
		c := dial(t, p.Client, address)
		last := ""
		for range 3 {
			now, err := call(t.Context(), c, "Peer", nil)
			require.NoError(t, err)
			require.NotEqual(t, last, string(now), "the connection was kept")
			last = string(now)
			ends.Eventually(t, "the connection is closed", func() bool { return c.GetState() == connectivity.Idle })
		}
	})
}

// If this fails, a server that closes old connections makes calls fail, or cuts off a
// stream before its time, or never.
func TestMaxConnectionAge(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		t.Parallel()
		_, _, address := serve(t, p.Server, grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: short}))
		c := dial(t, p.Client, address)
		chat := open(t.Context(), t, c, "Chat")
		require.NoError(t, echo(chat, []byte("hello")))
		connections := map[string]bool{}
		ends.Eventually(t, "there are four connections, one after another", func() bool {
			from, err := call(t.Context(), c, "Peer", nil)
			require.NoError(t, err)
			connections[string(from)] = true
			return len(connections) == 4
		})
		require.NoError(t, echo(chat, []byte("still there")))
		require.NoError(t, chat.CloseSend())
		require.ErrorIs(t, chat.RecvMsg(new(message)), io.EOF)

		_, _, address = serve(t, p.Server, grpc.KeepaliveParams(
			keepalive.ServerParameters{MaxConnectionAge: short, MaxConnectionAgeGrace: short}))
		chat = open(t.Context(), t, dial(t, p.Client, address), "Chat")
		assert.Equal(t, codes.Unavailable, status.Code(chat.RecvMsg(new(message))))
	})
}

// userTimeout returns how long the kernel waits until it gives up a connection whose
// peer does not acknowledge what was sent. 0: a quarter of an hour.
func userTimeout(t testing.TB, c net.Conn) time.Duration {
	t.Helper()
	raw, err := c.(syscall.Conn).SyscallConn()
	require.NoError(t, err)
	milliseconds := -1
	require.NoError(t, raw.Control(func(fd uintptr) {
		milliseconds, err = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT)
	}))
	require.NoError(t, err)
	return time.Duration(milliseconds) * time.Millisecond
}

// An accepted listener tells which connections it accepts.
type accepted struct {
	net.Listener
	conns chan net.Conn
}

func (l accepted) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil {
		l.conns <- c
	}
	return c, err
}

// If this fails, docs/reference/interop.md is wrong about what it costs that grpc asks whether a
// connection is a *net.TCPConn, or about the remedy.
func TestUserTimeout(t *testing.T) {
	control := func(_, _ string, c syscall.RawConn) (err error) {
		c.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 20_000)
		})
		return err
	}
	for _, c := range []struct {
		name   string
		listen func(g *netpoller.PollerGroup) (net.Listener, error)
		want   time.Duration
	}{
		{"net", func(*netpoller.PollerGroup) (net.Listener, error) { return net.Listen("tcp", ends.Loopback+":0") }, 20 * time.Second},
		{"ours", func(g *netpoller.PollerGroup) (net.Listener, error) {
			return ends.Ours(g).Listen("tcp", ends.Loopback+":0")
		}, 0},
		{"ours, with Control", func(g *netpoller.PollerGroup) (net.Listener, error) {
			lc := netpoller.ListenConfig{Poller: g, Control: control}
			return lc.Listen(t.Context(), "tcp", ends.Loopback+":0")
		}, 20 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := c.listen(ends.NewGroup(t, netpoller.PollerConfig{}))
			require.NoError(t, err)
			conns := make(chan net.Conn, 10)
			_, _, address := serveOn(t, accepted{l, conns})
			_, err = call(t.Context(), dial(t, ends.Net(), address), "Peer", nil)
			require.NoError(t, err)
			got := userTimeout(t, ends.Receive(t, "a connection", conns))
			t.Logf("TCP_USER_TIMEOUT %v", got)
			assert.Equal(t, c.want, got)
		})
	}
}
