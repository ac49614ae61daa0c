package conn

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/a57b2d82/netpoller/internal/sys"
)

// dialFamily returns the family of a socket between two addresses, one of which may be
// nil. It is IPv6 if one of them is an IPv6 address.
func (s SocketConfig) dialFamily(laddr, raddr net.Addr) (family int, v6only bool) {
	if family, v6only, ok := s.namedFamily(); ok {
		return family, v6only
	}
	if familyOf(laddr) == syscall.AF_INET && familyOf(raddr) == syscall.AF_INET {
		return syscall.AF_INET, false
	}
	return syscall.AF_INET6, false
}

// listenFamily returns the family of a socket bound to laddr. For a wildcard address it is
// IPv6 with IPv4-mapped addresses, if the system supports that.
func (s SocketConfig) listenFamily(laddr net.Addr) (family int, v6only bool) {
	if family, v6only, ok := s.namedFamily(); ok {
		return family, v6only
	}
	if isWildcard(laddr) && !wildcardIsIPv4.yes() {
		return syscall.AF_INET6, false
	}
	return familyOf(laddr), false
}

// namedFamily returns the family that the network's name determines, such as "tcp4".
func (s SocketConfig) namedFamily() (family int, v6only, ok bool) {
	if strings.HasPrefix(s.Network, "unix") {
		return syscall.AF_UNIX, false, true
	}
	switch s.Network[len(s.Network)-1] {
	case '4':
		return syscall.AF_INET, false, true
	case '6':
		return syscall.AF_INET6, true, true
	}
	return 0, false, false
}

// MultipathTCP is the protocol number IPPROTO_MPTCP, which package syscall does not have.
const MultipathTCP = 0x106

// SupportsMultipathTCP reports whether the kernel has Multipath TCP. A socket of it may still
// fail; the caller then uses plain TCP.
func SupportsMultipathTCP() bool { return supportsMultipathTCP() }

var supportsMultipathTCP = sync.OnceValue(func() bool {
	fd, err := sys.Socket(syscall.AF_INET, syscall.SOCK_STREAM, MultipathTCP)
	if errors.Is(err, syscall.EAFNOSUPPORT) {
		fd, err = sys.Socket(syscall.AF_INET6, syscall.SOCK_STREAM, MultipathTCP)
	}
	if err == nil {
		sys.CloseFD(fd)
		return true
	}
	switch err.(*os.SyscallError).Err {
	case syscall.EPROTONOSUPPORT, syscall.EINVAL:
		return false
	}
	return true // the kernel has it, and the call failed for another reason
})

// maxBacklog returns the longest queue that the kernel grants a listener (somaxconn). The
// kernel itself reduces a longer one to that. Before Linux 4.1 it truncated the number to 16
// bits first.
var maxBacklog = sync.OnceValue(func() int {
	f, err := os.ReadFile("/proc/sys/net/core/somaxconn")
	if err != nil {
		return syscall.SOMAXCONN
	}
	line, _, _ := bufio.NewReader(bytes.NewReader(f)).ReadLine()
	n, err := strconv.ParseUint(string(bytes.TrimSpace(line)), 10, 31)
	if err != nil || n == 0 {
		return syscall.SOMAXCONN
	}
	return int(n)
})
