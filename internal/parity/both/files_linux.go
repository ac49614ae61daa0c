package both

import (
	"os"
	"strings"
	"syscall"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Opened opens a file, to read, until the test ends.
func (s *Side) Opened(name string) *os.File {
	f, err := os.Open(name)
	require.NoError(s, err)
	s.Cleanup(func() { f.Close() })
	return f
}

// RawSocket returns a socket that nothing was done with.
func (s *Side) RawSocket(family, sotype, proto int) *os.File {
	fd, err := unix.Socket(family, sotype|unix.SOCK_CLOEXEC, proto)
	if err != nil {
		s.Skipf("this machine has none: %v", err)
	}
	f := os.NewFile(uintptr(fd), "socket")
	s.Cleanup(func() { f.Close() })
	return f
}

// BoundFile returns the file of an IPv4 socket that is bound to the loopback address.
func (s *Side) BoundFile(sotype int) *os.File {
	f := s.RawSocket(unix.AF_INET, sotype, 0)
	require.NoError(s, unix.Bind(int(f.Fd()), &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	return f
}

// A FileMaker is a connection or a listener.
type FileMaker interface{ File() (*os.File, error) }

// FileOf returns a file of a connection or a listener, under a name that both sides
// have.
func (s *Side) FileOf(c FileMaker) *os.File {
	s.Helper()
	f, err := c.File()
	require.NoError(s, err)
	defer f.Close()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	require.NoError(s, err)
	named := os.NewFile(uintptr(fd), "socket")
	s.Cleanup(func() { named.Close() })
	return named
}

// NameOf returns what a file is called, without what ours does not have: the digit of the
// network, and a peer that has gone.
func NameOf(f *os.File, peer bool) string {
	network, addrs, _ := strings.Cut(f.Name(), ":")
	if local, _, ok := strings.Cut(addrs, "->"); ok && !peer {
		addrs = local
	}
	return strings.TrimRight(network, "46") + ":" + addrs
}

// Raw returns raw access to a connection or a listener.
func (s *Side) Raw(c any) syscall.RawConn {
	s.Helper()
	raw, err := c.(syscall.Conn).SyscallConn()
	require.NoError(s, err)
	return raw
}
