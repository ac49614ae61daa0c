package client

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/bench/process"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// serveWrong answers each 64-byte request with what wrong makes of it.
func serveWrong(t *testing.T, wrong func([]byte) []byte) string {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { ln.Close() })
	go func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		buf := make([]byte, 64)
		for {
			n, err := c.Read(buf)
			if err != nil {
				return
			}
			reply := wrong(buf[:n])
			if reply == nil {
				return
			}
			c.Write(reply)
		}
	}()
	return ln.Addr().String()
}

func TestClientNotices(t *testing.T) {
	for name, test := range map[string]struct {
		wrong func([]byte) []byte
		want  string
	}{
		"first byte changed": {func(b []byte) []byte { b[0]++; return b }, "wrong reply"},
		"last byte changed":  {func(b []byte) []byte { b[63]++; return b }, "wrong reply"},
		"byte doubled":       {func(b []byte) []byte { return append(b, b[63]) }, "wrong reply"},
		"reply to another":   {func(b []byte) []byte { b[5]++; return b }, "wrong reply"},
		"connection closed":  {func(b []byte) []byte { return nil }, "server closed the connection with 64 of 64 bytes owed"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := newClient(serveWrong(t, test.wrong), 1, echoDialogue(64))
			require.NoError(t, err)
			defer c.Close()
			_, err = c.Run(t.Context(), time.Second)
			assert.ErrorContains(t, err, test.want)
		})
	}
}

// If this fails, a connection counts that brought another reply, less of it, more, or none.
func TestChurnNotices(t *testing.T) {
	for name, test := range map[string]struct {
		wrong func([]byte) []byte
		want  string
	}{
		"byte changed":      {func(b []byte) []byte { b[63]++; return b }, "wrong reply"},
		"byte doubled":      {func(b []byte) []byte { return append(b, b[63]) }, "has written more"},
		"connection closed": {func(b []byte) []byte { return nil }, "server closed the connection with 64 of 64 bytes owed"},
	} {
		t.Run(name, func(t *testing.T) {
			srv := &process.Server{Hello: process.Hello{Addr: serveWrong(t, test.wrong)}}
			c, err := OneShot(srv, servers.Point{Conns: 1, Size: 64})
			require.NoError(t, err)
			_, err = c.Run(t.Context(), time.Second)
			assert.ErrorContains(t, err, test.want)
		})
	}
}

// If this fails, the clients of HTTP/1.0 are told that every reply is wrong, or that none is.
func TestOneShotHTTP(t *testing.T) {
	for name, test := range map[string]struct {
		start servers.Starter
		load  func(*process.Server, servers.Point) (Loader, error)
	}{
		"http":  {servers.HTTP, OneShotHTTP},
		"https": {servers.HTTPS, OneShotHTTPS},
	} {
		t.Run(name, func(t *testing.T) {
			for size, want := range map[int]string{64: "", 65: "wrong reply"} {
				subject, err := test.start(servers.Variants[0], servers.Point{Size: size})
				require.NoError(t, err)
				c, err := test.load(&process.Server{Hello: process.Hello{Addr: subject.Addr}}, servers.Point{Conns: 2, Size: 64})
				require.NoError(t, err)
				l, err := c.Run(t.Context(), 20*time.Millisecond)
				if want != "" {
					require.ErrorContains(t, err, want)
					continue
				}
				require.NoError(t, err)
				assert.GreaterOrEqual(t, l.Requests, 2)
				assert.EqualValues(t, l.Requests, l.Latency.TotalCount())
			}
		})
	}
}

func TestClientStopsWhenTold(t *testing.T) {
	c, err := newClient(serveWrong(t, func(b []byte) []byte { time.Sleep(time.Hour); return nil }), 1, echoDialogue(64))
	require.NoError(t, err)
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err = c.Run(ctx, time.Hour)
	assert.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Less(t, time.Since(start), stalled)
}

// If this fails, a long reply that is made of two requests passes for right.
func TestDialogueNoticesAMixture(t *testing.T) {
	d := echoDialogue(3 * stampEvery)
	d.stamp(7)
	reply := slices.Clone(d.request)
	d.stamp(8)
	require.NoError(t, d.check(7, 0, reply))
	require.NoError(t, d.check(7, 1000, reply[1000:5000]))
	d.stamp(8)
	copy(reply[2*stampEvery:], d.request[2*stampEvery:])
	require.NoError(t, d.check(7, 0, reply[:2*stampEvery]))
	require.ErrorContains(t, d.check(7, 0, reply), "wrong reply")
}

// If this fails, the client of http is told that every reply is wrong, or that none is.
func TestHTTPDialogue(t *testing.T) {
	subject, err := servers.HTTP(servers.Variants[0], servers.Point{Size: 64})
	require.NoError(t, err)
	c, err := newClient(subject.Addr, 2, httpDialogue(64))
	require.NoError(t, err)
	defer c.Close()
	_, err = c.Run(t.Context(), 20*time.Millisecond)
	require.NoError(t, err)
	c.talk.stamp = func(uint64) {} // a request is as good as another
	c.talk.reply[len(c.talk.reply)-1]++
	_, err = c.Run(t.Context(), 20*time.Millisecond)
	require.ErrorContains(t, err, "wrong reply")
}

// If this fails, there are no more connections than one address has ports.
func TestSource(t *testing.T) {
	addr := serveWrong(t, func(b []byte) []byte { return b })
	for i, want := range map[int]string{
		0: "127.0.0.1", connectionsPerAddress - 1: "127.0.0.1", connectionsPerAddress: "127.0.1.1", 99_999: "127.0.1.9",
	} {
		fd, err := connect("tcp", source(i), addr)
		require.NoError(t, err)
		local, err := unix.Getsockname(fd)
		require.NoError(t, err)
		assert.Equal(t, want, netip.AddrFrom4(local.(*unix.SockaddrInet4).Addr).String(), "connection %d", i)
		require.NoError(t, unix.Close(fd))
	}
}
