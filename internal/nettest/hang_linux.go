package nettest

import (
	"net"
	"os"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Hang returns an address of the network ("tcp4" or "tcp6") on which every dial hangs:
// that of a listener whose queue is full, so that the kernel drops each SYN. The port
// is a free one if 0 is asked for.
func Hang(t testing.TB, network string, port int) (address string) {
	t.Helper()
	fd, sa := boundSocket(t, network, port)
	check(t, "listen", syscall.Listen(fd, 0)) // a queue of 0 holds one connection
	address = sa.String()
	c, err := net.Dial(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	Eventually(t, "the queue is full", func() bool { return Queued(t, fd) == 1 })
	return address
}

// boundSocket returns a socket bound to the loopback address, closed with the test.
func boundSocket(t testing.TB, network string, port int) (fd int, addr *net.TCPAddr) {
	t.Helper()
	family, ip := unix.AF_INET, net.IPv4(127, 0, 0, 1)
	var sa syscall.Sockaddr = &syscall.SockaddrInet4{Addr: [4]byte(ip.To4()), Port: port}
	if network == "tcp6" {
		family, ip = unix.AF_INET6, net.IPv6loopback
		sa = &syscall.SockaddrInet6{Addr: [16]byte(ip), Port: port}
	}
	fd, err := syscall.Socket(family, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	check(t, "socket", err)
	t.Cleanup(func() { syscall.Close(fd) })
	check(t, "setsockopt", syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1))
	check(t, "bind", syscall.Bind(fd, sa))
	sa, err = syscall.Getsockname(fd)
	check(t, "getsockname", err)
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		port = sa.Port
	case *syscall.SockaddrInet6:
		port = sa.Port
	}
	return fd, &net.TCPAddr{IP: ip, Port: port}
}

// Refuse returns an address of the network on which every dial is refused for as long
// as the test runs: that of a socket which is bound and does not listen.
func Refuse(t testing.TB, network string, port int) (address string) {
	t.Helper()
	_, sa := boundSocket(t, network, port)
	return sa.String()
}

func check(t testing.TB, call string, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(os.NewSyscallError(call, err))
	}
}

// Queued returns how many connections wait in a listening socket's queue.
func Queued(t testing.TB, fd int) int {
	t.Helper()
	info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	check(t, "getsockopt", err)
	return int(info.Unacked)
}

// Backlog returns how long a listening socket's queue may be.
func Backlog(t testing.TB, fd int) int {
	t.Helper()
	info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	check(t, "getsockopt", err)
	return int(info.Sacked)
}

// patience is how long Eventually waits: far longer than anything takes, so that a
// busy machine fails no test.
const patience = 30 * time.Second

// Eventually waits until a condition holds.
func Eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for start := time.Now(); !holds(); time.Sleep(time.Millisecond) {
		if time.Since(start) > patience {
			t.Fatalf("never came true: %s", what)
		}
	}
}

// OpenFDs returns how many descriptors this process has open.
func OpenFDs(t testing.TB) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries) - 1 // without the one that reads the directory
}

// NoFDsLeft checks at the end of the test that no more descriptors are open than now.
// Until then the garbage collector is off, because it would close what was forgotten.
// Call it before anything else that cleans up.
func NoFDsLeft(t testing.TB) {
	t.Helper()
	percent := debug.SetGCPercent(-1)
	before := OpenFDs(t)
	t.Cleanup(func() {
		defer debug.SetGCPercent(percent)
		Eventually(t, "every descriptor is closed", func() bool { return OpenFDs(t) <= before })
	})
}

// FreePort returns a port that nobody used a moment ago, on 127.0.0.1 and on ::1.
func FreePort(t testing.TB) int {
	t.Helper()
	for {
		four, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := four.Addr().(*net.TCPAddr).Port
		six, err := net.ListenTCP("tcp6", &net.TCPAddr{IP: net.IPv6loopback, Port: port})
		four.Close()
		if err == nil {
			six.Close()
			return port
		}
	}
}
