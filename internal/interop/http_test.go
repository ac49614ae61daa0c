//go:build linux

package interop

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// get returns what the server says, which must be 200.
func get(t testing.TB, c *http.Client, url string) string {
	t.Helper()
	resp, err := c.Get(url)
	require.NoError(t, err)
	return body(t, resp)
}

// body reads and closes the body of a response, which must be 200.
func body(t testing.TB, resp *http.Response) string {
	t.Helper()
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode, "%s", b)
	return string(b)
}

// If this fails, a connection is not used again by the next request: it looked broken
// when it was idle, or its background read could not be ended.
func TestKeepAlive(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		_, address := ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
			io.Copy(w, r.Body)
			io.WriteString(w, r.RemoteAddr)
		})
		c, _ := ends.NewClient(t, p.Client)
		var addr string
		for i := range 50 {
			var conn httptrace.GotConnInfo
			trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) { conn = info }}
			ctx := httptrace.WithClientTrace(t.Context(), trace)
			r, err := http.NewRequestWithContext(ctx, "POST", "http://"+address, strings.NewReader("from "))
			require.NoError(t, err)
			resp, err := c.Do(r)
			require.NoError(t, err)
			got := body(t, resp)
			if i == 0 {
				addr = got
			}
			assert.Equal(t, addr, got, "request %d came from elsewhere", i)
			assert.Equal(t, i > 0, conn.Reused, "request %d", i)
		}
	})
}

// If this fails, a large response arrives incomplete or altered.
func TestDownload(t *testing.T) {
	size := ends.SizeOf(100 << 20)
	want, err := ends.Checksum(ends.Stream(1, size))
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "body")
	f, err := os.Create(file)
	require.NoError(t, err)
	_, err = io.Copy(f, ends.Stream(1, size))
	require.NoError(t, err)
	require.NoError(t, f.Close())

	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		_, address := ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/length":
				w.Header().Set("Content-Length", fmt.Sprint(size))
				fallthrough
			case "/chunked":
				_, err := io.Copy(w, ends.Stream(1, size))
				assert.NoError(t, err)
			case "/file":
				http.ServeFile(w, r, file)
			}
		})
		c, _ := ends.NewClient(t, p.Client)
		for _, path := range []string{"/length", "/chunked", "/file"} {
			resp, err := c.Get("http://" + address + path)
			require.NoError(t, err)
			got, err := ends.Checksum(resp.Body)
			resp.Body.Close()
			require.NoError(t, err)
			assert.Equal(t, want, got, path)
		}
	})
}

// If this fails, a large request arrives incomplete or altered.
func TestUpload(t *testing.T) {
	size := ends.SizeOf(100 << 20)
	want, err := ends.Checksum(ends.Stream(2, size))
	require.NoError(t, err)
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		_, address := ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
			got, err := ends.Checksum(r.Body)
			assert.NoError(t, err)
			io.WriteString(w, got)
		})
		c, _ := ends.NewClient(t, p.Client)
		for _, length := range []int64{size, -1} { // -1: chunked
			r, err := http.NewRequest("PUT", "http://"+address, ends.Stream(2, size))
			require.NoError(t, err)
			r.ContentLength = length
			resp, err := c.Do(r)
			require.NoError(t, err)
			assert.Equal(t, want, body(t, resp), "Content-Length: %d", length)
		}
	})
}

// If this fails, one connection cannot carry a large body each way at once.
func TestBothWays(t *testing.T) {
	size := ends.SizeOf(100 << 20)
	want, err := ends.Checksum(ends.Stream(3, size))
	require.NoError(t, err)
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		_, address := ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
			assert.NoError(t, http.NewResponseController(w).EnableFullDuplex())
			n, err := io.Copy(w, r.Body)
			assert.NoError(t, err)
			assert.Equal(t, size, n)
		})
		c, _ := ends.NewClient(t, p.Client)
		resp, err := c.Post("http://"+address, "", ends.Stream(3, size))
		require.NoError(t, err)
		defer resp.Body.Close()
		got, err := ends.Checksum(resp.Body)
		require.NoError(t, err)
		assert.Equal(t, want, got)
	})
}

