//go:build linux

package fasthttp

import (
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/valyala/fasthttp"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// endless is a body without an end.
type endless struct{ closed chan struct{} }

func (e endless) Read(p []byte) (int, error) { return len(p), nil }

func (e endless) Close() error {
	close(e.closed)
	return nil
}

// If this fails, a server's timeout does not end what it limits.
func TestServerTimeouts(t *testing.T) {
	for name, c := range map[string]struct {
		send      string
		configure func(*fasthttp.Server)
	}{
		"ReadTimeout, nothing sent":  {"", func(s *fasthttp.Server) { s.ReadTimeout = short }},
		"ReadTimeout, half a header": {"GET / HT", func(s *fasthttp.Server) { s.ReadTimeout = short }},
		"IdleTimeout":                {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", func(s *fasthttp.Server) { s.IdleTimeout = short }},
	} {
		t.Run(name, func(t *testing.T) {
			ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
				_, address := serve(t, p.Server, func(ctx *fasthttp.RequestCtx) {}, c.configure)
				client := ends.Dial(t, p.Client, address)
				_, err := io.WriteString(client, c.send)
				require.NoError(t, err)
				require.NoError(t, client.SetReadDeadline(time.Now().Add(ends.Patience)))
				_, err = io.Copy(io.Discard, client)
				require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the server did nothing")
			})
		})
	}
	t.Run("WriteTimeout", func(t *testing.T) {
		ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
			closed := make(chan struct{})
			_, address := serve(t, p.Server, func(ctx *fasthttp.RequestCtx) {
				ctx.SetBodyStream(endless{closed}, -1)
			}, func(s *fasthttp.Server) { s.WriteTimeout = short })
			client := ends.Dial(t, p.Client, address)
			_, err := io.WriteString(client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
			require.NoError(t, err)
			ends.Receive(t, "the server gives up", closed)
		})
	})
}

// If this fails, a client waits longer for a response than it wants to, or cannot go on
// after that.
func TestClientTimeouts(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		release := make(chan struct{})
		_, address := serve(t, p.Server, func(ctx *fasthttp.RequestCtx) {
			if string(ctx.Path()) == "/wait" {
				<-release
			}
		})
		defer close(release)
		c := newClient(t, p.Client, address)
		c.ReadTimeout = short
		_, err := get(c, "/wait")
		require.ErrorIs(t, err, fasthttp.ErrTimeout)

		req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
		req.SetRequestURI("http://" + address + "/wait")
		c = newClient(t, p.Client, address)
		require.ErrorIs(t, c.DoTimeout(req, resp, short), fasthttp.ErrTimeout)
		_, err = get(c, "/")
		require.NoError(t, err)
	})
}

// If this fails, Shutdown cuts off a request, or does not wait for it, or keeps idle
// connections.
func TestShutdown(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		entered, release := make(chan struct{}), make(chan struct{})
		server, address := serve(t, p.Server, func(ctx *fasthttp.RequestCtx) {
			if string(ctx.Path()) == "/wait" {
				close(entered)
				<-release
				ctx.WriteString("complete")
			}
		})
		kept := newClient(t, p.Client, address)
		_, err := get(kept, "/")
		require.NoError(t, err)
		type result struct {
			text string
			err  error
		}
		waits, down := make(chan result, 1), make(chan error, 1)
		go func() {
			text, err := get(newClient(t, p.Client, address), "/wait")
			waits <- result{text, err}
		}()
		ends.Receive(t, "the handler", entered)
		go func() { down <- server.Shutdown() }()
		ends.Eventually(t, "only the busy connection is open", func() bool { return server.GetOpenConnectionsCount() == 1 })
		_, err = p.Client.Dial(t.Context(), "tcp", address)
		require.Error(t, err, "the listener still listens")
		select {
		case <-down:
			t.Fatal("Shutdown did not wait")
		default:
		}
		close(release)
		require.Equal(t, result{"complete", nil}, ends.Receive(t, "the response", waits))
		require.NoError(t, ends.Receive(t, "Shutdown", down))
	})
}
