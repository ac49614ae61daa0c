//go:build linux

package fd

import (
	"net"
	"os"
	"syscall"
	"testing"

	"github.com/a57b2d82/netpoller/poller"
)

// RawRead and RawWrite must call again only after readiness, as often as it takes.
func TestRawReadWrite(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		calls := 0
		buf := make([]byte, 10)
		var n int
		reading := async(func() error {
			return fd.RawRead(func(sysfd uintptr) bool {
				calls++
				var err error
				n, err = syscall.Read(int(sysfd), buf)
				return err != syscall.EAGAIN
			})
		})
		parked(t, g, 1, 0)
		far.send("hello")
		ok(t, result(t, "RawRead", reading))
		if string(buf[:n]) != "hello" || calls < 2 || calls > 3 {
			t.Errorf("read %q in %d calls", buf[:n], calls)
		}

		small(t, fd, far)
		sent := 0
		writing := async(func() error {
			return fd.RawWrite(func(sysfd uintptr) bool {
				for sent < 4<<20 {
					n, err := syscall.Write(int(sysfd), make([]byte, 64<<10))
					if err == syscall.EAGAIN {
						return false
					}
					if err != nil {
						t.Errorf("write: %v", err)
						return true
					}
					sent += n
				}
				return true
			})
		})
		parked(t, g, 0, 1)
		got := async(func() error { far.recv(4 << 20); return nil })
		ok(t, result(t, "RawWrite", writing))
		result(t, "peer", got)
	})
}

// A raw operation must end with Close and with its deadline like any other, and must
// not begin after either.
func TestRawEnds(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		never := func(uintptr) bool { return false }
		fd, _ := pair(t, g)
		reading := async(func() error { return fd.RawRead(never) })
		parked(t, g, 1, 0)
		ok(t, fd.SetReadDeadline(longAgo))
		if err := result(t, "RawRead", reading); err != os.ErrDeadlineExceeded {
			t.Errorf("RawRead: %v", err)
		}
		called := false
		if err := fd.RawRead(func(uintptr) bool { called = true; return true }); err != os.ErrDeadlineExceeded || called {
			t.Errorf("RawRead after its deadline: %v, called %v", err, called)
		}
		writing := async(func() error { return fd.RawWrite(never) })
		parked(t, g, 0, 1)
		ok(t, fd.Close())
		if err := result(t, "RawWrite", writing); err != net.ErrClosed {
			t.Errorf("RawWrite: %v", err)
		}
	})
}

// A Control hook sees a socket that nothing watches: it may use it and not wait.
func TestRawBeforeInit(t *testing.T) {
	fd := socketFD(t)
	sysfd := -1
	ok(t, fd.RawControl(func(s uintptr) { sysfd = int(s) }))
	ok(t, fd.RawRead(func(s uintptr) bool { return int(s) == sysfd }))
	if err := fd.RawWrite(func(uintptr) bool { return false }); err == nil || err.Error() != "waiting for unsupported file type" {
		t.Errorf("RawWrite that waits: %v", err)
	}
	if !fd.exposed.Load() {
		t.Error("a hook that had the descriptor may have set a low-water mark, and kept a duplicate")
	}
}

// A duplicate is the same socket, with a number of its own that no child inherits.
func TestDup(t *testing.T) {
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	fd, far := pair(t, g)
	dup, err := fd.Dup()
	ok(t, err)
	defer syscall.Close(dup)
	if socketOf(dup) != socketOf(fd.sysfd) || dup == fd.sysfd {
		t.Errorf("%d is no duplicate of %d", dup, fd.sysfd)
	}
	flags, _, _ := syscall.Syscall(syscall.SYS_FCNTL, uintptr(dup), syscall.F_GETFD, 0)
	if flags&syscall.FD_CLOEXEC == 0 {
		t.Error("a child would inherit it")
	}
	ok(t, fd.Close())
	far.send("hello")
	buf := make([]byte, 10)
	if n, err := syscall.Read(dup, buf); string(buf[:max(n, 0)]) != "hello" || err != nil {
		t.Errorf("the duplicate reads %q, %v", buf[:max(n, 0)], err)
	}
}

// Options set through the FD must reach the socket, and its errors the caller.
func TestSockopt(t *testing.T) {
	fd := socketFD(t)
	for _, on := range []int{1, 0} {
		ok(t, fd.SetsockoptInt(syscall.IPPROTO_TCP, syscall.TCP_NODELAY, on))
		v, err := fd.GetsockoptInt(syscall.IPPROTO_TCP, syscall.TCP_NODELAY)
		if v != on || err != nil {
			t.Errorf("TCP_NODELAY = %d, %v, want %d", v, err, on)
		}
	}
	if err := fd.SetsockoptInt(-1, -1, 0); err == nil {
		t.Error("an option that is none was accepted")
	}
	ok(t, fd.SetsockoptLinger(syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1, Linger: 7}))
	if v, err := fd.GetsockoptInt(syscall.SOL_SOCKET, syscall.SO_LINGER); v != 1 || err != nil {
		t.Errorf("SO_LINGER = %d, %v", v, err)
	}
}
