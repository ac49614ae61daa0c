package conn_test

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/internal/nettest"
)

// awaitReadable waits until a descriptor is readable, without taking anything.
func awaitReadable(fd int) error {
	_, err := unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLIN}}, 10_000)
	return err
}

// raw returns raw access to c.
func raw(t testing.TB, c *conn.TCPConn) syscall.RawConn {
	t.Helper()
	r, err := c.SyscallConn()
	require.NoError(t, err)
	return r
}

// A raw Read must wait for data between the calls of f, and see it.
func TestRawRead(t *testing.T) {
	a, b := pair(t)
	buffer := make([]byte, 100)
	calls, n := 0, 0
	waits := make(chan struct{}, 100)
	done := make(chan error)
	go func() {
		done <- raw(t, a).Read(func(fd uintptr) bool {
			calls++
			var err error
			n, err = syscall.Read(int(fd), buffer)
			waits <- struct{}{}
			return err != syscall.EAGAIN
		})
	}()
	<-waits // it found nothing
	write(t, b, "data")
	require.NoError(t, <-done)
	require.Equal(t, "data", string(buffer[:n]))
	require.Less(t, calls, 5, "it must wait, not try again and again")

	write(t, b, "more") // and Read itself must go on from there
	require.Equal(t, "more", read(t, a, 100))
}

// A raw Write must wait for room between the calls of f.
func TestRawWrite(t *testing.T) {
	a, b := pair(t)
	require.NoError(t, a.SetWriteBuffer(4096))
	const size = 4 << 20
	done := make(chan error, 1)
	go func() {
		left := make([]byte, size)
		done <- raw(t, a).Write(func(fd uintptr) bool {
			for len(left) > 0 {
				n, err := syscall.Write(int(fd), left)
				if err == syscall.EAGAIN {
					return false
				}
				if err != nil {
					return true
				}
				left = left[n:]
			}
			return true
		})
		a.CloseWrite()
	}()
	n, err := io.Copy(io.Discard, b)
	require.NoError(t, err)
	require.EqualValues(t, size, n)
	require.NoError(t, <-done)
}

// Raw reads and writes must fail as the deadline passes, without a call of f if it has
// passed before, and work again when it is cleared.
func TestRawDeadline(t *testing.T) {
	a, b := pair(t)
	r := raw(t, a)
	for _, operate := range []func(func(uintptr) bool) error{r.Read, r.Write} {
		require.NoError(t, a.SetDeadline(time.Now().Add(5*time.Millisecond)))
		calls := 0
		never := func(uintptr) bool { calls++; return false }
		require.ErrorIs(t, operate(never), os.ErrDeadlineExceeded)
		calls = 0
		require.ErrorIs(t, operate(never), os.ErrDeadlineExceeded)
		require.Zero(t, calls)
		require.NoError(t, a.SetDeadline(time.Time{}))
		require.NoError(t, operate(func(uintptr) bool { return true }))
	}
	write(t, b, "x")
	require.Equal(t, "x", read(t, a, 2))
}

// peek is what a database driver asks a connection before it uses it again: is it
// open, and is nothing there that should not be?
func peek(c *conn.TCPConn) error {
	r, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var state error
	err = r.Read(func(fd uintptr) bool {
		var b [1]byte
		n, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		switch {
		case n == 0 && err == nil:
			state = io.EOF
		case n > 0:
			state = errUnexpected
		case err != syscall.EAGAIN:
			state = err
		}
		return true
	})
	return errors.Join(err, state)
}

var errUnexpected = errors.New("there is data")

// A peek forgets an edge without taking the data it announced. A Read after it must
// find that data all the same, also when the Read before was a short one and the next
// would have waited for an edge.
func TestPeek(t *testing.T) {
	for _, theirPeer := range []bool{false, true} {
		var a *conn.TCPConn
		var b net.Conn
		if theirPeer {
			a, b = mixed(t)
		} else {
			a, b = pair(t)
		}
		for range 50 {
			require.NoError(t, peek(a))
			write(t, b, "first")
			require.Equal(t, "first", read(t, a, 100)) // short
			require.NoError(t, peek(a))                // nothing there

			write(t, b, "second")
			nettest.Control(t, a, awaitReadable)
			time.Sleep(200 * time.Microsecond) // most likely the edge has come by now
			require.ErrorIs(t, peek(a), errUnexpected)
			require.Equal(t, "second", read(t, a, 3)+read(t, a, 3)) // exact fit

			write(t, b, "third")
			nettest.Control(t, a, awaitReadable)
			time.Sleep(200 * time.Microsecond)
			require.Equal(t, "thi", read(t, a, 3))
			require.ErrorIs(t, peek(a), errUnexpected)
			require.ErrorIs(t, peek(a), errUnexpected)
			require.Equal(t, "rd", read(t, a, 100)) // short
		}
		require.NoError(t, b.Close())
		nettest.Control(t, a, awaitReadable)
		require.ErrorIs(t, peek(a), io.EOF)
		atEnd(t, a)
	}
}

// A peek that is under way when data comes must not make the next Read miss it.
func TestPeekRacesWithData(t *testing.T) {
	a, b := pair(t)
	for range 2000 {
		go write(t, b, "data")
		if err := peek(a); err != nil {
			require.ErrorIs(t, err, errUnexpected)
		}
		require.Equal(t, "data", read(t, a, 100))
	}
}

// A raw read that takes part of the data must leave the rest to Read, and the other
// way round.
func TestRawReadTakesPart(t *testing.T) {
	a, b := pair(t)
	for range 100 {
		write(t, b, "rawcooked")
		nettest.Control(t, a, awaitReadable)
		buffer := make([]byte, 3)
		require.NoError(t, raw(t, a).Read(func(fd uintptr) bool {
			_, err := syscall.Read(int(fd), buffer)
			return err != syscall.EAGAIN
		}))
		require.Equal(t, "raw", string(buffer))
		require.Equal(t, "cooked", read(t, a, 100))
	}
}

// Readers of one connection must take turns, raw ones too: two that wait on one side
// at a time is what the poller forbids.
func TestReadersTakeTurns(t *testing.T) {
	a, b := pair(t)
	const n = 50
	got := make(chan string, 2*n)
	for range n {
		go func() { got <- read(t, a, 1) }()
		go func() {
			buffer := make([]byte, 1)
			err := raw(t, a).Read(func(fd uintptr) bool {
				_, err := syscall.Read(int(fd), buffer)
				return err != syscall.EAGAIN
			})
			if err != nil {
				t.Error(err)
			}
			got <- string(buffer)
		}()
	}
	for range 2 * n {
		write(t, b, "x")
		require.Equal(t, "x", <-got)
	}
}
