package file

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// Sockets that come as files, and files of sockets.

// A fileSource makes a file of some kind, closed with the test, or is not able to.
type fileSource struct {
	name string
	make func(s *both.Side) *os.File
}

// unusedProtocol is one of the two that RFC 3692 leaves to experiments. A raw socket of ICMP
// would receive what the kernel tells other programs of this machine, other tests included.
const unusedProtocol = 254

// fileSources are sockets of every kind, in every state that a program may inherit one
// in, and what is no socket.
var fileSources = []fileSource{
	{"TCP connection", func(s *both.Side) *os.File { c, _ := s.Pair(); return s.FileOf(c) }},
	{"TCP listener", func(s *both.Side) *os.File { return s.FileOf(s.Listener()) }},
	{"TCP, IPv6", func(s *both.Side) *os.File { return s.RawSocket(unix.AF_INET6, unix.SOCK_STREAM, 0) }},
	{"TCP, bound", func(s *both.Side) *os.File { return s.BoundFile(unix.SOCK_STREAM) }},
	{"TCP, nothing yet", func(s *both.Side) *os.File { return s.RawSocket(unix.AF_INET, unix.SOCK_STREAM, 0) }},
	{"UDP, bound", func(s *both.Side) *os.File { return s.BoundFile(unix.SOCK_DGRAM) }},
	{"UDP, nothing yet", func(s *both.Side) *os.File { return s.RawSocket(unix.AF_INET, unix.SOCK_DGRAM, 0) }},
	{"UDP, IPv6", func(s *both.Side) *os.File { return s.RawSocket(unix.AF_INET6, unix.SOCK_DGRAM, 0) }},
	{"raw IP", func(s *both.Side) *os.File { return s.RawSocket(unix.AF_INET, unix.SOCK_RAW, unusedProtocol) }},
	{"raw IPv6", func(s *both.Side) *os.File { return s.RawSocket(unix.AF_INET6, unix.SOCK_RAW, unusedProtocol) }},
	{"Unix connection", func(s *both.Side) *os.File { c, _ := s.UnixPair("unix"); return s.FileOf(c) }},
	{"Unix packets", func(s *both.Side) *os.File { c, _ := s.UnixPair("unixpacket"); return s.FileOf(c) }},
	{"Unix datagrams, connected", func(s *both.Side) *os.File { c, _ := s.UnixPair("unixgram"); return s.FileOf(c) }},
	{"Unix datagrams", func(s *both.Side) *os.File { _, c := s.UnixPair("unixgram"); return s.FileOf(c) }},
	{"Unix listener", func(s *both.Side) *os.File { return s.FileOf(s.UnixListener("unix", "server")) }},
	{"Unix listener, packets", func(s *both.Side) *os.File { return s.FileOf(s.UnixListener("unixpacket", "server")) }},
	{"Unix socket pair", func(s *both.Side) *os.File { c, _ := s.UnixConns(unix.SOCK_STREAM); return s.FileOf(c) }},
	{"Unix socket pair, datagrams", func(s *both.Side) *os.File { c, _ := s.UnixConns(unix.SOCK_DGRAM); return s.FileOf(c) }},
	{"Unix, nothing yet", func(s *both.Side) *os.File { return s.RawSocket(unix.AF_UNIX, unix.SOCK_STREAM, 0) }},
	{"netlink", func(s *both.Side) *os.File { return s.RawSocket(unix.AF_NETLINK, unix.SOCK_RAW, 0) }},
	{"link layer", func(s *both.Side) *os.File { return s.RawSocket(unix.AF_PACKET, unix.SOCK_DGRAM, 0) }},
	{"vsock", func(s *both.Side) *os.File { return s.RawSocket(unix.AF_VSOCK, unix.SOCK_STREAM, 0) }},
	{"regular file", func(s *both.Side) *os.File { return s.Opened("/proc/self/exe") }},
	{"directory", func(s *both.Side) *os.File { return s.Opened("/") }},
	{"device", func(s *both.Side) *os.File { return s.Opened(os.DevNull) }},
	{"pipe", func(s *both.Side) *os.File {
		r, w, err := os.Pipe()
		require.NoError(s, err)
		s.Cleanup(func() { r.Close(); w.Close() })
		return r
	}},
	{"closed", func(s *both.Side) *os.File {
		f := s.Opened(os.DevNull)
		require.NoError(s, f.Close())
		return f
	}},
	{"nil", func(*both.Side) *os.File { return nil }},
}

