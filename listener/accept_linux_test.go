package listener_test

import (
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/listener"
	"github.com/a57b2d82/netpoller/poller"
)

// A connection aborted in the queue, and a signal, are no reason for Accept to return:
// it must go on to the next connection, also if none is there yet.
func TestAcceptPassesOver(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.ECONNABORTED, syscall.EINTR} {
		for _, early := range []bool{true, false} { // the connection comes before Accept, or after
			l := listen(t, listener.ListenConfig{})
			calls := failAccept(t, func(n int) error {
				if n <= 3 {
					return errno
				}
				return nil
			})
			var c net.Conn
			if early {
				c = dial(t, l)
			}
			accepted := make(chan net.Conn)
			go func() {
				a, err := l.Accept()
				if err != nil {
					t.Error(err)
				}
				accepted <- a
			}()
			if !early {
				nettest.Eventually(t, "Accept waits", func() bool { return calls.Load() == 4 })
				c = dial(t, l)
			}
			a := <-accepted
			require.NotNil(t, a)
			carries(t, c, a)
			require.NoError(t, a.Close())
		}
	}
}

// Other errors of accept4 must come out as package net has them, whatever they are, and
// the listener must work on: the connection is still in the queue.
func TestAcceptReturns(t *testing.T) {
	for _, errno := range []syscall.Errno{
		syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EPERM, syscall.EPROTO,
		syscall.ENETDOWN, syscall.EHOSTUNREACH, syscall.ENONET, syscall.EOPNOTSUPP,
	} {
		l := listen(t, listener.ListenConfig{})
		c := dial(t, l)
		calls := failAccept(t, func(n int) error {
			if n <= 2 {
				return errno
			}
			return nil
		})
		for n := 1; n <= 2; n++ {
			a, err := l.Accept()
			require.True(t, a == nil, "no connection with an error")
			require.Equal(t, &net.OpError{Op: "accept", Net: "tcp", Addr: l.Addr(), Err: os.NewSyscallError("accept4", errno)}, err)
			require.EqualValues(t, n, calls.Load(), "one system call for an error")
			temporary := err.(net.Error).Temporary() //lint:ignore SA1019 net/http asks
			require.Equal(t, errno.Temporary(), temporary)
		}
		a, err := l.Accept()
		require.NoError(t, err)
		carries(t, c, a)
		require.NoError(t, a.Close())
	}
}

// An accepted connection that cannot be watched fails when it first has to wait, as net's Accept
// does, and works once it can be. The listener lives: golang/go#34392 closed it.
func TestAcceptedCannotBeWatched(t *testing.T) {
	nettest.NoFDsLeft(t)
	l := listen(t, listener.ListenConfig{})
	first := dial(t, l)
	restore := sys.SetFault(func(call sys.Call, _ int) error {
		if call == sys.CallEpollCtl {
			return syscall.ENOSPC
		}
		return nil
	})
	a, err := l.Accept()
	require.NoError(t, err)
	_, err = a.Read(make([]byte, 1))
	restore()
	require.Equal(t, &net.OpError{Op: "read", Net: "tcp", Source: a.LocalAddr(), Addr: a.RemoteAddr(), Err: os.NewSyscallError("read", syscall.ENOSPC)}, err)
	carries(t, first, a)
	require.NoError(t, a.Close())

	second := dial(t, l)
	a, err = l.Accept()
	require.NoError(t, err)
	carries(t, second, a)
	require.NoError(t, a.Close())
}

// A connection for which no reactor can be made is closed, and its error returned. The listener
// lives.
func TestAcceptedWithoutReactor(t *testing.T) {
	nettest.NoFDsLeft(t)
	g := poller.NewGroup(poller.Config{Pollers: 2})
	defer g.Close()
	l := listen(t, listener.ListenConfig{Poller: g})
	first := dial(t, l)
	restore := sys.SetFault(func(call sys.Call, _ int) error {
		if call == sys.CallEpollCreate {
			return syscall.EMFILE
		}
		return nil
	})
	_, err := l.Accept()
	restore()
	require.ErrorIs(t, err, syscall.EMFILE)
	require.NoError(t, first.SetReadDeadline(nettest.Soon()))
	_, err = first.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)

	second := dial(t, l)
	a, err := l.Accept()
	require.NoError(t, err)
	carries(t, second, a)
	require.NoError(t, a.Close())
}

// http.Server must live through a spell of EMFILE: wait, not spin, and then serve the
// connection that was in the queue all the time.
func TestHTTPServerBacksOff(t *testing.T) {
	l := listen(t, listener.ListenConfig{})
	release := make(chan struct{})
	calls := failAccept(t, func(n int) error {
		select {
		case <-release:
			return nil
		default:
			return syscall.EMFILE
		}
	})
	server := &http.Server{
		Handler:  http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("served")) }),
		ErrorLog: discard,
	}
	served := make(chan error)
	go func() { served <- server.Serve(l) }()

	answer := make(chan error)
	go func() {
		r, err := http.Get("http://" + l.Addr().String())
		if err == nil {
			r.Body.Close()
		}
		answer <- err
	}()
	nettest.Eventually(t, "the server met EMFILE", func() bool { return calls.Load() >= 3 })
	before := calls.Load()
	time.Sleep(100 * time.Millisecond)
	require.Less(t, calls.Load()-before, int64(50), "the server spins")
	close(release)
	require.NoError(t, <-answer)
	require.NoError(t, server.Close())
	require.ErrorIs(t, <-served, http.ErrServerClosed)
}
