//go:build linux

// Package h2c tests HTTP/2 without TLS, that of net/http and that of
// golang.org/x/net/http2, over package netpoller.
package h2c

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

func TestMain(m *testing.M) { os.Exit(ends.WithoutLeaks(m.Run)) }

// short is a timeout that shall hit.
const short = 50 * time.Millisecond

// pings is when an end sends a ping, and how long it then waits.
type pings struct{ after, wait time.Duration }

// A stack is an implementation of HTTP/2.
type stack struct {
	name   string
	server func(s *http.Server, p pings)
	client func(t *testing.T, s ends.Side, p pings) *http.Client
}

var stacks = []stack{
	{"nethttp", func(s *http.Server, p pings) {
		s.Protocols = new(http.Protocols)
		s.Protocols.SetUnencryptedHTTP2(true)
		s.HTTP2 = &http.HTTP2Config{SendPingTimeout: p.after, PingTimeout: p.wait}
	}, func(t *testing.T, s ends.Side, p pings) *http.Client {
		c, tr := ends.NewClient(t, s)
		tr.Protocols = new(http.Protocols)
		tr.Protocols.SetUnencryptedHTTP2(true)
		tr.HTTP2 = &http.HTTP2Config{SendPingTimeout: p.after, PingTimeout: p.wait}
		return c
	}},
	{"xnet", func(s *http.Server, p pings) {
		conf := &http2.Server{ReadIdleTimeout: p.after, PingTimeout: p.wait}
		s.Handler = h2c.NewHandler(s.Handler, conf)
		if err := http2.ConfigureServer(s, conf); err != nil {
			panic(err)
		}
	}, func(t *testing.T, s ends.Side, p pings) *http.Client {
		tr := &http2.Transport{
			AllowHTTP: true,
			DialTLSContext: func(ctx context.Context, network, address string, _ *tls.Config) (net.Conn, error) {
				return s.Dial(ctx, network, address)
			},
			ReadIdleTimeout: p.after,
			PingTimeout:     p.wait,
		}
		t.Cleanup(tr.CloseIdleConnections)
		return &http.Client{Transport: tr}
	}},
}

// forEachStack runs body with each implementation at both ends.
func forEachStack(t *testing.T, body func(t *testing.T, s stack, p ends.Pair)) {
	for _, s := range stacks {
		t.Run(s.name, func(t *testing.T) {
			ends.ForEachPair(t, func(t *testing.T, p ends.Pair) { body(t, s, p) })
		})
	}
}

// get returns the body of a response, which must be of HTTP/2.
func get(c *http.Client, url string) (string, error) {
	resp, err := c.Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.ProtoMajor != 2 {
		err = fmt.Errorf("HTTP %d", resp.ProtoMajor)
	}
	return string(b), err
}

// If this fails, many requests at once do not get through one connection.
func TestManyStreams(t *testing.T) {
	const streams = 80
	forEachStack(t, func(t *testing.T, s stack, p ends.Pair) {
		entered, release := make(chan struct{}, streams), make(chan struct{})
		_, address := ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/first" {
				entered <- struct{}{}
				<-release
			}
			io.WriteString(w, r.RemoteAddr+r.URL.Path)
		}, func(server *http.Server) { s.server(server, pings{}) })
		c := s.client(t, p.Client, pings{})
		first, err := get(c, "http://"+address+"/first")
		require.NoError(t, err)
		from := strings.TrimSuffix(first, "/first")
		var all sync.WaitGroup
		for i := range streams {
			all.Go(func() {
				got, err := get(c, fmt.Sprintf("http://%s/%d", address, i))
				assert.NoError(t, err)
				assert.Equal(t, fmt.Sprintf("%s/%d", from, i), got)
			})
		}
		for range streams {
			ends.Receive(t, "all of them at once", entered)
		}
		close(release)
		all.Wait()
	})
}

// If this fails, large bodies are altered or stop half-way, or one that nobody reads
// holds up those that a handler reads.
func TestFlowControl(t *testing.T) {
	const window = 4 << 20 // what a client takes of one stream that it does not read
	size := ends.SizeOf(20 << 20)
	want, err := ends.Checksum(ends.Stream(1, size))
	require.NoError(t, err)
	forEachStack(t, func(t *testing.T, s stack, p ends.Pair) {
		_, address := ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == "GET" {
				io.Copy(w, ends.Stream(1, 2*window))
				return
			}
			_, err := io.Copy(w, r.Body)
			assert.NoError(t, err)
		}, func(server *http.Server) { s.server(server, pings{}) })
		c := s.client(t, p.Client, pings{})
		unread, err := c.Get("http://" + address)
		require.NoError(t, err)
		defer unread.Body.Close()
		var all sync.WaitGroup
		for range 3 {
			all.Go(func() {
				resp, err := c.Post("http://"+address, "", ends.Stream(1, size))
				if !assert.NoError(t, err) {
					return
				}
				defer resp.Body.Close()
				got, err := ends.Checksum(resp.Body)
				assert.NoError(t, err)
				assert.Equal(t, want, got)
			})
		}
		all.Wait()
		n, err := io.Copy(io.Discard, unread.Body)
		require.NoError(t, err)
		assert.EqualValues(t, 2*window, n)
	})
}

// If this fails, an end does not notice that the other is gone without a word, or takes
// one for gone that is not.
func TestPing(t *testing.T) {
	forEachStack(t, func(t *testing.T, s stack, p ends.Pair) {
		t.Parallel()
		patient, impatient := pings{short, ends.Patience}, pings{short, short}

		_, address := ends.Serve(t, p.Server, func(_ http.ResponseWriter, r *http.Request) {
			time.Sleep(10 * short) // for some pings
		}, func(server *http.Server) { s.server(server, patient) })
		_, err := get(s.client(t, p.Client, patient), "http://"+address)
		require.NoError(t, err)

		l := ends.Listen(t, p.Server)
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			c, err := l.Accept()
			if assert.NoError(t, err) {
				defer c.Close()
				ends.SilentServer(t, c)
			}
		}()
		_, err = get(s.client(t, p.Client, impatient), "http://"+l.Addr().String())
		require.Error(t, err)
		ends.Receive(t, "the end of the connection", gone)

		_, address = ends.Serve(t, p.Server, nil, func(server *http.Server) { s.server(server, impatient) })
		ends.SilentClient(t, ends.Dial(t, p.Client, address))
	})
}

// If this fails, a request that is in progress at Shutdown is cut off, or a later one
// is taken.
func TestShutdown(t *testing.T) {
	forEachStack(t, func(t *testing.T, s stack, p ends.Pair) {
		entered, release := make(chan struct{}), make(chan struct{})
		server, address := ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/slow" {
				close(entered)
				<-release
				io.Copy(w, ends.Stream(1, 1<<20))
			}
		}, func(server *http.Server) { s.server(server, pings{}) })
		c := s.client(t, p.Client, pings{})
		type result struct {
			body string
			err  error
		}
		slow := make(chan result, 1)
		go func() {
			body, err := get(c, "http://"+address+"/slow")
			slow <- result{body, err}
		}()
		ends.Receive(t, "the request", entered)
		down := make(chan error, 1)
		go func() { down <- server.Shutdown(context.Background()) }()
		ends.Eventually(t, "requests are refused", func() bool {
			_, err := get(c, "http://"+address)
			return err != nil
		})
		close(release)
		got := ends.Receive(t, "the response", slow)
		require.NoError(t, got.err)
		require.True(t, string(ends.Bytes(1, 1<<20)) == got.body)
		require.NoError(t, ends.Receive(t, "Shutdown", down))
	})
}
