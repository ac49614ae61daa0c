package dialer_test

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/dialer"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/poller"
)

// failing lets the calls of one kind fail, as long as fails says so, and counts them.
func failing(t *testing.T, kind sys.Call, fails func(n int, fd int) error) (calls *atomic.Int64) {
	calls = new(atomic.Int64)
	t.Cleanup(sys.SetFault(func(call sys.Call, fd int) error {
		if call != kind {
			return nil
		}
		return fails(int(calls.Add(1)), fd)
	}))
	return calls
}

// upTo fails the first n calls.
func upTo(n int, err error) func(int, int) error {
	return func(call, _ int) error {
		if call <= n {
			return err
		}
		return nil
	}
}

// A connect to itself must be tried again, twice at most, as package net does; here a
// Control hook binds the socket to the port that is dialed.
func TestSelfConnectAgain(t *testing.T) {
	for _, bound := range []int{1, 2, 3, 4} { // how many attempts connect to themselves
		same(t, func(s *both.Side) string {
			nettest.NoFDsLeft(s)
			free := nettest.FreePort(s)
			var j journal
			attempts := 0
			d := net.Dialer{Control: func(network, address string, c syscall.RawConn) (err error) {
				j.note("control")
				if attempts++; attempts > bound {
					return nil
				}
				return errors.Join(c.Control(func(fd uintptr) {
					err = syscall.Bind(int(fd), &syscall.SockaddrInet4{Port: free, Addr: [4]byte{127, 0, 0, 1}})
				}), err)
			}}
			c, err := s.Dial(background, d, "tcp", at("127.0.0.1", free))
			if err == nil {
				j.note("to itself: %t", c.LocalAddr().String() == c.RemoteAddr().String())
				c.Close()
			}
			return j.text() + describe(s, err)
		})
	}
}

// A local port given by the caller must be used as it is, even if that connects the
// socket to itself.
func TestSelfConnectOnPurpose(t *testing.T) {
	same(t, func(s *both.Side) string {
		free := nettest.FreePort(s)
		local := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: free}
		c, err := s.Dial(background, net.Dialer{LocalAddr: local}, "tcp", at("127.0.0.1", free))
		require.NoError(s, err)
		defer c.Close()
		require.Equal(s, c.LocalAddr().String(), c.RemoteAddr().String())
		return ""
	})
}

// EADDRNOTAVAIL must be tried again, twice at most, unless the caller chose the port.
func TestAddrNotAvailAgain(t *testing.T) {
	nettest.NoFDsLeft(t)
	port := serve(t, "tcp4", "127.0.0.1:0")
	for failures := 1; failures <= 3; failures++ {
		calls := failing(t, sys.CallConnect, upTo(failures, syscall.EADDRNOTAVAIL))
		c, err := dialer.Dial("tcp", at("127.0.0.1", port))
		if failures == 3 {
			require.EqualError(t, err, "dial tcp "+at("127.0.0.1", port)+": connect: cannot assign requested address")
		} else {
			require.NoError(t, err)
			usable(t, c)
			c.Close()
		}
		require.EqualValues(t, map[int]int{1: 3, 2: 4, 3: 3}[failures], calls.Load(), "two for a connection")
	}
	calls := failing(t, sys.CallConnect, upTo(1, syscall.EADDRNOTAVAIL))
	d := dialer.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: nettest.FreePort(t)}}
	_, err := d.Dial("tcp", at("127.0.0.1", port))
	require.ErrorIs(t, err, syscall.EADDRNOTAVAIL)
	require.EqualValues(t, 1, calls.Load())
}

// chatter accepts connections and sends a byte on each, again and again, so that its
// peer's descriptor keeps getting edges.
func chatter(t *testing.T) (address string) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for err == nil {
					time.Sleep(time.Millisecond)
					_, err = c.Write([]byte("x"))
				}
			}()
		}
	}()
	return l.Addr().String()
}

// after fails n calls after the first one.
func after(n int, err error) func(int, int) error {
	return func(call, _ int) error {
		if 1 < call && call <= 1+n {
			return err
		}
		return nil
	}
}

// A wake-up that finds the connection still in progress was spurious: the dial must go on
// waiting (golang/go#14548, golang/go#19289).
func TestSpuriousWakeup(t *testing.T) {
	nettest.NoFDsLeft(t)
	address := chatter(t)
	calls := failing(t, sys.CallConnect, after(3, syscall.EALREADY))
	c, err := dialer.DialTimeout("tcp", address, time.Minute)
	require.NoError(t, err)
	defer c.Close()
	require.EqualValues(t, 5, calls.Load())
	usable(t, c)
	require.Equal(t, address, c.RemoteAddr().String())
}