// If this fails, FileConn, FilePacketConn or FileListener makes something else of some
// socket than package net, or fails otherwise: in its type, its addresses, or in what
// happens when it is used as what it is not.
func TestFileOfEveryKind(t *testing.T) {
	for _, source := range fileSources {
		for name, use := range map[string]func(s *both.Side, f *os.File) []any{
			"FileConn":       useFileConn,
			"FilePacketConn": useFilePacketConn,
			"FileListener":   useFileListener,
		} {
			t.Run(source.name+"/"+name, func(t *testing.T) {
				both.UnixSide(t, func(s *both.Side) (r []any) {
					f := source.make(s)
					p := both.Panics(func() { r = use(s, f) })
					return append(r, p)
				})
			})
		}
	}
}

func useFileConn(s *both.Side, f *os.File) []any {
	c, err := s.FileConn(f)
	if err != nil {
		return both.Results(c == nil, err)
	}
	defer c.Close()
	r := both.Results(both.TellType(c), both.Tell(c.LocalAddr()), both.Tell(c.RemoteAddr()))
	_, err = c.Write([]byte("data"))
	require.NoError(s, c.SetReadDeadline(nettest.LongAgo))
	_, err2 := c.Read(make([]byte, 8))
	if errors := c.SetReadDeadline(readDeadline(s, f)); errors != nil {
		r = append(r, errors)
	}
	_, err3 := c.Read(make([]byte, 8))
	return append(r, err, err2, err3, c.Close(), c.Close())
}

func useFilePacketConn(s *both.Side, f *os.File) []any {
	c, err := s.FilePacketConn(f)
	if err != nil {
		return both.Results(c == nil, err)
	}
	defer c.Close()
	r := both.Results(both.TellType(c), both.Tell(c.LocalAddr()))
	_, err = c.WriteTo([]byte("data"), nil)
	require.NoError(s, c.SetReadDeadline(readDeadline(s, f)))
	_, _, err2 := c.ReadFrom(make([]byte, 8))
	return append(r, err, err2, c.Close(), c.Close())
}

func useFileListener(s *both.Side, f *os.File) []any {
	l, err := s.FileListener(f)
	if err != nil {
		return both.Results(l == nil, err)
	}
	defer l.Close()
	r := both.Results(both.TellType(l), both.Tell(l.Addr()))
	listens := false
	control(s, f, func(fd int) {
		v, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
		listens = err == nil && v != 0
	})
	require.NoError(s, l.(both.TCPListener).SetDeadline(deadline(listens)))
	_, err = l.Accept()
	return append(r, err, l.Close(), l.Close())
}

// readDeadline is the deadline for a read from a socket.
func readDeadline(s *both.Side, f *os.File) time.Time {
	waits := false
	control(s, f, func(fd int) {
		_, _, err := unix.Recvfrom(fd, make([]byte, 8), unix.MSG_PEEK|unix.MSG_DONTWAIT)
		waits = err == unix.EAGAIN
	})
	return deadline(waits)
}

// control leaves the socket's O_NONBLOCK as it is.
func control(s *both.Side, f *os.File, use func(fd int)) {
	raw, err := f.SyscallConn()
	require.NoError(s, err)
	require.NoError(s, raw.Control(func(fd uintptr) { use(int(fd)) }))
}

// deadline is near for a call that waits, and far for one that must fail at once: a near
// one may pass before the call.
func deadline(waits bool) time.Time {
	if waits {
		return time.Now().Add(time.Millisecond)
	}
	return nettest.Soon()
}

