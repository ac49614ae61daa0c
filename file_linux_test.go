package netpoller_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
)

// Sockets that come as files, and files of sockets.

// A fileSource makes a file of some kind, closed with the test, or is not able to.
type fileSource struct {
	name string
	make func(s *side) *os.File
}

// fileSources are sockets of every kind, in every state that a program may inherit one
// in, and what is no socket.
var fileSources = []fileSource{
	{"TCP connection", func(s *side) *os.File { c, _ := s.pair(); return s.fileOf(c) }},
	{"TCP listener", func(s *side) *os.File { return s.fileOf(s.listener()) }},
	{"TCP, IPv6", func(s *side) *os.File { return s.rawSocket(unix.AF_INET6, unix.SOCK_STREAM, 0) }},
	{"TCP, bound", func(s *side) *os.File { return s.boundFile(unix.SOCK_STREAM) }},
	{"TCP, nothing yet", func(s *side) *os.File { return s.rawSocket(unix.AF_INET, unix.SOCK_STREAM, 0) }},
	{"UDP, bound", func(s *side) *os.File { return s.boundFile(unix.SOCK_DGRAM) }},
	{"UDP, nothing yet", func(s *side) *os.File { return s.rawSocket(unix.AF_INET, unix.SOCK_DGRAM, 0) }},
	{"UDP, IPv6", func(s *side) *os.File { return s.rawSocket(unix.AF_INET6, unix.SOCK_DGRAM, 0) }},
	{"raw IP", func(s *side) *os.File { return s.rawSocket(unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP) }},
	{"raw IPv6", func(s *side) *os.File { return s.rawSocket(unix.AF_INET6, unix.SOCK_RAW, unix.IPPROTO_ICMPV6) }},
	{"Unix connection", func(s *side) *os.File { c, _ := s.unixPair("unix"); return s.fileOf(c) }},
	{"Unix packets", func(s *side) *os.File { c, _ := s.unixPair("unixpacket"); return s.fileOf(c) }},
	{"Unix datagrams, connected", func(s *side) *os.File { c, _ := s.unixPair("unixgram"); return s.fileOf(c) }},
	{"Unix datagrams", func(s *side) *os.File { _, c := s.unixPair("unixgram"); return s.fileOf(c) }},
	{"Unix listener", func(s *side) *os.File { return s.fileOf(s.unixListener("unix", "server")) }},
	{"Unix listener, packets", func(s *side) *os.File { return s.fileOf(s.unixListener("unixpacket", "server")) }},
	{"Unix socket pair", func(s *side) *os.File { c, _ := s.unixConns(unix.SOCK_STREAM); return s.fileOf(c) }},
	{"Unix socket pair, datagrams", func(s *side) *os.File { c, _ := s.unixConns(unix.SOCK_DGRAM); return s.fileOf(c) }},
	{"Unix, nothing yet", func(s *side) *os.File { return s.rawSocket(unix.AF_UNIX, unix.SOCK_STREAM, 0) }},
	{"netlink", func(s *side) *os.File { return s.rawSocket(unix.AF_NETLINK, unix.SOCK_RAW, 0) }},
	{"link layer", func(s *side) *os.File { return s.rawSocket(unix.AF_PACKET, unix.SOCK_DGRAM, 0) }},
	{"vsock", func(s *side) *os.File { return s.rawSocket(unix.AF_VSOCK, unix.SOCK_STREAM, 0) }},
	{"regular file", func(s *side) *os.File { return s.opened("/proc/self/exe") }},
	{"directory", func(s *side) *os.File { return s.opened("/") }},
	{"device", func(s *side) *os.File { return s.opened(os.DevNull) }},
	{"pipe", func(s *side) *os.File {
		r, w, err := os.Pipe()
		require.NoError(s, err)
		s.Cleanup(func() { r.Close(); w.Close() })
		return r
	}},
	{"closed", func(s *side) *os.File {
		f := s.opened(os.DevNull)
		require.NoError(s, f.Close())
		return f
	}},
	{"nil", func(*side) *os.File { return nil }},
}

func (s *side) opened(name string) *os.File {
	f, err := os.Open(name)
	require.NoError(s, err)
	s.Cleanup(func() { f.Close() })
	return f
}

// rawSocket returns a socket that nothing was done with.
func (s *side) rawSocket(family, sotype, proto int) *os.File {
	fd, err := unix.Socket(family, sotype|unix.SOCK_CLOEXEC, proto)
	if err != nil {
		s.Skipf("this machine has none: %v", err)
	}
	f := os.NewFile(uintptr(fd), "socket")
	s.Cleanup(func() { f.Close() })
	return f
}

