package both

import (
	"context"
	"fmt"
	"net"
	"os"
	"reflect"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
)

// UnixConn is what *net.UnixConn and *netpoller.UnixConn have in common.
type UnixConn interface {
	net.Conn
	net.PacketConn
	syscall.Conn
	CloseRead() error
	CloseWrite() error
	File() (*os.File, error)
	ReadFromUnix(b []byte) (int, *net.UnixAddr, error)
	ReadMsgUnix(b, oob []byte) (n, oobn, flags int, addr *net.UnixAddr, err error)
	SetReadBuffer(int) error
	SetWriteBuffer(int) error
	WriteToUnix(b []byte, addr *net.UnixAddr) (int, error)
	WriteMsgUnix(b, oob []byte, addr *net.UnixAddr) (n, oobn int, err error)
}

// UnixListener is what *net.UnixListener and *netpoller.UnixListener have in common.
type UnixListener interface {
	TCPListener
	SetUnlinkOnClose(bool)
}

var (
	_ UnixConn     = (*net.UnixConn)(nil)
	_ UnixConn     = (*netpoller.UnixConn)(nil)
	_ UnixListener = (*net.UnixListener)(nil)
	_ UnixListener = (*netpoller.UnixListener)(nil)
)

// DialUnix is that of this side.
func (s *Side) DialUnix(network string, laddr, raddr *net.UnixAddr) (UnixConn, error) {
	if s.Std {
		return net.DialUnix(network, laddr, raddr)
	}
	return netpoller.DialUnix(network, laddr, raddr)
}

// ListenUnix is that of this side.
func (s *Side) ListenUnix(network string, laddr *net.UnixAddr) (UnixListener, error) {
	if s.Std {
		return net.ListenUnix(network, laddr)
	}
	return netpoller.ListenUnix(network, laddr)
}

// ListenUnixgram is that of this side.
func (s *Side) ListenUnixgram(network string, laddr *net.UnixAddr) (UnixConn, error) {
	if s.Std {
		return net.ListenUnixgram(network, laddr)
	}
	return netpoller.ListenUnixgram(network, laddr)
}

// ListenUnixPacket is ListenPacket, with a hook.
func (s *Side) ListenUnixPacket(control controlFunc, network, address string) (net.PacketConn, error) {
	if s.Std {
		lc := net.ListenConfig{Control: control}
		return lc.ListenPacket(context.Background(), network, address)
	}
	lc := netpoller.ListenConfig{Control: control}
	return lc.ListenPacket(context.Background(), network, address)
}

// A controlFunc is the hook of a ListenConfig or a Dialer.
type controlFunc = func(network, address string, c syscall.RawConn) error

// AcceptUnix is that of this side.
func (s *Side) AcceptUnix(l net.Listener) (UnixConn, error) {
	if s.Std {
		return l.(*net.UnixListener).AcceptUnix()
	}
	return l.(*netpoller.UnixListener).AcceptUnix()
}

// FileConn is that of this side.
func (s *Side) FileConn(f *os.File) (net.Conn, error) {
	if s.Std {
		return net.FileConn(f)
	}
	return netpoller.FileConn(f)
}

// FilePacketConn is that of this side.
func (s *Side) FilePacketConn(f *os.File) (net.PacketConn, error) {
	if s.Std {
		return net.FilePacketConn(f)
	}
	return netpoller.FilePacketConn(f)
}

// FileListener is that of this side.
func (s *Side) FileListener(f *os.File) (net.Listener, error) {
	if s.Std {
		return net.FileListener(f)
	}
	return netpoller.FileListener(f)
}

// BrokenUnixConn returns a nil or a zero *UnixConn.
func (s *Side) BrokenUnixConn(zero bool) UnixConn {
	switch {
	case s.Std && zero:
		return &net.UnixConn{}
	case s.Std:
		return (*net.UnixConn)(nil)
	case zero:
		return &netpoller.UnixConn{}
	}
	return (*netpoller.UnixConn)(nil)
}

// BrokenUnixListener returns a nil or a zero *UnixListener.
func (s *Side) BrokenUnixListener(zero bool) UnixListener {
	switch {
	case s.Std && zero:
		return &net.UnixListener{}
	case s.Std:
		return (*net.UnixListener)(nil)
	case zero:
		return &netpoller.UnixListener{}
	}
	return (*netpoller.UnixListener)(nil)
}