// If this fails, a connection, the file made of it and the connection made of that are
// not independent: the end of one ends another, or the socket does not end with the last.
func TestFileConnsAreIndependent(t *testing.T) {
	for _, network := range []string{"tcp", "unix", "unixpacket"} {
		for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}} {
			t.Run(fmt.Sprint(network, order), func(t *testing.T) {
				both.UnixSide(t, func(s *both.Side) []any {
					c, peer := tcpOrUnixPair(s, network)
					f, err := c.(both.FileMaker).File()
					require.NoError(s, err)
					again, err := s.FileConn(f)
					require.NoError(s, err)
					r := both.Results(again.LocalAddr().String() == c.LocalAddr().String(), again.RemoteAddr().String() == c.RemoteAddr().String())
					closers := []func() error{c.Close, f.Close, again.Close}
					conns := map[int]net.Conn{0: c, 2: again}
					require.NoError(s, peer.SetDeadline(nettest.Soon()))
					for i, which := range order {
						for j, conn := range conns {
							_, err := conn.Write([]byte("data"))
							require.NoError(s, err)
							b := make([]byte, 4)
							_, err = peer.Read(b)
							require.NoError(s, err)
							require.Equal(s, "data", string(b), "%d %d", i, j)
						}
						delete(conns, which)
						r = append(r, closers[which]())
					}
					_, err = peer.Read(make([]byte, 4))
					return append(r, err)
				})
			})
		}
	}
}

func tcpOrUnixPair(s *both.Side, network string) (c, peer net.Conn) {
	if network == "tcp" {
		return s.Pair()
	}
	return s.UnixPair(network)
}

// If this fails, a deadline or a Close of a connection reaches into the one that was
// made of its file.
func TestFileConnsHaveTheirOwnDeadlines(t *testing.T) {
	for _, network := range []string{"tcp", "unix", "unixpacket"} {
		both.UnixSide(t, func(s *both.Side) []any {
			c, peer := tcpOrUnixPair(s, network)
			f, err := c.(both.FileMaker).File()
			require.NoError(s, err)
			defer f.Close()
			again, err := s.FileConn(f)
			require.NoError(s, err)
			defer again.Close()
			b := make([]byte, 8)
			read := s.Park(func() error { _, err := again.Read(b); return err })
			require.NoError(s, c.SetDeadline(nettest.LongAgo))
			_, err = c.Read(make([]byte, 8))
			require.ErrorIs(s, err, os.ErrDeadlineExceeded)
			require.NoError(s, c.Close())
			require.Empty(s, read)
			_, err = peer.Write([]byte("data"))
			require.NoError(s, err)
			return both.Results(<-read, string(b))
		})
	}
}

// If this fails, a connection made of a file takes a short read for an empty socket,
// though another process, which has the socket as well, has received the urgent byte
// at which the read ended: what came after it is not read.
func TestFileConnReadsOnAfterShortRead(t *testing.T) {
	both.Compare(t, func(s *both.Side) (r []any) {
		for range 20 {
			c, peer := s.Pair()
			_, err := peer.Write([]byte("before"))
			require.NoError(s, err)
			raw, err := peer.SyscallConn()
			require.NoError(s, err)
			require.NoError(s, raw.Control(func(fd uintptr) { err = unix.Send(int(fd), []byte("!"), unix.MSG_OOB) }))
			require.NoError(s, err)
			_, err = peer.Write([]byte("after"))
			require.NoError(s, err)
			f := s.FileOf(c)
			nettest.Eventually(s, "the urgent byte is received", func() bool {
				n, _, _ := unix.Recvfrom(int(f.Fd()), make([]byte, 1), unix.MSG_OOB|unix.MSG_DONTWAIT)
				return n == 1
			})
			events := netpoller.DefaultPollerGroup().Stats().Events
			again, err := s.FileConn(f)
			require.NoError(s, err)
			defer again.Close()
			if !s.Std {
				nettest.Eventually(s, "the poller has told of the data", func() bool {
					return netpoller.DefaultPollerGroup().Stats().Events > events
				})
			}
			require.NoError(s, again.SetReadDeadline(nettest.Soon()))
			for range 2 {
				b := make([]byte, 100)
				n, err := again.Read(b)
				r = append(r, string(b[:n]), err)
			}
		}
		return r
	})
}

