package waiting

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
)

// These tests use sockets in bubbles of testing/synctest, package net's and ours. A socket
// is no part of a bubble: it is connected to what is outside.

// A maker makes sockets of one package's.
type maker struct {
	listen       func(network, address string) (net.Listener, error)
	dial         func(network, address string) (net.Conn, error)
	listenPacket func(network, address string) (net.PacketConn, error)
}

var makers = map[string]maker{
	"net":       {net.Listen, net.Dial, net.ListenPacket},
	"netpoller": {netpoller.Listen, netpoller.Dial, netpoller.ListenPacket},
}

func eachMaker(t *testing.T, f func(t *testing.T, m maker)) {
	for name, m := range makers {
		t.Run(name, func(t *testing.T) { f(t, m) })
	}
}

// pair returns both ends of a connection, made where it is called.
func (m maker) pair(t testing.TB, network, address string) (near, far net.Conn) {
	t.Helper()
	ln, err := m.listen(network, address)
	require.NoError(t, err)
	defer ln.Close()
	near, err = m.dial(network, ln.Addr().String())
	require.NoError(t, err)
	far, err = ln.Accept()
	require.NoError(t, err)
	return near, far
}

func (m maker) tcpPair(t testing.TB) (near, far net.Conn) {
	return m.pair(t, "tcp", "127.0.0.1:0")
}

// bubbles are what a program may do in one. It may not look up names: package net's
// resolver keeps a channel of the first bubble that it was used in. Outside of it are a listener that echoes, and
// a connection whose other end is in nobody's hand.
var bubbles = []struct {
	name string
	do   func(t *testing.T, m maker, echo string, outer, far net.Conn)
}{
	{"both ends", func(t *testing.T, m maker, _ string, _, _ net.Conn) {
		near, far := m.tcpPair(t)
		go io.Copy(far, far)
		echoes(t, near)
		near.Close()
		far.Close()
	}},
	{"a server outside", func(t *testing.T, m maker, echo string, _, _ net.Conn) {
		c, err := m.dial("tcp", echo)
		require.NoError(t, err)
		echoes(t, c)
		c.Close()
	}},
	{"Unix streams", func(t *testing.T, m maker, _ string, _, _ net.Conn) {
		near, far := m.pair(t, "unix", filepath.Join(t.TempDir(), "s"))
		go io.Copy(far, far)
		echoes(t, near)
		near.Close()
		far.Close()
	}},
	{"packets", func(t *testing.T, m maker, _ string, _, _ net.Conn) {
		c, err := m.listenPacket("udp", "127.0.0.1:0")
		require.NoError(t, err)
		got := make(chan string)
		go func() {
			b := make([]byte, 10)
			n, _, err := c.ReadFrom(b)
			got <- fmt.Sprint(string(b[:n]), err)
		}()
		parksSoon()
		_, err = c.WriteTo([]byte("packet"), c.LocalAddr())
		require.NoError(t, err)
		require.Equal(t, "packet<nil>", <-got)
		c.Close()
	}},
	{"a Read that waits, and its connection closed", func(t *testing.T, m maker, _ string, _, _ net.Conn) {
		near, far := m.tcpPair(t)
		read := make(chan error)
		go func() {
			_, err := near.Read(make([]byte, 1))
			read <- err
		}()
		parksSoon()
		near.Close()
		require.ErrorIs(t, <-read, net.ErrClosed)
		far.Close()
	}},
	{"a Read that a deadline ends, by the time outside", func(t *testing.T, m maker, _ string, _, _ net.Conn) {
		near, far := m.tcpPair(t)
		require.NoError(t, near.SetReadDeadline(time.Now().Add(20*time.Millisecond)))
		_, err := near.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		near.Close()
		far.Close()
	}},
	{"a deadline that has come in the bubble alone", func(t *testing.T, m maker, _ string, _, _ net.Conn) {
		near, far := m.tcpPair(t)
		require.NoError(t, near.SetDeadline(time.Now().Add(time.Hour)))
		time.Sleep(2 * time.Hour)
		_, err := near.Write([]byte("x"))
		require.NoError(t, err)
		near.Close()
		far.Close()
	}},
	{"a deadline of before", func(t *testing.T, m maker, _ string, _, _ net.Conn) {
		near, far := m.tcpPair(t)
		require.NoError(t, near.SetDeadline(time.Now().Add(-time.Second)))
		_, err := near.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		near.Close()
		far.Close()
	}},
	{"a deadline for a Read outside", func(t *testing.T, m maker, _ string, outer, _ net.Conn) {
		require.NoError(t, outer.SetReadDeadline(time.Now().Add(20*time.Millisecond)))
	}},
	{"a Write for a Read outside", func(t *testing.T, m maker, _ string, _, far net.Conn) {
		_, err := far.Write([]byte("x"))
		require.NoError(t, err)
	}},
	{"a Read behind one outside", func(t *testing.T, m maker, _ string, outer, far net.Conn) {
		read := make(chan error)
		go func() {
			_, err := outer.Read(make([]byte, 1))
			read <- err
		}()
		parksSoon()
		_, err := far.Write([]byte("xx"))
		require.NoError(t, err)
		require.NoError(t, <-read)
	}},
	{"a connection closed that is read outside", func(t *testing.T, m maker, _ string, outer, _ net.Conn) {
		outer.Close() // the first time
	}},
	{"a server and a client of HTTP", func(t *testing.T, m maker, _ string, _, _ net.Conn) {
		ln, err := m.listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		s := &http.Server{Handler: http.NotFoundHandler(), ReadTimeout: time.Hour}
		served := make(chan error)
		go func() { served <- s.Serve(ln) }()
		transport := &http.Transport{DialContext: func(_ context.Context, network, address string) (net.Conn, error) {
			return m.dial(network, address)
		}}
		for range 3 {
			r, err := (&http.Client{Transport: transport, Timeout: time.Minute}).Get("http://" + ln.Addr().String())
			require.NoError(t, err)
			io.Copy(io.Discard, r.Body)
			r.Body.Close()
		}
		transport.CloseIdleConnections()
		require.NoError(t, s.Close())
		require.ErrorIs(t, <-served, http.ErrServerClosed)
	}},
}