// UnixSide runs f on both sides, each in a directory of its own, so that names of
// sockets are short and the same.
func UnixSide(t *testing.T, f func(s *Side) []any) {
	t.Helper()
	Compare(t, func(s *Side) []any {
		s.Chdir(s.TempDir())
		return f(s)
	})
}

// UnixPair returns both ends of a connection of the network, from "client" to "server".
// The first is tested; both are of this side.
func (s *Side) UnixPair(network string) (c, peer UnixConn) {
	s.Helper()
	client := &net.UnixAddr{Name: "client", Net: network}
	server := &net.UnixAddr{Name: "server", Net: network}
	var err error
	if network == "unixgram" {
		peer, err = s.ListenUnixgram(network, server)
		require.NoError(s, err)
		s.Cleanup(func() { peer.Close(); os.Remove("server"); os.Remove("client") })
		c, err = s.DialUnix(network, client, server)
		require.NoError(s, err)
		s.Cleanup(func() { c.Close() })
		return c, peer
	}
	l := s.UnixListener(network, "server")
	c, err = s.DialUnix(network, client, server)
	require.NoError(s, err)
	s.Cleanup(func() { c.Close(); os.Remove("client") })
	peer, err = s.AcceptUnix(l)
	require.NoError(s, err)
	s.Cleanup(func() { peer.Close() })
	return c, peer
}

// UnixListener listens at a name until the test ends.
func (s *Side) UnixListener(network, name string) UnixListener {
	s.Helper()
	l, err := s.ListenUnix(network, &net.UnixAddr{Name: name, Net: network})
	require.NoError(s, err)
	s.Cleanup(func() { l.Close() })
	return l
}

// UnixConns returns a pair made by socketpair(2), of this side. It has no names.
func (s *Side) UnixConns(sotype int) (c, peer UnixConn) {
	s.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, sotype|syscall.SOCK_CLOEXEC, 0)
	require.NoError(s, err)
	var conns [2]UnixConn
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), fmt.Sprint("end ", i))
		defer f.Close()
		made, err := s.FileConn(f)
		require.NoError(s, err)
		s.Cleanup(func() { made.Close() })
		conns[i] = made.(UnixConn)
	}
	return conns[0], conns[1]
}

// AnyAutobound matches a name that the kernel chose, and autobound what is nothing else.
var (
	autobound    = regexp.MustCompile(`^@[0-9a-f]{5}$`)
	AnyAutobound = regexp.MustCompile(`@[0-9a-f]{5}\b`)
)

// Tell returns all of an address, and the same for every name that the kernel chose.
func Tell(a net.Addr) string {
	if a == nil || reflect.ValueOf(a).IsNil() {
		return nettest.DescribeAddr(a)
	}
	return fmt.Sprintf("%T %s %q", a, a.Network(), autobound.ReplaceAllString(a.String(), "@AUTO"))
}

// TellType returns a type's name without its package.
func TellType(v any) string {
	name := fmt.Sprintf("%T", v)
	return name[strings.LastIndexByte(name, '.')+1:]
}

// Park runs f in a goroutine and returns when that waits for its socket. The result of
// f comes from the channel.
func (s *Side) Park(f func() error) <-chan error {
	s.Helper()
	before := s.Waiting()
	done := make(chan error, 1)
	go func() { done <- f() }()
	nettest.Eventually(s, "the goroutine waits", func() bool { return s.Waiting() > before || len(done) > 0 })
	return done
}

// ContainsReactor reports whether a reactor of ours is among the goroutines of a dump.
func ContainsReactor(stacks string) bool { return strings.Contains(stacks, "poller.(*Poller).run(") }

// hasReactors is false where package house runs these tests over the code for other systems.
var hasReactors = len(netpoller.DefaultPollerGroup().PollerStats()) > 0

// Waiting returns how many goroutines wait for a socket of this side.
func (s *Side) Waiting() int {
	if !s.Std && hasReactors {
		stats := netpoller.DefaultPollerGroup().Stats()
		return stats.ParkedReaders + stats.ParkedWriters
	}
	n := 0
	for stack := range strings.SplitSeq(nettest.Stacks(), "\n\n") {
		// A reactor of ours waits likewise, and may end at any time.
		if strings.Contains(stack, " [IO wait") && !ContainsReactor(stack) {
			n++
		}
	}
	return n
}
