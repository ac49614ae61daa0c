//go:build linux

package fd

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
	"github.com/a57b2d82/netpoller/poller"
)

// The tests of this package hold one end of a real connection as an FD and the other
// as a peer, a bare blocking socket, so that nothing under test is at both ends.

// Short names for calls that these tests make all the time.
var (
	eventually = nettest.Eventually
	ok         = nettest.OK
	returns    = nettest.Returns
)

// eachWait runs f with a Group of either wait strategy; parked is the default one.
func eachWait(t *testing.T, f func(t *testing.T, g *poller.Group)) {
	for name, c := range map[string]poller.Config{"nested": {}, "thread": {Strategy: poller.Thread}} {
		t.Run(name, func(t *testing.T) {
			g := poller.NewGroup(c)
			t.Cleanup(func() { g.Close() })
			f(t, g)
		})
	}
}

// result is nettest.Result, which has no type before it is called.
func result[T any](t testing.TB, what string, c <-chan T) T {
	t.Helper()
	return nettest.Result(t, what, c)
}

// async runs f in a goroutine and returns where its error will be.
func async(f func() error) <-chan error {
	c := make(chan error, 1)
	go func() { c <- f() }()
	return c
}

// parked waits until that many goroutines are parked in g.
func parked(t testing.TB, g *poller.Group, readers, writers int) {
	t.Helper()
	eventually(t, "goroutines parked", func() bool {
		s := g.Stats()
		return s.ParkedReaders == readers && s.ParkedWriters == writers
	})
}

// newFD wraps a socket that is open and non-blocking.
func newFD(t testing.TB, g *poller.Group, sysfd int, kind Kind) *FD {
	t.Helper()
	fd := new(FD)
	fd.Own(sysfd, kind)
	ok(t, fd.Register(g))
	t.Cleanup(func() { fd.Close() })
	return fd
}

// tcpPair returns the two ends of a TCP connection, the first one non-blocking. They
// all come from one listener: thousands of them would run out of ports to bind.
func tcpPair(t testing.TB) (near, far int) {
	t.Helper()
	pairs.Lock()
	defer pairs.Unlock()
	if pairs.listener == 0 {
		pairs.listener = listening(t, 16)
	}
	far, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	ok(t, err)
	ok(t, syscall.Connect(far, address(t, pairs.listener)))
	near, _, err = sys.RawCalls.Accept(pairs.listener)
	ok(t, err)
	ok(t, syscall.SetsockoptInt(near, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1))
	ok(t, syscall.SetsockoptInt(far, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1))
	return near, far
}

var pairs struct {
	sync.Mutex
	listener int
}

