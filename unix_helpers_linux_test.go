package netpoller_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
)

// What the tests of Unix sockets, of files and of raw access share.

// unixConn is what *net.UnixConn and *netpoller.UnixConn have in common.
type unixConn interface {
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

// unixListener is what *net.UnixListener and *netpoller.UnixListener have in common.
type unixListener interface {
	tcpListener
	SetUnlinkOnClose(bool)
}

var (
	_ unixConn     = (*net.UnixConn)(nil)
	_ unixConn     = (*netpoller.UnixConn)(nil)
	_ unixListener = (*net.UnixListener)(nil)
	_ unixListener = (*netpoller.UnixListener)(nil)
)

func (s *side) dialUnix(network string, laddr, raddr *net.UnixAddr) (unixConn, error) {
	if s.std {
		return net.DialUnix(network, laddr, raddr)
	}
	return netpoller.DialUnix(network, laddr, raddr)
}

func (s *side) listenUnix(network string, laddr *net.UnixAddr) (unixListener, error) {
	if s.std {
		return net.ListenUnix(network, laddr)
	}
	return netpoller.ListenUnix(network, laddr)
}

func (s *side) listenUnixgram(network string, laddr *net.UnixAddr) (unixConn, error) {
	if s.std {
		return net.ListenUnixgram(network, laddr)
	}
	return netpoller.ListenUnixgram(network, laddr)
}

// listenUnixPacket is ListenPacket, with a hook.
func (s *side) listenUnixPacket(control controlFunc, network, address string) (net.PacketConn, error) {
	if s.std {
		lc := net.ListenConfig{Control: control}
		return lc.ListenPacket(context.Background(), network, address)
	}
	lc := netpoller.ListenConfig{Control: control}
	return lc.ListenPacket(context.Background(), network, address)
}

// A controlFunc is the hook of a ListenConfig or a Dialer.
type controlFunc = func(network, address string, c syscall.RawConn) error

func (s *side) acceptUnix(l net.Listener) (unixConn, error) {
	if s.std {
		return l.(*net.UnixListener).AcceptUnix()
	}
	return l.(*netpoller.UnixListener).AcceptUnix()
}

func (s *side) fileConn(f *os.File) (net.Conn, error) {
	if s.std {
		return net.FileConn(f)
	}
	return netpoller.FileConn(f)
}

func (s *side) filePacketConn(f *os.File) (net.PacketConn, error) {
	if s.std {
		return net.FilePacketConn(f)
	}
	return netpoller.FilePacketConn(f)
}

func (s *side) fileListener(f *os.File) (net.Listener, error) {
	if s.std {
		return net.FileListener(f)
	}
	return netpoller.FileListener(f)
}

// brokenUnixConn returns a nil or a zero *UnixConn.
func (s *side) brokenUnixConn(zero bool) unixConn {
	switch {
	case s.std && zero:
		return &net.UnixConn{}
	case s.std:
		return (*net.UnixConn)(nil)
	case zero:
		return &netpoller.UnixConn{}
	}
	return (*netpoller.UnixConn)(nil)
}

// brokenUnixListener returns a nil or a zero *UnixListener.
func (s *side) brokenUnixListener(zero bool) unixListener {
	switch {
	case s.std && zero:
		return &net.UnixListener{}
	case s.std:
		return (*net.UnixListener)(nil)
	case zero:
		return &netpoller.UnixListener{}
	}
	return (*netpoller.UnixListener)(nil)
}

// unixSide runs f on both sides, each in a directory of its own, so that names of
// sockets are short and the same.
func unixSide(t *testing.T, f func(s *side) []any) {
	t.Helper()
	compare(t, func(s *side) []any {
		s.Chdir(s.TempDir())
		return f(s)
	})
}

// unixPair returns both ends of a connection of the network, from "client" to "server".
// What is tested is the first; both are of this side.
func (s *side) unixPair(network string) (c, peer unixConn) {
	s.Helper()
	client := &net.UnixAddr{Name: "client", Net: network}
	server := &net.UnixAddr{Name: "server", Net: network}
	var err error
	if network == "unixgram" {
		peer, err = s.listenUnixgram(network, server)
		require.NoError(s, err)
		s.Cleanup(func() { peer.Close(); os.Remove("server"); os.Remove("client") })
		c, err = s.dialUnix(network, client, server)
		require.NoError(s, err)
		s.Cleanup(func() { c.Close() })
		return c, peer
	}
	l := s.unixListener(network, "server")
	c, err = s.dialUnix(network, client, server)
	require.NoError(s, err)
	s.Cleanup(func() { c.Close(); os.Remove("client") })
	peer, err = s.acceptUnix(l)
	require.NoError(s, err)
	s.Cleanup(func() { peer.Close() })
	return c, peer
}

func (s *side) unixListener(network, name string) unixListener {
	s.Helper()
	l, err := s.listenUnix(network, &net.UnixAddr{Name: name, Net: network})
	require.NoError(s, err)
	s.Cleanup(func() { l.Close() })
	return l
}

// unixConns returns a pair made by socketpair(2), of this side. It has no names.
func (s *side) unixConns(sotype int) (c, peer unixConn) {
	s.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, sotype|syscall.SOCK_CLOEXEC, 0)
	require.NoError(s, err)
	var conns [2]unixConn
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), fmt.Sprint("end ", i))
		defer f.Close()
		made, err := s.fileConn(f)
		require.NoError(s, err)
		s.Cleanup(func() { made.Close() })
		conns[i] = made.(unixConn)
	}
	return conns[0], conns[1]
}

// autobound is a name that the kernel chose.
var (
	autobound    = regexp.MustCompile(`^@[0-9a-f]{5}$`)
	anyAutobound = regexp.MustCompile(`@[0-9a-f]{5}\b`)
)

// tell returns all of an address, and the same for every name that the kernel chose.
func tell(a net.Addr) string {
	if a == nil || reflect.ValueOf(a).IsNil() {
		return nettest.DescribeAddr(a)
	}
	return fmt.Sprintf("%T %s %q", a, a.Network(), autobound.ReplaceAllString(a.String(), "@AUTO"))
}

// tellType returns a type's name without its package.
func tellType(v any) string {
	name := fmt.Sprintf("%T", v)
	return name[strings.LastIndexByte(name, '.')+1:]
}

// park runs f in a goroutine and returns when that waits for its socket. What f returns
// comes from the channel.
func (s *side) park(f func() error) <-chan error {
	s.Helper()
	before := s.waiting()
	done := make(chan error, 1)
	go func() { done <- f() }()
	nettest.Eventually(s, "the goroutine waits", func() bool { return s.waiting() > before || len(done) > 0 })
	return done
}

// containsReactor reports whether a reactor of ours is among the goroutines of a dump.
func containsReactor(stacks string) bool { return strings.Contains(stacks, "poller.(*Poller).run(") }

// waiting returns how many goroutines wait for a socket of this side.
func (s *side) waiting() int {
	if !s.std {
		stats := netpoller.DefaultPollerGroup().Stats()
		return stats.ParkedReaders + stats.ParkedWriters
	}
	n := 0
	buf := make([]byte, 1<<20)
	for stack := range strings.SplitSeq(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		// A reactor of ours waits likewise, and may end at any time.
		if strings.Contains(stack, " [IO wait") && !containsReactor(stack) {
			n++
		}
	}
	return n
}
