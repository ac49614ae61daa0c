package listener_test

import (
	"context"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/listener"
	"github.com/a57b2d82/netpoller/poller"
)

// The backlog asked for must be the kernel's limit of the queue, cut down to somaxconn.
func TestBacklog(t *testing.T) {
	b, err := os.ReadFile("/proc/sys/net/core/somaxconn")
	require.NoError(t, err)
	most, err := strconv.Atoi(strings.TrimSpace(string(b)))
	require.NoError(t, err)
	for asked, want := range map[int]int{0: most, 1: 1, 5: 5, 128: min(128, most), 1 << 20: most, 65536: most, 65537: most} {
		for _, mptcp := range []bool{true, false} {
			lc := listener.ListenConfig{Backlog: asked}
			lc.SetMultipathTCP(mptcp)
			require.Equal(t, want, backlog(t, listen(t, lc)), "%d asked for, Multipath TCP %t", asked, mptcp)
		}
	}
}

// Of many dials to a listener that does not accept, only as many as the queue takes
// may complete (the kernel takes one more than it is told), and the others once it
// accepts.
func TestBacklogHolds(t *testing.T) {
	const backlog = 3
	l := listen(t, listener.ListenConfig{Backlog: backlog})
	for range backlog + 1 {
		dial(t, l)
	}
	nettest.Control(t, l, func(fd int) error {
		nettest.Eventually(t, "the queue is full", func() bool { return nettest.Queued(t, fd) == backlog+1 })
		return nil
	})
	_, err := net.DialTimeout("tcp", l.Addr().String(), 50*time.Millisecond)
	require.Error(t, err)
	require.True(t, err.(net.Error).Timeout(), "%v", err)
	for range backlog + 1 {
		c, err := l.Accept()
		require.NoError(t, err)
		c.Close()
	}
	dial(t, l)
}

// Accept must return each connection once, with both addresses, from many goroutines.
func TestAccept(t *testing.T) {
	nettest.NoFDsLeft(t)
	const n = 200
	l := listen(t, listener.ListenConfig{})
	accepted := make(chan net.Conn, n)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				c, err := l.Accept()
				if err != nil {
					assert.ErrorIs(t, err, net.ErrClosed)
					return
				}
				assert.IsType(t, (*conn.TCPConn)(nil), c)
				accepted <- c
			}
		})
	}
	dialed := make(map[string]net.Conn)
	for range n {
		c := dial(t, l)
		dialed[c.LocalAddr().String()] = c
	}
	for range n {
		c := <-accepted
		peer := dialed[c.RemoteAddr().String()]
		require.NotNil(t, peer)
		delete(dialed, c.RemoteAddr().String())
		require.Equal(t, l.Addr().String(), c.LocalAddr().String())
		carries(t, peer, c)
		carries(t, c, peer)
		c.Close()
		peer.Close()
	}
	require.NoError(t, l.Close())
	wg.Wait()
	require.Empty(t, accepted)
}

// A deadline must end the Accept that waits and every later one, and be cleared by the
// zero time; a connection in the queue must not get past it.
func TestSetDeadline(t *testing.T) {
	l := listen(t, listener.ListenConfig{})
	require.NoError(t, l.SetDeadline(time.Now().Add(10*time.Millisecond)))
	for range 2 {
		_, err := l.Accept()
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	}
	c := dial(t, l)
	_, err := l.Accept()
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NoError(t, l.SetDeadline(time.Time{}))
	a, err := l.Accept()
	require.NoError(t, err)
	carries(t, c, a)
	require.NoError(t, a.Close())
}

// File must return a descriptor of its own: close-on-exec, named, blocking when it is asked
// for, as the listener's is then, accepting after the listener was closed.
func TestFile(t *testing.T) {
	nettest.NoFDsLeft(t)
	l := listen(t, listener.ListenConfig{})
	f, err := l.File()
	require.NoError(t, err)
	defer f.Close()
	require.Equal(t, "tcp:"+l.Addr().String()+"->", f.Name())
	dup := f.Fd()
	nettest.Control(t, l, func(fd int) error {
		require.NotEqual(t, fd, int(dup))
		status, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		require.Zero(t, status&unix.O_NONBLOCK)
		return err
	})
	flags, err := unix.FcntlInt(dup, unix.F_GETFD, 0)
	require.NoError(t, err)
	require.NotZero(t, flags&unix.FD_CLOEXEC)

	theirs, err := net.FileListener(f)
	require.NoError(t, err)
	defer theirs.Close()
	require.Equal(t, l.Addr().String(), theirs.Addr().String())
	for _, take := range []net.Listener{l, theirs, l} {
		c := dial(t, l)
		a, err := take.Accept()
		require.NoError(t, err)
		carries(t, c, a)
		require.NoError(t, a.Close())
	}
	require.NoError(t, f.Close())
	require.NoError(t, l.Close())
	c := dial(t, theirs)
	a, err := theirs.Accept()
	require.NoError(t, err)
	defer a.Close()
	carries(t, c, a)
}

// Closing the file must leave the listener open.
func TestCloseFile(t *testing.T) {
	l := listen(t, listener.ListenConfig{})
	f, err := l.File()
	require.NoError(t, err)
	require.NoError(t, f.Close())
	c := dial(t, l)
	a, err := l.Accept()
	require.NoError(t, err)
	defer a.Close()
	carries(t, c, a)
}

// A listener's raw connection must have Control, and no Read or Write.
func TestSyscallConn(t *testing.T) {
	l := listen(t, listener.ListenConfig{})
	called := false
	nettest.Control(t, l, func(fd int) error {
		called = true
		v, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ACCEPTCONN)
		require.Equal(t, 1, v)
		return err
	})
	require.True(t, called)
	raw, err := l.SyscallConn()
	require.NoError(t, err)
	f := func(uintptr) bool { t.Error("called"); return true }
	require.Equal(t, syscall.EINVAL, raw.Read(f))
	require.Equal(t, syscall.EINVAL, raw.Write(f))
	require.NoError(t, l.Close())
	require.ErrorIs(t, raw.Control(func(uintptr) { t.Error("called") }), net.ErrClosed)
}

// Control must be called before bind: an option it sets there must work.
func TestControl(t *testing.T) {
	lc := listener.ListenConfig{Control: func(network, address string, c syscall.RawConn) (err error) {
		assert.Equal(t, "tcp4", network)
		return errors.Join(c.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
		}), err)
	}}
	first := listen(t, lc)
	second, err := lc.Listen(context.Background(), "tcp", first.Addr().String())
	require.NoError(t, err, "SO_REUSEPORT came too late")
	require.NoError(t, second.Close())
}

// Connections accepted must be watched by the listener's group, and be told when it is
// closed.
func TestPoller(t *testing.T) {
	nettest.NoFDsLeft(t)
	g := poller.NewGroup(poller.Config{Pollers: 2})
	l := listen(t, listener.ListenConfig{Poller: g})
	c := dial(t, l)
	a, err := l.Accept()
	require.NoError(t, err)
	carries(t, c, a)
	require.Equal(t, 2, g.Stats().Open)
	require.NoError(t, g.Close())
	_, err = a.Read(make([]byte, 1))
	require.ErrorIs(t, err, net.ErrClosed)
	_, err = l.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
	require.NoError(t, a.Close())
	require.NoError(t, l.Close())
	lc := listener.ListenConfig{Poller: g}
	_, err = lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	require.ErrorIs(t, err, poller.ErrClosed)
}