// A spurious wake-up must not outlast the dial's time.
func TestSpuriousWakeupTimeout(t *testing.T) {
	nettest.NoFDsLeft(t)
	failing(t, sys.CallConnect, after(1<<30, syscall.EALREADY))
	_, err := dialer.DialTimeout("tcp", chatter(t), 50*time.Millisecond)
	require.True(t, err.(net.Error).Timeout(), "%v", err)
}

// The error of a connection in progress must be the dial's error.
func TestSocketError(t *testing.T) {
	nettest.NoFDsLeft(t)
	address := chatter(t)
	failing(t, sys.CallConnect, after(1, syscall.ENOBUFS))
	_, err := dialer.Dial("tcp", address)
	require.EqualError(t, err, "dial tcp "+address+": connect: no buffer space available")
	var call *os.SyscallError
	require.ErrorAs(t, err, &call)
}

// If this fails, a connection whose peer cannot be asked for is none, or has no peer.
func TestUnknownPeer(t *testing.T) {
	nettest.NoFDsLeft(t)
	address := chatter(t)
	failing(t, sys.CallGetpeername, upTo(1, syscall.ENOBUFS))
	c, err := dialer.Dial("tcp", address)
	require.NoError(t, err)
	defer c.Close()
	usable(t, c)
	require.Equal(t, address, c.RemoteAddr().String())
}

// A connect that says it was interrupted goes on by itself, and one that is done says
// so: both must end in a connection (EINTR, EALREADY, EISCONN).
func TestOddConnectResults(t *testing.T) {
	nettest.NoFDsLeft(t)
	port := serve(t, "tcp4", "127.0.0.1:0")
	for _, errno := range []syscall.Errno{syscall.EINTR, syscall.EALREADY, syscall.EINPROGRESS, syscall.EISCONN} {
		failing(t, sys.CallConnect, func(call, fd int) error {
			if call > 1 {
				return nil
			}
			err := syscall.Connect(fd, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}})
			assert.Equal(t, syscall.EINPROGRESS, err)
			nettest.Eventually(t, "connected", func() bool {
				_, err := syscall.Getpeername(fd)
				return errno != syscall.EISCONN || err == nil
			})
			return errno
		})
		c, err := dialer.DialTimeout("tcp", at("127.0.0.1", port), time.Minute)
		require.NoError(t, err, "%v", errno)
		usable(t, c)
		require.Equal(t, at("127.0.0.1", port), c.RemoteAddr().String())
		c.Close()
	}
}

// An error that keeps a socket from being made must be the dial's error and leave no descriptor.
func TestNoSocket(t *testing.T) {
	nettest.NoFDsLeft(t)
	address := chatter(t)
	for kind, want := range map[sys.Call]string{
		sys.CallSocket:  "socket: too many open files",
		sys.CallConnect: "connect: too many open files",
	} {
		restore := sys.SetFault(func(call sys.Call, _ int) error {
			if call == kind {
				return syscall.EMFILE
			}
			return nil
		})
		_, err := dialer.Dial("tcp", address)
		restore()
		require.EqualError(t, err, "dial tcp "+address+": "+want)
		require.ErrorIs(t, err, syscall.EMFILE)
	}
}

// Where Multipath TCP fails, whatever the reason, plain TCP must be tried.
func TestMultipathFallsBack(t *testing.T) {
	if !conn.SupportsMultipathTCP() {
		t.Skip("this kernel has no Multipath TCP")
	}
	nettest.NoFDsLeft(t)
	port := serve(t, "tcp4", "127.0.0.1:0")
	calls := failing(t, sys.CallConnect, upTo(1, syscall.EPERM))
	var d dialer.Dialer
	d.SetMultipathTCP(true)
	c, err := d.Dial("tcp", at("127.0.0.1", port))
	require.NoError(t, err)
	defer c.Close()
	usable(t, c)
	require.EqualValues(t, 3, calls.Load(), "one that failed, two for a connection")
}

// If this fails, a connection between two addresses of this machine is taken for one of a
// socket with itself, because the ports are the same.
func TestSamePortIsNotItself(t *testing.T) {
	port := serve(t, "tcp4", "127.0.0.1:0")
	calls := 0
	d := dialer.Dialer{Control: func(_, _ string, c syscall.RawConn) (err error) {
		calls++
		control := c.Control(func(fd uintptr) {
			err = syscall.Bind(int(fd), &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 5}, Port: port})
		})
		return errors.Join(control, err)
	}}
	c, err := d.Dial("tcp4", at("127.0.0.1", port))
	require.NoError(t, err)
	defer c.Close()
	usable(t, c)
	require.Equal(t, 1, calls)
}

// If this fails, a dialed connection is watched by others than those it was given to.
func TestPollerOfDialer(t *testing.T) {
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	port := serve(t, "tcp4", "127.0.0.1:0")
	d := dialer.Dialer{Poller: g}
	c, err := d.Dial("tcp4", at("127.0.0.1", port))
	require.NoError(t, err)
	require.Equal(t, 1, g.Stats().Open)
	c.Close()
}
