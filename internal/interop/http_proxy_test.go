//go:build linux

package interop

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// serveProxy runs a proxy that tunnels, and tells where each tunnel leads.
func serveProxy(t *testing.T, s ends.Side) (address string, tunnels <-chan string) {
	t.Helper()
	leads := make(chan string, 100)
	_, address = ends.Serve(t, s, func(w http.ResponseWriter, r *http.Request) {
		leads <- r.Method + " " + r.RequestURI
		if r.Method != "CONNECT" {
			io.WriteString(w, "from the proxy")
			return
		}
		target, err := s.Dial(r.Context(), "tcp", r.Host)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer target.Close()
		w.WriteHeader(http.StatusOK)
		client, rw, err := http.NewResponseController(w).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		defer client.Close()
		tunnel(client, rw, target)
	})
	return address, leads
}

// tunnel copies both ways until both have ended.
func tunnel(client net.Conn, from io.Reader, target net.Conn) {
	var both sync.WaitGroup
	both.Go(func() {
		io.Copy(target, from)
		target.(interface{ CloseWrite() error }).CloseWrite()
	})
	both.Go(func() {
		io.Copy(client, target)
		client.(interface{ CloseWrite() error }).CloseWrite()
	})
	both.Wait()
}

// through makes a client that goes through the proxy at address.
func through(t *testing.T, s ends.Side, address string) (*http.Client, *http.Transport) {
	c, tr := ends.NewClient(t, s)
	tr.Proxy = http.ProxyURL(&url.URL{Scheme: "http", Host: address})
	return c, tr
}

// If this fails, a client does not reach a server through a proxy: by a tunnel if the
// server speaks TLS, and else by asking the proxy.
func TestProxy(t *testing.T) {
	size := ends.SizeOf(5 << 20)
	cert := ends.NewCert(t, "server")
	want, err := ends.Checksum(ends.Stream(8, size))
	require.NoError(t, err)
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		server := serveTLS(t, p.Server, &tls.Config{Certificates: []tls.Certificate{cert}}, func(w http.ResponseWriter, r *http.Request) {
			assert.NoError(t, http.NewResponseController(w).EnableFullDuplex())
			_, err := io.Copy(w, r.Body)
			assert.NoError(t, err)
		})
		proxy, asked := serveProxy(t, p.Server)
		c, tr := through(t, p.Client, proxy)
		tr.TLSClientConfig = &tls.Config{RootCAs: ends.Trust(cert)}

		r, err := http.NewRequest("POST", "https://"+server, ends.Stream(8, size))
		require.NoError(t, err)
		resp, err := c.Do(r)
		require.NoError(t, err)
		defer resp.Body.Close()
		got, err := ends.Checksum(resp.Body)
		require.NoError(t, err)
		assert.Equal(t, want, got)
		assert.Equal(t, "CONNECT "+server, ends.Receive(t, "a tunnel", asked))

		assert.Empty(t, get(t, c, "https://"+server)) // through the same tunnel
		assert.Empty(t, asked)
		assert.Equal(t, "from the proxy", get(t, c, "http://"+server+"/path"))
		assert.Equal(t, "GET http://"+server+"/path", ends.Receive(t, "a request", asked))
	})
}

// If this fails, a request waits for a proxy that does not answer longer than it may, or
// leaves the connection to it behind, or fails otherwise than over package net.
func TestProxyTimeout(t *testing.T) {
	byClient := func(c *http.Client, _ *http.Transport, r *http.Request, d time.Duration) (*http.Request, context.CancelFunc) {
		c.Timeout = d
		return r, func() {}
	}
	byContext := func(_ *http.Client, _ *http.Transport, r *http.Request, d time.Duration) (*http.Request, context.CancelFunc) {
		ctx, cancel := context.WithTimeout(r.Context(), d)
		return r.WithContext(ctx), cancel
	}
	byTransport := func(_ *http.Client, tr *http.Transport, r *http.Request, d time.Duration) (*http.Request, context.CancelFunc) {
		tr.TLSHandshakeTimeout = d
		return r, func() {}
	}
	const prefix = `Get "https://HOST": `
	deadline := failure{"context.DeadlineExceeded", true, prefix + "context deadline exceeded"}
	exceeded := failure{"context.DeadlineExceeded", true, deadline.text + " (Client.Timeout exceeded while awaiting headers)"}
	for _, c := range []struct {
		name string

		// proxy runs one that does not answer CONNECT, or says yes and no more.
		proxy func(t *testing.T, s ends.Side) (address string, accepted <-chan net.Conn)
		limit func(*http.Client, *http.Transport, *http.Request, time.Duration) (*http.Request, context.CancelFunc)
		want  failure
	}{
		{"CONNECT by Client.Timeout", mute, byClient, exceeded},
		{"CONNECT by context", mute, byContext, deadline},
		{"handshake by Client.Timeout", muteTunnel, byClient, exceeded},
		{"handshake by TLSHandshakeTimeout", muteTunnel, byTransport, failure{"", true, prefix + "net/http: TLS handshake timeout"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
				t.Parallel()
				address, accepted := c.proxy(t, p.Server)
				untilLongEnough(t, func(d time.Duration) bool {
					client, tr := through(t, p.Client, address)
					r, err := http.NewRequest("GET", "https://127.0.0.1:1", nil) // never dialed
					require.NoError(t, err)
					r, cancel := c.limit(client, tr, r, d)
					defer cancel()
					_, err = client.Do(r)
					require.Error(t, err)
					require.Equal(t, c.want, failureOf(err))
					tr.CloseIdleConnections() // the transport goes on connecting otherwise
					select {
					case conn := <-accepted:
						left(t, conn)
						return true
					case <-time.After(d):
						return false // it did not come to the proxy
					}
				})
			})
		})
	}
}

// muteTunnel is a proxy whose tunnels lead nowhere.
func muteTunnel(t *testing.T, s ends.Side) (address string, accepted <-chan net.Conn) {
	return muteAfter(t, s, func(c net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			io.WriteString(c, "HTTP/1.1 200 OK\r\n\r\n")
		}
	})
}

// If this fails, an error of the way to a proxy looks like one of the way to the server,
// or is another than package net's.
func TestProxyRefuses(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		l := ends.Listen(t, p.Server)
		nobody := l.Addr().String()
		require.NoError(t, l.Close())

		c, _ := through(t, p.Client, nobody)
		_, err := c.Get("https://127.0.0.1:1")
		require.ErrorIs(t, err, unix.ECONNREFUSED)
		var operation *net.OpError
		require.True(t, errors.As(err, &operation))
		assert.Equal(t, "proxyconnect", operation.Op)
		assert.Equal(t, failure{"", false,
			`Get "https://HOST": proxyconnect tcp: dial tcp HOST: connect: connection refused`}, failureOf(err))

		proxy, _ := serveProxy(t, p.Server)
		c, _ = through(t, p.Client, proxy)
		_, err = c.Get("https://" + nobody)
		require.Error(t, err)
		assert.Equal(t, failure{"", false, `Get "https://HOST": Bad Gateway`}, failureOf(err))
	})
}