// If this fails, the server sees a connection go through other states than it does on
// package net.
func TestConnState(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		states := make(chan http.ConnState, 100)
		server, address := ends.Serve(t, p.Server, func(http.ResponseWriter, *http.Request) {}, func(s *http.Server) {
			s.ConnState = func(_ net.Conn, state http.ConnState) { states <- state }
		})
		sequence := func(want ...http.ConnState) {
			t.Helper()
			for _, w := range want {
				require.Equal(t, w, ends.Receive(t, w.String(), states))
			}
		}

		// The client ends it.
		c, tr := ends.NewClient(t, p.Client)
		get(t, c, "http://"+address)
		sequence(http.StateNew, http.StateActive, http.StateIdle)
		get(t, c, "http://"+address)
		sequence(http.StateActive, http.StateIdle)
		tr.CloseIdleConnections()
		sequence(http.StateClosed)

		// The server does.
		get(t, c, "http://"+address)
		sequence(http.StateNew, http.StateActive, http.StateIdle)
		require.NoError(t, server.Shutdown(t.Context()))
		sequence(http.StateClosed)
	})
}

// If this fails, the server does not let go of a hijacked connection.
func TestConnStateHijacked(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		states := make(chan http.ConnState, 100)
		_, address := ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
			c, _, err := http.NewResponseController(w).Hijack()
			if assert.NoError(t, err) {
				c.Close()
			}
		}, func(s *http.Server) {
			s.ConnState = func(_ net.Conn, state http.ConnState) { states <- state }
		})
		c, _ := ends.NewClient(t, p.Client)
		_, err := c.Get("http://" + address)
		require.Error(t, err)
		for _, want := range []http.ConnState{http.StateNew, http.StateActive, http.StateHijacked} {
			require.Equal(t, want, ends.Receive(t, want.String(), states))
		}
	})
}

// busy starts n requests whose handlers all run at once, each on a connection of its
// own, until release is called. The client reports how they ended.
func busy(t *testing.T, p ends.Pair, n int, configure ...func(*http.Server)) (server *http.Server, address string, release func(), ended <-chan error) {
	entered, released := make(chan struct{}, n), make(chan struct{})
	server, address = ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		select {
		case <-released:
			io.WriteString(w, "complete")
		case <-r.Context().Done():
		}
	}, configure...)
	c, _ := ends.NewClient(t, p.Client)
	results := make(chan error, n)
	for range n {
		go func() {
			resp, err := c.Get("http://" + address)
			if err == nil {
				var b []byte
				if b, err = io.ReadAll(resp.Body); err == nil && string(b) != "complete" {
					err = fmt.Errorf("got %q", b)
				}
				resp.Body.Close()
			}
			results <- err
		}()
	}
	for range n {
		ends.Receive(t, "a request is served", entered)
	}
	release = sync.OnceFunc(func() { close(released) })
	t.Cleanup(release)
	return server, address, release, results
}

// If this fails, Shutdown waits for connections that are idle, or goes on accepting.
func TestShutdownIdle(t *testing.T) {
	const conns = 20
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		server, address, release, ended := busy(t, p, conns)
		release()
		for range conns {
			require.NoError(t, ends.Receive(t, "a response", ended))
		}
		// Now there are so many idle connections.
		ctx, cancel := context.WithTimeout(t.Context(), ends.Patience)
		defer cancel()
		require.NoError(t, server.Shutdown(ctx))
		_, err := p.Client.Dial(t.Context(), "tcp", address)
		require.Error(t, err, "the listener still listens")
	})
}

// If this fails, Shutdown cuts off requests in progress, or does not wait for them, or
// misses that they are over.
func TestShutdownBusy(t *testing.T) {
	const conns = 20
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		server, address, release, ended := busy(t, p, conns)
		down := make(chan error, 1)
		go func() { down <- server.Shutdown(context.Background()) }()
		ends.Eventually(t, "the listener is closed", func() bool {
			c, err := p.Client.Dial(t.Context(), "tcp", address)
			if err == nil {
				c.Close()
			}
			return err != nil
		})
		select {
		case err := <-down:
			t.Fatalf("Shutdown returned %v while requests were served", err)
		case err := <-ended:
			t.Fatalf("a request ended with %v before its handler", err)
		case <-time.After(20 * time.Millisecond): // it has looked several times
		}
		release()
		for range conns {
			assert.NoError(t, ends.Receive(t, "a response", ended))
		}
		require.NoError(t, ends.Receive(t, "Shutdown", down))
	})
}

// If this fails, closing the server leaves connections open, or their handlers do not
// learn of it.
func TestServerClose(t *testing.T) {
	const conns = 20
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		server, address, _, ended := busy(t, p, conns)
		silent := ends.Dial(t, p.Client, address) // has not sent anything
		require.NoError(t, server.Close())
		for range conns {
			require.Error(t, ends.Receive(t, "a request fails", ended))
		}
		_, err := silent.Read(make([]byte, 1))
		require.Error(t, err)
	})
}