// parksSoon lets other goroutines go as far as they can. In a bubble no Sleep does, as no
// time passes while one of them waits for a socket.
func parksSoon() {
	for range 1000 {
		runtime.Gosched()
	}
}

func echoes(t testing.TB, c net.Conn) {
	t.Helper()
	_, err := c.Write([]byte("hello"))
	require.NoError(t, err)
	b := make([]byte, 5)
	_, err = io.ReadFull(c, b)
	require.NoError(t, err)
	require.Equal(t, "hello", string(b))
}

// If this failed, a test in a bubble that uses real sockets would hang, panic, or be
// called a deadlock over our sockets, and not over package net's.
func TestBubbles(t *testing.T) {
	for _, b := range bubbles {
		t.Run(b.name, func(t *testing.T) {
			eachMaker(t, func(t *testing.T, m maker) {
				ln, err := m.listen("tcp", "127.0.0.1:0")
				require.NoError(t, err)
				defer ln.Close()
				go echoAll(ln)
				outer, far := m.tcpPair(t)
				defer outer.Close()
				defer far.Close()
				read := make(chan error, 1)
				go func() {
					_, err := outer.Read(make([]byte, 1))
					read <- err
				}()
				for range 3 { // what one bubble leaves behind, the next one meets
					synctest.Test(t, func(t *testing.T) { b.do(t, m, ln.Addr().String(), outer, far) })
				}
				outsideWorks(t, m)
				outer.Close()
				<-read
			})
		})
	}
}

func echoAll(ln net.Listener) {
	for {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			io.Copy(c, c)
		}()
	}
}

// outsideWorks uses more connections than a bubble did, so that what it left behind in
// one's place would show: a Read that waits, one with a deadline, and none that times out.
func outsideWorks(t *testing.T, m maker) {
	var all sync.WaitGroup
	for range 20 {
		near, far := m.tcpPair(t)
		all.Go(func() {
			defer near.Close()
			defer far.Close()
			waits := make(chan error)
			go func() {
				_, err := near.Read(make([]byte, 1))
				waits <- err
			}()
			far.SetReadDeadline(time.Now().Add(time.Millisecond))
			if _, err := far.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("Read until a deadline: %v", err)
			}
			if _, err := far.Write([]byte("x")); err != nil {
				t.Errorf("Write: %v", err)
			}
			if err := <-waits; err != nil {
				t.Errorf("Read: %v", err)
			}
		})
	}
	all.Wait()
}

const inBubbleFirst = "NETPOLLER_TEST_BUBBLE_FIRST"

// If this failed, the first socket of a process could not be one of a bubble's: whatever
// serves them all would be the bubble's own.
func TestFirstSocketInABubble(t *testing.T) {
	if name := os.Getenv(inBubbleFirst); name != "" {
		m := makers[name]
		synctest.Test(t, func(t *testing.T) {
			near, far := m.tcpPair(t)
			go io.Copy(far, far)
			echoes(t, near)
			near.Close()
			far.Close()
		})
		outsideWorks(t, m)
		return
	}
	eachMaker(t, func(t *testing.T, _ maker) {
		_, name, _ := strings.Cut(t.Name(), "/")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestFirstSocketInABubble$")
		cmd.Env = append(os.Environ(), inBubbleFirst+"="+name)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
	})
}

// If this failed, a notification asked for in a bubble could not use the bubble's channels.
func TestNotifyReadableInABubble(t *testing.T) {
	near, far := makers["netpoller"].tcpPair(t)
	defer near.Close()
	defer far.Close()
	synctest.Test(t, func(t *testing.T) {
		notified := make(chan time.Time)
		near.(*netpoller.TCPConn).NotifyReadable(func() { notified <- time.Now() })
		parksSoon()
		_, err := far.Write([]byte("x"))
		require.NoError(t, err)
		require.Equal(t, time.Now(), <-notified, "the bubble's clock")
		_, err = near.Read(make([]byte, 8)) // a short read, so that the next waits before it asks
		require.NoError(t, err)

		near.(*netpoller.TCPConn).NotifyReadable(func() { notified <- time.Now() })
		parksSoon()
		_, err = far.Write([]byte("y"))
		require.NoError(t, err)
		<-notified
		_, err = near.Read(make([]byte, 8))
		require.NoError(t, err)

		stop := near.(*netpoller.TCPConn).NotifyReadable(func() { t.Error("notified after all") })
		parksSoon()
		require.True(t, stop())
	})
	notified := make(chan bool)
	near.(*netpoller.TCPConn).NotifyReadable(func() { notified <- true })
	synctest.Test(t, func(t *testing.T) { near.Close() })
	require.True(t, <-notified, "asked for outside, it uses a channel from outside")
}
