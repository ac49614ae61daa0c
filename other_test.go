//go:build !linux

package netpoller_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	net "github.com/a57b2d82/netpoller"
)

// The tests here are of systems without reactors. On Linux, package house runs them, over the
// code for other systems: TestOtherSystems.

// extras are the methods that this library adds to every connection.
type extras interface {
	net.Conn
	NotifyReadable(func()) (stop func() bool)
	PeerClosed() bool
	ReadContext(context.Context, []byte) (int, error)
	WriteContext(context.Context, []byte) (int, error)
	WaitReadable(context.Context) error
	WaitWritable(context.Context) error
}

// A pair is two connections of a network that a system may not have.
type pair struct {
	network string
	like    extras // what both are of the type of
	open    func(t *testing.T) (c, peer net.Conn, err error)
}

var loopback = net.IPv4(127, 0, 0, 1)

var pairs = []pair{
	{"tcp", &net.TCPConn{}, streams("tcp")},
	{"unix", &net.UnixConn{}, streams("unix")},
	{"unixpacket", &net.UnixConn{}, streams("unixpacket")},
	{"udp", &net.UDPConn{}, packets("udp")},
	{"unixgram", &net.UnixConn{}, packets("unixgram")},
	{"ip4:252", &net.IPConn{}, packets("ip4:252")},
}

