// Command tcp tries what TCP connections, listeners and dialers can do and prints what
// comes back: the same, whichever package it imports as net.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	tl := l.(*net.TCPListener)
	fmt.Println(l.Addr().Network(), l.Addr().(*net.TCPAddr).IP)

	c, peer := pair(tl)
	options(c)
	data(c, peer)
	deadlines(c)
	ends(c, peer)
	rawAndFiles(tl)
	dialing(l.Addr().String())
	endOfListener(tl)
}

func options(c *net.TCPConn) {
	for _, err := range []error{
		c.SetNoDelay(false), c.SetKeepAlive(true), c.SetKeepAlivePeriod(time.Minute), c.SetLinger(3),
		c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: time.Second, Count: 3}),
		c.SetReadBuffer(1 << 16), c.SetWriteBuffer(1 << 16), c.SetLinger(-1),
	} {
		check(err)
	}
	say(c.MultipathTCP())
	var _ net.Conn = c
	var _ net.Error = (*net.OpError)(nil)
}

// data is Write, Buffers, ReadFrom; half-close; WriteTo.
func data(c, peer *net.TCPConn) {
	var group sync.WaitGroup
	group.Go(func() {
		say(c.Write([]byte("hello, ")))
		buffers := net.Buffers{[]byte("scattered "), []byte("words, ")}
		say(buffers.WriteTo(c))
		say(len(buffers), nil)
		say(io.Copy(c, strings.NewReader("a stream")))
		check(c.CloseWrite())
	})
	var got bytes.Buffer
	n, err := io.Copy(&got, peer)
	group.Wait()
	fmt.Println(n, err, got.String())
	check(peer.CloseRead())
}

// deadlines are set by one goroutine for another.
func deadlines(c *net.TCPConn) {
	time.AfterFunc(20*time.Millisecond, func() { c.SetReadDeadline(time.Unix(1, 0)) })
	_, err := c.Read(make([]byte, 10))
	fmt.Println(errors.Is(err, os.ErrDeadlineExceeded), err.(net.Error).Timeout(), operation(err))
}

// ends is Close, and every error afterwards.
func ends(c, peer *net.TCPConn) {
	b := make([]byte, 10)
	time.AfterFunc(20*time.Millisecond, func() { peer.Close() })
	_, err := peer.Read(b)
	fmt.Println(err == io.EOF || errors.Is(err, net.ErrClosed))
	check(c.Close())
	_, err = c.Write(b)
	fmt.Println(errors.Is(err, net.ErrClosed), operation(err), operation(c.Close()), operation(c.SetDeadline(time.Now())))
}

func rawAndFiles(l *net.TCPListener) {
	c, peer := pair(l)
	raw, err := c.SyscallConn()
	check(err)
	check(raw.Control(func(fd uintptr) {
		_, err := syscall.GetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_TYPE)
		check(err)
	}))
	f, err := c.File()
	check(err)
	twin, err := net.FileConn(f)
	check(err)
	fmt.Printf("%v %v\n", twin.LocalAddr().String() == c.LocalAddr().String(), twin.RemoteAddr().Network())
	say(twin.Write([]byte("from the twin")))
	check(twin.Close())
	check(f.Close())
	say(io.ReadFull(peer, make([]byte, 10)))
}

// dialing is that, and what goes wrong with it.
func dialing(address string) {
	d := net.Dialer{Timeout: time.Second, LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}, Control: hook}
	dialed, err := d.DialContext(context.Background(), "tcp", address)
	check(err)
	check(dialed.Close())
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = d.DialContext(ctx, "tcp", address)
	fmt.Println(operation(err), errors.Is(err, context.Canceled))
	_, err = net.Dial("tcp", "127.0.0.1:1")
	fmt.Println(err, errors.Is(err, syscall.ECONNREFUSED))
	_, err = net.Dial("tcp", "127.0.0.1:no-such-port")
	fmt.Println(err)
	_, err = net.DialTimeout("tpc", "127.0.0.1:1", time.Second)
	fmt.Println(err)
	_, err = net.Listen("tcp", address)
	fmt.Println(operation(err), errors.Is(err, syscall.EADDRINUSE))
}

// endOfListener is its deadline and its end.
func endOfListener(l *net.TCPListener) {
	check(l.SetDeadline(time.Now().Add(20 * time.Millisecond)))
	var err error
	for err == nil {
		var c net.Conn
		if c, err = l.Accept(); err == nil {
			check(c.Close())
		}
	}
	fmt.Println(operation(err), err.(net.Error).Timeout())
	check(l.Close())
	_, err = l.AcceptTCP()
	fmt.Println(operation(err), errors.Is(err, net.ErrClosed))
}

func hook(network, _ string, c syscall.RawConn) error {
	return c.Control(func(uintptr) { fmt.Println("hook of", network) })
}

func pair(l *net.TCPListener) (c, peer *net.TCPConn) {
	c, err := net.DialTCP("tcp", nil, l.Addr().(*net.TCPAddr))
	check(err)
	peer, err = l.AcceptTCP()
	check(err)
	return c, peer
}

// operation returns an error without its addresses, in which are ports.
func operation(err error) string {
	var op *net.OpError
	if !errors.As(err, &op) {
		return fmt.Sprintf("%T %v", err, err)
	}
	return fmt.Sprintf("%s %s %v", op.Op, op.Net, op.Err)
}

func say(n any, err error) { fmt.Println(n, err) }

func check(err error) {
	if err != nil {
		panic(err)
	}
}
