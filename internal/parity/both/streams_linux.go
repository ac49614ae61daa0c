package both

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
)

// StreamPair returns both ends of a connection of a network: tcp, unix or unixpacket.
func (s *Side) StreamPair(network string) (c, peer net.Conn) {
	s.Helper()
	if network == "tcp" {
		return s.Pair()
	}
	listen, dial := netpoller.Listen, netpoller.Dial
	if s.Std {
		listen, dial = net.Listen, net.Dial
	}
	l, err := listen(network, fmt.Sprintf("@netpoller-bulk-%d", os.Getpid()))
	require.NoError(s, err)
	defer l.Close()
	c, err = dial(network, l.Addr().String())
	require.NoError(s, err)
	peer, err = l.Accept()
	require.NoError(s, err)
	s.Cleanup(func() { c.Close(); peer.Close() })
	return c, peer
}

// UDPPair returns a UDP socket with a peer, and the peer.
func (s *Side) UDPPair() (c, peer net.Conn) {
	s.Helper()
	l, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(s, err)
	if s.Std {
		c, err = net.Dial("udp4", l.LocalAddr().String())
	} else {
		c, err = netpoller.Dial("udp4", l.LocalAddr().String())
	}
	require.NoError(s, err)
	s.Cleanup(func() { c.Close(); l.Close() })
	return c, l.(*net.UDPConn)
}

// WriteBuffers writes b by the Buffers of this side.
func (s *Side) WriteBuffers(b *[][]byte, w io.Writer) (int64, error) {
	if s.Std {
		return (*net.Buffers)(b).WriteTo(w)
	}
	return (*netpoller.Buffers)(b).WriteTo(w)
}

// UserTimeout is a Control hook that tells the kernel when to give the peer up.
func UserTimeout(d time.Duration) func(_, _ string, c syscall.RawConn) error {
	return func(_, _ string, c syscall.RawConn) error {
		var err error
		if err := c.Control(func(fd uintptr) {
			err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(d.Milliseconds()))
		}); err != nil {
			return err
		}
		return err
	}
}

// Farewell lets the peer send five bytes and close.
func Farewell(s *Side, c, peer TCPConn) {
	_, err := peer.Write([]byte("hello"))
	require.NoError(s, err)
	require.NoError(s, peer.Close())
	nettest.AwaitEvents(s, c, unix.POLLRDHUP)
}

// Reset lets the peer reset the connection.
func Reset(s *Side, c, peer TCPConn) {
	require.NoError(s, peer.SetLinger(0))
	require.NoError(s, peer.Close())
	nettest.AwaitEvents(s, c, unix.POLLERR)
}

// A Stream is what a TCPConn and a UnixConn of either side have in common.
type Stream interface {
	net.Conn
	syscall.Conn
}

// ExpireWhenFull lets the write deadline of a connection pass once the kernel takes no more
// of what is written to it.
func ExpireWhenFull(s *Side, c Stream) {
	s.Helper()
	raw, err := c.SyscallConn()
	require.NoError(s, err)
	go func() {
		for full := false; !full; time.Sleep(time.Millisecond) {
			err := raw.Control(func(fd uintptr) {
				p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
				n, err := unix.Poll(p, 0)
				full = n == 0 && err == nil
			})
			if err != nil { // closed
				return
			}
		}
		c.SetWriteDeadline(nettest.LongAgo)
	}()
}

// ListenerMethods are calls of all methods of a TCPListener but Addr.
var ListenerMethods = []struct {
	Name string
	Call func(l TCPListener) []any
}{
	{"Accept", func(l TCPListener) []any { c, err := l.Accept(); return Results(c == nil, err) }},
	{"Close", func(l TCPListener) []any { return Results(l.Close()) }},
	{"SetDeadline", func(l TCPListener) []any { return Results(l.SetDeadline(time.Time{})) }},
	{"SetDeadline past", func(l TCPListener) []any { return Results(l.SetDeadline(nettest.LongAgo)) }},
	{"File", func(l TCPListener) []any {
		f, err := l.File()
		if err != nil {
			return Results(f == nil, err)
		}
		defer f.Close()
		return Results(f.Name())
	}},
	{"SyscallConn", func(l TCPListener) []any {
		raw, err := l.SyscallConn()
		if err != nil {
			return Results(raw == nil, err)
		}
		calls := 0
		once := func(uintptr) bool { calls++; return true }
		return Results(raw.Control(func(uintptr) { calls++ }), raw.Read(once), raw.Write(once), calls)
	}},
}

// Bind listens at an address, for connections or for packets.
func (s *Side) Bind(network, host, port string) (io.Closer, net.Addr, error) {
	address := net.JoinHostPort(host, port)
	if network[:3] == "tcp" {
		l, err := s.Listen(context.Background(), net.ListenConfig{}, network, address)
		if err != nil {
			return nil, nil, err
		}
		return l, l.Addr(), nil
	}
	c, err := s.ListenPacket(net.ListenConfig{}, network, address)
	if err != nil {
		return nil, nil, err
	}
	return c, c.LocalAddr(), nil
}

// Settled waits until that many bytes are in c's receive buffer, without the
// descriptor being lent: the kernel's table of connections tells.
func Settled(t *testing.T, c net.Conn, size int) {
	t.Helper()
	require.Eventually(t, func() bool { return queued(t, c) == size }, nettest.Patience, time.Millisecond)
}

// queued returns how many bytes wait in c's receive queue.
func queued(t *testing.T, c net.Conn) (n int) {
	t.Helper()
	table, err := os.ReadFile("/proc/net/tcp")
	require.NoError(t, err)
	hex := func(a net.Addr) string {
		ip, port := a.(*net.TCPAddr).IP.To4(), a.(*net.TCPAddr).Port
		return fmt.Sprintf("%08X:%04X", binary.NativeEndian.Uint32(ip), port)
	}
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)
		if len(f) > 4 && f[1] == hex(c.LocalAddr()) && f[2] == hex(c.RemoteAddr()) {
			_, queue, _ := strings.Cut(f[4], ":")
			fmt.Sscanf(queue, "%X", &n)
		}
	}
	return n
}