// address returns one of this machine for a socket of a network.
func address(t *testing.T, network string) string {
	switch network {
	case "tcp", "udp":
		return "127.0.0.1:0"
	case "ip4:252":
		return "127.0.0.1"
	}
	dir, err := os.MkdirTemp("", "") // short, as a socket's name has to be
	require.NoError(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

func streams(network string) func(t *testing.T) (c, peer net.Conn, err error) {
	return func(t *testing.T) (c, peer net.Conn, err error) {
		l, err := net.Listen(network, address(t, network))
		if err != nil {
			require.Nil(t, l)
			return nil, nil, err
		}
		defer l.Close()
		peer, err = net.Dial(network, l.Addr().String())
		require.NoError(t, err)
		c, err = l.Accept()
		require.NoError(t, err)
		return c, peer, nil
	}
}

func packets(network string) func(t *testing.T) (c, peer net.Conn, err error) {
	return func(t *testing.T) (c, peer net.Conn, err error) {
		p, err := net.ListenPacket(network, address(t, network))
		if err != nil {
			require.Nil(t, p)
			return nil, nil, err
		}
		peer, err = net.Dial(network, p.LocalAddr().String())
		require.NoError(t, err)
		return p.(net.Conn), peer, nil
	}
}

// eachPair runs f on connections of every network that the system has and allows.
func eachPair(t *testing.T, f func(t *testing.T, like extras, c, peer net.Conn)) {
	for _, p := range pairs {
		t.Run(p.network, func(t *testing.T) {
			c, peer, err := p.open(t)
			if err != nil {
				require.NotEqual(t, "tcp", p.network, "every system has it: %v", err)
				t.Skip(err)
			}
			defer c.Close()
			defer peer.Close()
			f(t, p.like, c, peer)
		})
	}
}

// If this fails, connections are of other types than on Linux, or do not do what package net's do.
func TestConnsOfOtherSystems(t *testing.T) {
	eachPair(t, func(t *testing.T, like extras, c, peer net.Conn) {
		require.IsType(t, like, c)
		require.IsType(t, like, peer)
		_, err := peer.Write([]byte("hello"))
		require.NoError(t, err)
		buf := make([]byte, 100)
		n, err := c.Read(buf)
		require.NoError(t, err)
		require.Contains(t, string(buf[:n]), "hello") // after a header, on a raw socket

		require.NoError(t, c.SetReadDeadline(time.Now().Add(time.Millisecond)))
		_, err = c.Read(buf)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.NoError(t, c.SetReadDeadline(time.Time{}))
		require.NoError(t, c.Close())
		_, err = c.Read(buf)
		require.ErrorIs(t, err, net.ErrClosed)
	})
}

// If this fails, a program that uses a method of this library's alone does something else on
// another system than fail.
func TestMethodsOfOtherSystems(t *testing.T) {
	unsupported := func(t *testing.T, op string, source net.Addr, err error) {
		t.Helper()
		require.ErrorIs(t, err, errors.ErrUnsupported)
		var of *net.OpError
		require.ErrorAs(t, err, &of)
		require.Equal(t, op, of.Op)
		require.Equal(t, source, of.Source)
	}
	methods := func(t *testing.T, c extras, source net.Addr) {
		ctx := context.Background()
		_, err := c.ReadContext(ctx, make([]byte, 1))
		unsupported(t, "read", source, err)
		_, err = c.WriteContext(ctx, make([]byte, 1))
		unsupported(t, "write", source, err)
		unsupported(t, "read", source, c.WaitReadable(ctx))
		unsupported(t, "write", source, c.WaitWritable(ctx))
		for _, method := range []func(){
			func() { c.NotifyReadable(func() { t.Error("called") }) },
			func() { c.PeerClosed() },
		} {
			require.ErrorIs(t, panicOf(method), errors.ErrUnsupported)
		}
		if udp, ok := c.(*net.UDPConn); ok {
			_, err = udp.ReadBatch(make([]net.Message, 1), 0)
			unsupported(t, "read", source, err)
			_, err = udp.WriteBatch(make([]net.Message, 1), 0)
			unsupported(t, "write", source, err)
		}
	}
	eachPair(t, func(t *testing.T, zero extras, c, peer net.Conn) {
		methods(t, c.(extras), c.LocalAddr())
		methods(t, peer.(extras), peer.LocalAddr())
		methods(t, zero, nil)
	})
}

// panicOf returns the error with which f panics.
func panicOf(f func()) (err error) {
	defer func() { err, _ = recover().(error) }()
	f()
	return nil
}

// If this fails, a field that only Linux can heed is taken for one that is heeded, or one that
// changes nothing is not.
func TestFieldsOfOtherSystems(t *testing.T) {
	ctx := context.Background()
	g := net.NewPollerGroup(net.PollerConfig{Pollers: 2})
	for _, lc := range []net.ListenConfig{{Backlog: 1}, {ReusePort: true}} {
		l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
		require.Nil(t, l)
		require.ErrorIs(t, err, errors.ErrUnsupported)
		require.ErrorContains(t, err, "listen tcp: ListenConfig.")
	}
	reuse := net.ListenConfig{ReusePort: true}
	p, err := reuse.ListenPacket(ctx, "udp", "127.0.0.1:0")
	require.Nil(t, p)
	require.ErrorIs(t, err, errors.ErrUnsupported)

	lc := net.ListenConfig{Poller: g}
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	require.IsType(t, (*net.TCPListener)(nil), l)
	d := net.Dialer{Poller: g, LocalAddr: &net.TCPAddr{IP: loopback}}
	c, err := d.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	require.NoError(t, c.Close())

	lc.SetMultipathTCP(false)
	require.False(t, lc.MultipathTCP())
	require.False(t, d.MultipathTCP())
	d.SetMultipathTCP(true)
	require.True(t, d.MultipathTCP())
	if c, err = d.Dial("tcp", l.Addr().String()); err == nil { // or the system has it not
		require.NoError(t, c.Close())
	}
}

// If this fails, a Dial or Listen that fails returns a connection that is not nil.
func TestFailuresOfOtherSystems(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	refuses := l.Addr().(*net.TCPAddr)
	require.NoError(t, l.Close())

	c, err := net.Dial("tcp", refuses.String())
	require.True(t, c == nil)
	var of *net.OpError
	require.ErrorAs(t, err, &of)
	require.Equal(t, "dial", of.Op)
	tcp, err := net.DialTCP("tcp", nil, refuses)
	require.Nil(t, tcp)
	require.Error(t, err)
	_, err = net.DialTimeout("tcp", refuses.String(), -1)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	l, err = net.Listen("tcp", "127.0.0.1:-1")
	require.True(t, l == nil)
	require.Error(t, err)
	p, err := net.ListenPacket("tcp", "127.0.0.1:0")
	require.True(t, p == nil)
	require.Error(t, err)
	_, err = (*net.TCPListener)(nil).Accept()
	require.Error(t, err)
	_, err = new(net.UnixListener).AcceptUnix()
	require.Error(t, err)
}

// If this fails, a method of Dialer that newer versions of package net have dials something else.
func TestTypedDialsOfOtherSystems(t *testing.T) {
	ctx, none := context.Background(), netip.AddrPort{}
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: loopback})
	require.NoError(t, err)
	defer l.Close()
	to := l.Addr().(*net.TCPAddr).AddrPort()
	from := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), 0)
	d := net.Dialer{LocalAddr: &net.UDPAddr{}} // which is ignored

	tcp, err := d.DialTCP(ctx, "tcp", from, to)
	require.NoError(t, err)
	require.Equal(t, to.String(), tcp.RemoteAddr().String())
	accepted, err := l.AcceptTCP()
	require.NoError(t, err)
	require.Equal(t, tcp.LocalAddr(), accepted.RemoteAddr())
	require.NoError(t, tcp.Close())
	require.NoError(t, accepted.Close())

	udp, err := d.DialUDP(ctx, "udp4", none, to)
	require.NoError(t, err)
	require.Equal(t, to.String(), udp.RemoteAddr().String())
	require.NoError(t, udp.Close())

	_, err = d.DialTCP(ctx, "udp", none, to)
	require.ErrorContains(t, err, "unknown network udp")
	_, err = d.DialUDP(ctx, "tcp", none, to)
	require.ErrorContains(t, err, "unknown network tcp")
	_, err = d.DialIP(ctx, "tcp", netip.Addr{}, to.Addr())
	require.ErrorContains(t, err, "unknown network tcp")
	unix, err := d.DialUnix(ctx, "unix", nil, nil)
	require.Nil(t, unix)
	require.Error(t, err)
	_, err = d.DialUnix(ctx, "tcp", nil, &net.UnixAddr{Name: "x"})
	require.ErrorContains(t, err, "unknown network tcp")
}