// listening returns a blocking socket that listens on loopback.
func listening(t testing.TB, backlog int) (sysfd int) {
	t.Helper()
	l, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	ok(t, err)
	ok(t, syscall.SetsockoptInt(l, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1))
	ok(t, syscall.Bind(l, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	ok(t, syscall.Listen(l, backlog))
	return l
}

func address(t testing.TB, sysfd int) syscall.Sockaddr {
	t.Helper()
	sa, err := syscall.Getsockname(sysfd)
	ok(t, err)
	return sa
}

// pair returns a TCP connection.
func pair(t testing.TB, g *poller.Group) (*FD, *peer) {
	t.Helper()
	near, far := tcpPair(t)
	return newFD(t, g, near, KindTCP), newPeer(t, far)
}

// fdPair returns a TCP connection between two FDs.
func fdPair(t testing.TB, g *poller.Group) (a, b *FD) {
	t.Helper()
	near, far := tcpPair(t)
	ok(t, syscall.SetNonblock(far, true))
	return newFD(t, g, near, KindTCP), newFD(t, g, far, KindTCP)
}

// unixPair returns a connection that is not TCP.
func unixPair(t testing.TB, g *poller.Group) (*FD, *peer) {
	t.Helper()
	p, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	ok(t, err)
	ok(t, syscall.SetNonblock(p[0], true))
	return newFD(t, g, p[0], KindStream), newPeer(t, p[1])
}

// A peer is the far end of a connection.
type peer struct {
	t     testing.TB
	sysfd int
}

func newPeer(t testing.TB, sysfd int) *peer {
	p := &peer{t, sysfd}
	t.Cleanup(p.close)
	return p
}

func (p *peer) send(data string) { p.sendFlags(data, 0) }

// urgent sends data whose last byte is urgent.
func (p *peer) urgent(data string) { p.sendFlags(data, syscall.MSG_OOB) }

func (p *peer) sendFlags(data string, flags int) {
	p.t.Helper()
	for sent := 0; sent < len(data); {
		n, err := syscall.SendmsgN(p.sysfd, []byte(data[sent:]), nil, nil, flags|syscall.MSG_NOSIGNAL)
		if err != nil {
			p.t.Errorf("peer: send: %v", err)
			return
		}
		sent += n
	}
}

// recv receives n bytes.
func (p *peer) recv(n int) string {
	p.t.Helper()
	buf := make([]byte, n)
	for got := 0; got < n; {
		m, err := syscall.Read(p.sysfd, buf[got:])
		if err != nil || m == 0 {
			p.t.Errorf("peer: received %d bytes of %d, then %d, %v", got, n, m, err)
			return string(buf[:got])
		}
		got += m
	}
	return string(buf)
}

// fin ends the stream that the FD reads.
func (p *peer) fin() { syscall.Shutdown(p.sysfd, syscall.SHUT_WR) }

// reset breaks the connection.
func (p *peer) reset() {
	syscall.SetsockoptLinger(p.sysfd, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
	p.close()
}

func (p *peer) close() {
	if p.sysfd >= 0 {
		syscall.Close(p.sysfd)
		p.sysfd = -1
	}
}

// arrived waits until all that was sent is at the other end.
func (p *peer) arrived() {
	p.t.Helper()
	eventually(p.t, "all arrived", func() bool {
		left, err := unix.IoctlGetInt(p.sysfd, unix.TIOCOUTQ)
		return err == nil && left == 0
	})
}

// reads reads once and compares.
func reads(t testing.TB, fd *FD, size int, want string) {
	t.Helper()
	buf := make([]byte, size)
	var n int
	var err error
	returns(t, "Read of "+want, func() { n, err = fd.Read(buf) })
	if string(buf[:n]) != want || err != nil {
		t.Fatalf("Read = %q, %v, want %q", buf[:n], err, want)
	}
}

// readsErr reads once and expects an error.
func readsErr(t testing.TB, fd *FD, want error) {
	t.Helper()
	var n int
	var err error
	returns(t, "Read until "+want.Error(), func() { n, err = fd.Read(make([]byte, 100)) })
	if n != 0 || err != want {
		t.Fatalf("Read = %d, %v, want 0, %v", n, err, want)
	}
}

func readsEOF(t testing.TB, fd *FD) { t.Helper(); readsErr(t, fd, io.EOF) }

// edge does what the poller does when epoll reports e.
func edge(fd *FD, e polldesc.Events) { fd.pd.Edge(fd.pd.Token().Gen, e) }

// calls counts system calls by kind.
type calls struct{ n [sys.NumCalls]atomic.Int64 }

func (c *calls) of(call sys.Call) int { return int(c.n[call].Load()) }

// watch counts the calls on one descriptor. If f is not nil, it makes them fail.
func watch(t testing.TB, sysfd int, f func(call sys.Call) error) *calls {
	c := new(calls)
	t.Cleanup(sys.SetFault(func(call sys.Call, fd int) error {
		if fd != sysfd {
			return nil
		}
		c.n[call].Add(1)
		if f == nil {
			return nil
		}
		return f(call)
	}))
	return c
}

// firstFail makes the first n calls of one kind fail.
func firstFail(call sys.Call, n int64, err error) func(sys.Call) error {
	var made atomic.Int64
	return func(c sys.Call) error {
		if c == call && made.Add(1) <= n {
			return err
		}
		return nil
	}
}

func sockaddrOf(a *net.TCPAddr) syscall.Sockaddr {
	return &syscall.SockaddrInet4{Port: a.Port, Addr: [4]byte(a.IP.To4())}
}