// If this fails, a TCP connection made of a file, or accepted by a listener that was,
// has other options than package net's.
func TestFileConnOptions(t *testing.T) {
	options := [][2]int{
		{unix.SOL_SOCKET, unix.SO_KEEPALIVE}, {unix.IPPROTO_TCP, unix.TCP_KEEPIDLE}, {unix.IPPROTO_TCP, unix.TCP_KEEPINTVL},
		{unix.IPPROTO_TCP, unix.TCP_KEEPCNT}, {unix.IPPROTO_TCP, unix.TCP_NODELAY},
	}
	get := func(s *both.Side, c net.Conn) (r []any) {
		raw, err := c.(syscall.Conn).SyscallConn()
		require.NoError(s, err)
		require.NoError(s, raw.Control(func(fd uintptr) {
			for _, o := range options {
				v, err := unix.GetsockoptInt(int(fd), o[0], o[1])
				r = append(r, v, err)
			}
			flags, err := unix.FcntlInt(fd, unix.F_GETFD, 0)
			flags2, err2 := unix.FcntlInt(fd, unix.F_GETFL, 0)
			r = append(r, flags, err, flags2&unix.O_NONBLOCK, err2)
		}))
		return r
	}
	both.Compare(t, func(s *both.Side) []any {
		made := s.RawSocket(unix.AF_INET, unix.SOCK_STREAM, 0) // blocking, without any option
		l := s.Listener()
		port := l.Addr().(*net.TCPAddr).Port
		require.NoError(s, unix.Connect(int(made.Fd()), &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: port}))
		c, err := s.FileConn(made)
		require.NoError(s, err)
		defer c.Close()
		fromFile, err := s.FileListener(s.FileOf(l))
		require.NoError(s, err)
		defer fromFile.Close()
		accepted, err := fromFile.Accept()
		require.NoError(s, err)
		defer accepted.Close()
		return append(get(s, c), get(s, accepted)...)
	})
}

// If this fails, File returns what a child would inherit, or a file that is not of the
// socket.
func TestFileIsCloseOnExec(t *testing.T) {
	both.UnixSide(t, func(s *both.Side) (r []any) {
		c, peer := s.Pair()
		u, _ := s.UnixPair("unix")
		for _, c := range []both.FileMaker{c, peer, s.Listener(), u} {
			f, err := c.File()
			require.NoError(s, err)
			defer f.Close()
			flags, err := unix.FcntlInt(f.Fd(), unix.F_GETFD, 0)
			r = append(r, flags, err)
		}
		return r
	})
}

// If this fails, File and Close at once are a race, or leave a descriptor open.
func TestFileCloseRace(t *testing.T) {
	both.Compare(t, func(s *both.Side) []any {
		nettest.NoFDsLeft(s)
		l := s.Listener()
		for range 100 {
			c, err := s.Dial(context.Background(), net.Dialer{}, "tcp", l.Addr().String())
			require.NoError(s, err)
			var wg sync.WaitGroup
			wg.Go(func() {
				if f, err := c.(both.TCPConn).File(); err == nil {
					f.Close()
				}
			})
			wg.Go(func() { c.Close() })
			wg.Wait()
		}
		return nil
	})
}

// If this fails, a failed FileConn, FilePacketConn or FileListener leaves a descriptor
// open, or one that nobody refers to any more is not closed.
func TestFileLeavesNothing(t *testing.T) {
	s := both.NewSide(t, false)
	f := s.BoundFile(unix.SOCK_DGRAM)
	tcp := s.BoundFile(unix.SOCK_STREAM)
	netlink, none := s.RawSocket(unix.AF_NETLINK, unix.SOCK_RAW, 0), s.Opened(os.DevNull)
	before := nettest.OpenFDs(t)
	for range 10 {
		_, err := s.FileListener(f)
		require.Error(t, err)
		_, err = s.FilePacketConn(tcp)
		require.Error(t, err)
		_, err = s.FileConn(netlink)
		require.Error(t, err)
		_, err = s.FileConn(none)
		require.Error(t, err)
		_, err = s.FileConn(f)
		require.NoError(t, err) // and forgotten
	}
	nettest.Eventually(t, "every descriptor is closed", func() bool {
		runtime.GC()
		return nettest.OpenFDs(t) <= before
	})
}
