package nettest

import (
	"net"
	"os"
	"runtime/debug"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A Socket is a TCP socket bound to the loopback address, closed with the test. On it
// dials are refused, until it listens.
type Socket struct {
	fd   int
	Addr *net.TCPAddr
}

// Bind returns a socket of the network ("tcp4" or "tcp6") with a free port.
func Bind(t testing.TB, network string) Socket {
	t.Helper()
	s, err := bind(t, network, 0)
	check(t, "bind", err)
	return s
}

// BindBoth returns two sockets with the same port of 127.0.0.1 and of ::1.
func BindBoth(t testing.TB) (four, six Socket) {
	t.Helper()
	for {
		four = Bind(t, "tcp4")
		six, err := bind(t, "tcp6", four.Addr.Port)
		if err == nil {
			return four, six
		}
	}
}

func bind(t testing.TB, network string, port int) (s Socket, err error) {
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
	if err := syscall.Bind(fd, sa); err != nil {
		return Socket{}, err
	}
	sa, err = syscall.Getsockname(fd)
	check(t, "getsockname", err)
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		port = sa.Port
	case *syscall.SockaddrInet6:
		port = sa.Port
	}
	return Socket{fd, &net.TCPAddr{IP: ip, Port: port}}, nil
}

// Listen makes it accept connections.
func (s Socket) Listen(t testing.TB) net.Listener {
	t.Helper()
	check(t, "listen", syscall.Listen(s.fd, 128))
	dup, err := unix.FcntlInt(uintptr(s.fd), unix.F_DUPFD_CLOEXEC, 0)
	check(t, "fcntl", err)
	f := os.NewFile(uintptr(dup), "listener")
	defer f.Close()
	l, err := net.FileListener(f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// Hang makes every dial to it hang: it listens with a queue that is full, so that the
// kernel drops each SYN.
func (s Socket) Hang(t testing.TB) {
	t.Helper()
	check(t, "listen", syscall.Listen(s.fd, 0)) // a queue of 0 holds one connection
	c, err := net.DialTCP("tcp", nil, s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	Eventually(t, "the queue is full", func() bool { return Queued(t, s.fd) == 1 })
}

// Hang returns an address on which every dial hangs.
func Hang(t testing.TB, network string) (address string) {
	t.Helper()
	s := Bind(t, network)
	s.Hang(t)
	return s.Addr.String()
}

// Refuse returns an address on which every dial is refused, for as long as the test
// runs.
func Refuse(t testing.TB, network string) (address string) {
	t.Helper()
	return Bind(t, network).Addr.String()
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

// FreePort returns a port of 127.0.0.1 that nobody used a moment ago.
func FreePort(t testing.TB) int {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
