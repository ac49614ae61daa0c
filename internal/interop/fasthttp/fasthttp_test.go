//go:build linux

// Package fasthttp tests github.com/valyala/fasthttp over package netpoller.
package fasthttp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/valyala/fasthttp"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

func TestMain(m *testing.M) {
	keepTheClock()
	os.Exit(ends.WithoutLeaks(m.Run))
}

// keepTheClock makes fasthttp start the goroutine that it keeps, which knows the time.
func keepTheClock() {
	var w bytes.Buffer
	var h fasthttp.ResponseHeader
	h.WriteTo(&w)
}

const (
	// short is a timeout that shall hit.
	short = 50 * time.Millisecond

	// idle is how long a client keeps a connection that it does not use.
	idle = 3 * time.Second
)

// serve runs a server until the test is over, and returns its address.
func serve(t testing.TB, s ends.Side, h fasthttp.RequestHandler, configure ...func(*fasthttp.Server)) (server *fasthttp.Server, address string) {
	t.Helper()
	server = &fasthttp.Server{
		Handler:               h,
		Logger:                silent{},
		CloseOnShutdown:       true,
		StreamRequestBody:     true,
		MaxRequestBodySize:    1 << 30,
		MaxIdleWorkerDuration: short, // its goroutines end before the test does
	}
	for _, c := range configure {
		c(server)
	}
	l := ends.Listen(t, s)
	result := make(chan error, 1)
	go func() { result <- server.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), ends.Patience)
		defer cancel()
		assert.NoError(t, server.ShutdownWithContext(ctx))
		assert.NoError(t, ends.Receive(t, "Serve returns", result))
	})
	return server, l.Addr().String()
}

type silent struct{}

func (silent) Printf(string, ...any) {}

// newClient returns a client of the server at address.
func newClient(t testing.TB, s ends.Side, address string) *fasthttp.HostClient {
	c := &fasthttp.HostClient{
		Addr:                address,
		Dial:                func(address string) (net.Conn, error) { return s.Dial(context.Background(), "tcp", address) },
		MaxIdleConnDuration: idle,
		StreamResponseBody:  true,
	}
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// do sends a request with a body, or with none, and hands what comes back to handle.
func do(c *fasthttp.HostClient, path string, body io.Reader, size int, handle func(r *fasthttp.Response) error) error {
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	req.SetRequestURI("http://" + c.Addr + path)
	if body != nil {
		req.Header.SetMethod("POST")
		req.SetBodyStream(body, size)
	}
	if err := c.Do(req, resp); err != nil {
		return err
	}
	err := handle(resp)
	return errors.Join(err, resp.CloseBodyStream())
}

// get returns what the server says.
func get(c *fasthttp.HostClient, path string) (text string, err error) {
	err = do(c, path, nil, 0, func(r *fasthttp.Response) error {
		b, err := io.ReadAll(r.BodyStream())
		text = string(b)
		return err
	})
	return text, err
}

// If this fails, a connection is not used again by the next request.
func TestKeepAlive(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		_, address := serve(t, p.Server, func(ctx *fasthttp.RequestCtx) { fmt.Fprint(ctx, ctx.RemoteAddr()) })
		c := newClient(t, p.Client, address)
		want, err := get(c, "/")
		require.NoError(t, err)
		for range 50 {
			got, err := get(c, "/")
			require.NoError(t, err)
			require.Equal(t, want, got)
		}
	})
}

// If this fails, many connections at once get each other's responses, or none.
func TestManyConnections(t *testing.T) {
	const conns, requests = 50, 20
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		_, address := serve(t, p.Server, func(ctx *fasthttp.RequestCtx) { ctx.Write(ctx.Path()) })
		c := newClient(t, p.Client, address)
		c.MaxConns = conns
		var all sync.WaitGroup
		for i := range conns {
			all.Go(func() {
				for j := range requests {
					want := fmt.Sprintf("/%d/%d", i, j)
					got, err := get(c, want)
					assert.NoError(t, err)
					assert.Equal(t, want, got)
				}
			})
		}
		all.Wait()
	})
}

// If this fails, a large body arrives incomplete or altered, or one that is a file.
func TestBodies(t *testing.T) {
	size := ends.SizeOf(20 << 20)
	want, err := ends.Checksum(ends.Stream(1, size))
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "body")
	require.NoError(t, os.WriteFile(file, ends.Bytes(1, size), 0o600))
	open := func() *os.File {
		f, err := os.Open(file)
		assert.NoError(t, err)
		return f // closed by who sends it
	}
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		_, address := serve(t, p.Server, func(ctx *fasthttp.RequestCtx) {
			switch string(ctx.Path()) {
			case "/up":
				got, err := ends.Checksum(ctx.RequestBodyStream())
				assert.NoError(t, err)
				ctx.WriteString(got)
			case "/length":
				ctx.SetBodyStream(ends.Stream(1, size), int(size))
			case "/chunked":
				ctx.SetBodyStream(ends.Stream(1, size), -1)
			case "/file":
				ctx.SetBodyStream(open(), int(size))
			}
		})
		c := newClient(t, p.Client, address)
		for _, path := range []string{"/length", "/chunked", "/file"} {
			require.NoError(t, do(c, path, nil, 0, func(r *fasthttp.Response) error {
				got, err := ends.Checksum(r.BodyStream())
				assert.Equal(t, want, got, path)
				return err
			}))
		}
		for _, length := range []int{int(size), -1} {
			for _, body := range []io.Reader{ends.Stream(1, size), open()} {
				require.NoError(t, do(c, "/up", body, length, func(r *fasthttp.Response) error {
					got, err := io.ReadAll(r.BodyStream())
					assert.Equal(t, want, string(got), "length %d of %T", length, body)
					return err
				}))
			}
		}
	})
}

// If this fails, bytes are lost when a handler takes the connection over.
func TestHijack(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		_, address := serve(t, p.Server, func(ctx *fasthttp.RequestCtx) {
			ctx.HijackSetNoResponse(true)
			ctx.Hijack(func(c net.Conn) {
				_, err := io.Copy(c, c)
				assert.NoError(t, err)
			})
		})
		c := ends.Dial(t, p.Client, address)
		want := ends.Bytes(1, 1<<20)
		go func() {
			// The first bytes come with the request.
			c.Write(append([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), want[:100]...))
			c.Write(want[100:])
		}()
		got := make([]byte, len(want))
		_, err := io.ReadFull(c, got)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got))
	})
}

// If this fails, the limit of connections per address does not hold: it needs a
// *net.TCPAddr from our connections.
func TestMaxConnsPerIP(t *testing.T) {
	ends.ForEachServer(t, func(t *testing.T, s ends.Side) {
		server, address := serve(t, s, func(ctx *fasthttp.RequestCtx) { ctx.WriteString("served") }, func(s *fasthttp.Server) {
			s.MaxConnsPerIP = 1
		})
		first := newClient(t, ends.Net(), address)
		got, err := get(first, "/")
		require.NoError(t, err)
		require.Equal(t, "served", got)
		second := newClient(t, ends.Net(), address)
		require.NoError(t, do(second, "/", nil, 0, func(r *fasthttp.Response) error {
			assert.Equal(t, fasthttp.StatusTooManyRequests, r.StatusCode())
			return nil
		}))

		// With this limit, fasthttp's Shutdown races with the reader of a connection that
		// is idle, over package net too.
		first.CloseIdleConnections()
		ends.Eventually(t, "no connection is open", func() bool { return server.GetOpenConnectionsCount() == 0 })
	})
}
