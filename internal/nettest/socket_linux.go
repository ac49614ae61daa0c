package nettest

import (
	"errors"
	"net"
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Control calls f with the descriptor of a connection or a listener.
func Control(t testing.TB, c syscall.Conn, f func(fd int) error) {
	t.Helper()
	raw, err := c.SyscallConn()
	if err == nil {
		var failed error
		err = errors.Join(raw.Control(func(fd uintptr) { failed = f(int(fd)) }), failed)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Option returns the value of a socket option.
func Option(t testing.TB, c syscall.Conn, level, name int) (value int) {
	t.Helper()
	Control(t, c, func(fd int) (err error) {
		value, err = unix.GetsockoptInt(fd, level, name)
		return os.NewSyscallError("getsockopt", err)
	})
	return value
}

// SetOption sets a socket option.
func SetOption(t testing.TB, c syscall.Conn, level, name, value int) {
	t.Helper()
	Control(t, c, func(fd int) error {
		return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, level, name, value))
	})
}

// Connect gives a bound socket its peer.
func Connect(t testing.TB, c syscall.Conn, to syscall.Sockaddr) {
	t.Helper()
	Control(t, c, func(fd int) error { return os.NewSyscallError("connect", syscall.Connect(fd, to)) })
}

// AwaitEvents waits until the kernel shows events on a connection.
func AwaitEvents(t testing.TB, c syscall.Conn, events int16) {
	t.Helper()
	Eventually(t, "poll(2) shows events", func() (seen bool) {
		Control(t, c, func(fd int) error {
			p := []unix.PollFd{{Fd: int32(fd), Events: events}}
			unix.Poll(p, 0)
			seen = p[0].Revents&events != 0
			return nil
		})
		return seen
	})
}

// Abort closes a connection by a reset, which leaves nothing in TIME_WAIT: tests make more
// connections than there are ports.
func Abort(c net.Conn) {
	c.(interface{ SetLinger(int) error }).SetLinger(0)
	c.Close()
}