// If this fails, a socket that comes from a file is package net's, or is another.
func TestFilesOfOtherSystems(t *testing.T) {
	l, err := net.ListenTCP("tcp", &net.TCPAddr{IP: loopback})
	require.NoError(t, err)
	defer l.Close()
	f, err := l.File()
	if err != nil {
		t.Skip(err) // Windows has none
	}
	again, err := net.FileListener(f)
	require.NoError(t, err)
	defer again.Close()
	require.IsType(t, l, again)
	require.NoError(t, f.Close())
	c, err := net.DialTCP("tcp", nil, again.Addr().(*net.TCPAddr))
	require.NoError(t, err)
	defer c.Close()
	f, err = c.File()
	require.NoError(t, err)
	same, err := net.FileConn(f)
	require.NoError(t, err)
	require.NoError(t, same.Close())
	require.IsType(t, c, same)
	_, err = net.FilePacketConn(f)
	require.Error(t, err)
	require.NoError(t, f.Close())

	udp, err := net.ListenUDP("udp", &net.UDPAddr{IP: loopback})
	require.NoError(t, err)
	defer udp.Close()
	f, err = udp.File()
	require.NoError(t, err)
	defer f.Close()
	packets, err := net.FilePacketConn(f)
	require.NoError(t, err)
	require.IsType(t, udp, packets)
	require.NoError(t, packets.Close())
}

// If this fails, several buffers or a limit for a Read do not work on a connection of another system.
func TestCopiesOfOtherSystems(t *testing.T) {
	c, peer, err := streams("tcp")(t)
	require.NoError(t, err)
	defer c.Close()
	defer peer.Close()
	buffers := net.Buffers{[]byte("one "), []byte("two")}
	n, err := buffers.WriteTo(peer)
	require.NoError(t, err)
	require.EqualValues(t, 7, n)
	buf := make([]byte, 7)
	_, err = io.ReadFull(c, buf)
	require.NoError(t, err)
	require.Equal(t, "one two", string(buf))

	limited := net.WithTimeout(c, time.Millisecond, 0)
	_, err = limited.Read(buf)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.NoError(t, peer.(*net.TCPConn).CloseWrite())
	got, err := io.ReadAll(net.WithTimeout(c, time.Minute, 0))
	require.NoError(t, err)
	require.Empty(t, got)
}

// If this fails, an HTTP server or client does not work over these sockets.
func TestHTTPOfOtherSystems(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.URL.Path)
	})}
	go server.Serve(l)
	defer server.Close()
	transport := &http.Transport{DialContext: new(net.Dialer).DialContext}
	defer transport.CloseIdleConnections()
	answer, err := (&http.Client{Transport: transport}).Get("http://" + l.Addr().String() + "/path")
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, "/path", string(body))
}

// If this fails, an IdleServer takes these connections for ones that can wait without a goroutine.
func TestIdleServerOfOtherSystems(t *testing.T) {
	for _, limited := range []bool{false, true} {
		c, peer, err := streams("tcp")(t)
		require.NoError(t, err)
		defer peer.Close()
		served := c
		if limited {
			served = net.WithTimeout(c, time.Minute, time.Minute)
		}
		done := make(chan error, 1)
		s := &net.IdleServer{
			Serve: func(c net.Conn, r *bufio.Reader) error {
				line, err := r.ReadString('\n')
				if err == nil {
					_, err = fmt.Fprint(c, line)
				}
				return err
			},
			Done:        func(_ net.Conn, err error) { done <- err },
			IdleTimeout: time.Minute,
		}
		s.Add(served)
		answers := bufio.NewReader(peer)
		for _, line := range []string{"one\n", "two\n"} {
			_, err = fmt.Fprint(peer, line)
			require.NoError(t, err)
			answer, err := answers.ReadString('\n')
			require.NoError(t, err)
			require.Equal(t, line, answer)
		}
		require.NoError(t, peer.Close())
		require.Equal(t, io.EOF, <-done)
	}
}