func (s *side) boundFile(sotype int) *os.File {
	f := s.rawSocket(unix.AF_INET, sotype, 0)
	require.NoError(s, unix.Bind(int(f.Fd()), &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	return f
}

// A fileMaker is a connection or a listener.
type fileMaker interface{ File() (*os.File, error) }

// fileOf returns a file of a connection or a listener, under a name that both sides
// have.
func (s *side) fileOf(c fileMaker) *os.File {
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

// nameOf returns what a file is called, without what ours does not have: the digit of the
// network, and a peer that has gone.
func nameOf(f *os.File, peer bool) string {
	network, addrs, _ := strings.Cut(f.Name(), ":")
	if local, _, ok := strings.Cut(addrs, "->"); ok && !peer {
		addrs = local
	}
	return strings.TrimRight(network, "46") + ":" + addrs
}

// If this fails, FileConn, FilePacketConn or FileListener makes something else of some
// socket than package net, or fails otherwise: in its type, its addresses, or in what
// happens when it is used as what it is not.
func TestFileOfEveryKind(t *testing.T) {
	for _, source := range fileSources {
		for name, use := range map[string]func(s *side, f *os.File) []any{
			"FileConn":       useFileConn,
			"FilePacketConn": useFilePacketConn,
			"FileListener":   useFileListener,
		} {
			t.Run(source.name+"/"+name, func(t *testing.T) {
				unixSide(t, func(s *side) (r []any) {
					f := source.make(s)
					p := panics(func() { r = use(s, f) })
					return append(r, p)
				})
			})
		}
	}
}

func useFileConn(s *side, f *os.File) []any {
	c, err := s.fileConn(f)
	if err != nil {
		return results(c == nil, err)
	}
	defer c.Close()
	r := results(tellType(c), tell(c.LocalAddr()), tell(c.RemoteAddr()))
	_, err = c.Write([]byte("data"))
	require.NoError(s, c.SetReadDeadline(longAgo))
	_, err2 := c.Read(make([]byte, 8))
	if errors := c.SetReadDeadline(s.readDeadline(f)); errors != nil {
		r = append(r, errors)
	}
	_, err3 := c.Read(make([]byte, 8))
	return append(r, err, err2, err3, c.Close(), c.Close())
}

func useFilePacketConn(s *side, f *os.File) []any {
	c, err := s.filePacketConn(f)
	if err != nil {
		return results(c == nil, err)
	}
	defer c.Close()
	r := results(tellType(c), tell(c.LocalAddr()))
	_, err = c.WriteTo([]byte("data"), nil)
	require.NoError(s, c.SetReadDeadline(s.readDeadline(f)))
	_, _, err2 := c.ReadFrom(make([]byte, 8))
	return append(r, err, err2, c.Close(), c.Close())
}

func useFileListener(s *side, f *os.File) []any {
	l, err := s.fileListener(f)
	if err != nil {
		return results(l == nil, err)
	}
	defer l.Close()
	r := results(tellType(l), tell(l.Addr()))
	listens := false
	s.control(f, func(fd int) {
		v, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
		listens = err == nil && v != 0
	})
	require.NoError(s, l.(tcpListener).SetDeadline(deadline(listens)))
	_, err = l.Accept()
	return append(r, err, l.Close(), l.Close())
}

// readDeadline is the deadline for a read from a socket.
func (s *side) readDeadline(f *os.File) time.Time {
	waits := false
	s.control(f, func(fd int) {
		_, _, err := unix.Recvfrom(fd, make([]byte, 8), unix.MSG_PEEK|unix.MSG_DONTWAIT)
		waits = err == unix.EAGAIN
	})
	return deadline(waits)
}

// control leaves the socket's O_NONBLOCK as it is.
func (s *side) control(f *os.File, use func(fd int)) {
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
	return soon()
}

// If this fails, a connection, the file made of it and the connection made of that are
// not independent: the end of one ends another, or the socket does not end with the last.
func TestFileConnsAreIndependent(t *testing.T) {
	for _, network := range []string{"tcp", "unix", "unixpacket"} {
		for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 0, 2}} {
			t.Run(fmt.Sprint(network, order), func(t *testing.T) {
				unixSide(t, func(s *side) []any {
					c, peer := s.tcpOrUnixPair(network)
					f, err := c.(fileMaker).File()
					require.NoError(s, err)
					again, err := s.fileConn(f)
					require.NoError(s, err)
					r := results(again.LocalAddr().String() == c.LocalAddr().String(), again.RemoteAddr().String() == c.RemoteAddr().String())
					closers := []func() error{c.Close, f.Close, again.Close}
					conns := map[int]net.Conn{0: c, 2: again}
					require.NoError(s, peer.SetDeadline(soon()))
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

func (s *side) tcpOrUnixPair(network string) (c, peer net.Conn) {
	if network == "tcp" {
		return s.pair()
	}
	return s.unixPair(network)
}

// If this fails, a deadline or a Close of a connection reaches into the one that was
// made of its file.
func TestFileConnsHaveTheirOwnDeadlines(t *testing.T) {
	for _, network := range []string{"tcp", "unix", "unixpacket"} {
		unixSide(t, func(s *side) []any {
			c, peer := s.tcpOrUnixPair(network)
			f, err := c.(fileMaker).File()
			require.NoError(s, err)
			defer f.Close()
			again, err := s.fileConn(f)
			require.NoError(s, err)
			defer again.Close()
			b := make([]byte, 8)
			read := s.park(func() error { _, err := again.Read(b); return err })
			require.NoError(s, c.SetDeadline(longAgo))
			_, err = c.Read(make([]byte, 8))
			require.ErrorIs(s, err, os.ErrDeadlineExceeded)
			require.NoError(s, c.Close())
			require.Empty(s, read)
			_, err = peer.Write([]byte("data"))
			require.NoError(s, err)
			return results(<-read, string(b))
		})
	}
}

// If this fails, a connection made of a file takes a short read for an empty socket,
// though somebody else, to whom the socket belongs as well, has received the urgent byte
// at which the read ended: what came after it is not read.
func TestFileConnReadsOnAfterShortRead(t *testing.T) {
	compare(t, func(s *side) (r []any) {
		for range 20 {
			c, peer := s.pair()
			_, err := peer.Write([]byte("before"))
			require.NoError(s, err)
			raw, err := peer.SyscallConn()
			require.NoError(s, err)
			require.NoError(s, raw.Control(func(fd uintptr) { err = unix.Send(int(fd), []byte("!"), unix.MSG_OOB) }))
			require.NoError(s, err)
			_, err = peer.Write([]byte("after"))
			require.NoError(s, err)
			f := s.fileOf(c)
			nettest.Eventually(s, "the urgent byte is received", func() bool {
				n, _, _ := unix.Recvfrom(int(f.Fd()), make([]byte, 1), unix.MSG_OOB|unix.MSG_DONTWAIT)
				return n == 1
			})
			events := netpoller.DefaultPollerGroup().Stats().Events
			again, err := s.fileConn(f)
			require.NoError(s, err)
			defer again.Close()
			if !s.std {
				nettest.Eventually(s, "the poller has told of the data", func() bool {
					return netpoller.DefaultPollerGroup().Stats().Events > events
				})
			}
			require.NoError(s, again.SetReadDeadline(soon()))
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
	get := func(s *side, c net.Conn) (r []any) {
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
	compare(t, func(s *side) []any {
		made := s.rawSocket(unix.AF_INET, unix.SOCK_STREAM, 0) // blocking, without any option
		l := s.listener()
		port := l.Addr().(*net.TCPAddr).Port
		require.NoError(s, unix.Connect(int(made.Fd()), &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}, Port: port}))
		c, err := s.fileConn(made)
		require.NoError(s, err)
		defer c.Close()
		fromFile, err := s.fileListener(s.fileOf(l))
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
	unixSide(t, func(s *side) (r []any) {
		c, peer := s.pair()
		u, _ := s.unixPair("unix")
		for _, c := range []fileMaker{c, peer, s.listener(), u} {
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
	compare(t, func(s *side) []any {
		nettest.NoFDsLeft(s)
		l := s.listener()
		for range 100 {
			c, err := s.dial(context.Background(), net.Dialer{}, "tcp", l.Addr().String())
			require.NoError(s, err)
			var wg sync.WaitGroup
			wg.Go(func() {
				if f, err := c.(tcpConn).File(); err == nil {
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
	s := newSide(t, false)
	f := s.boundFile(unix.SOCK_DGRAM)
	tcp := s.boundFile(unix.SOCK_STREAM)
	netlink, none := s.rawSocket(unix.AF_NETLINK, unix.SOCK_RAW, 0), s.opened(os.DevNull)
	before := nettest.OpenFDs(t)
	for range 10 {
		_, err := s.fileListener(f)
		require.Error(t, err)
		_, err = s.filePacketConn(tcp)
		require.Error(t, err)
		_, err = s.fileConn(netlink)
		require.Error(t, err)
		_, err = s.fileConn(none)
		require.Error(t, err)
		_, err = s.fileConn(f)
		require.NoError(t, err) // and forgotten
	}
	nettest.Eventually(t, "every descriptor is closed", func() bool {
		runtime.GC()
		return nettest.OpenFDs(t) <= before
	})
}
