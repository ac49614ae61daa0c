//go:build linux

package interop

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// If this fails, a server waits forever for a handshake that does not come, whichever
// of its timeouts is set.
func TestServerHandshakeTimeout(t *testing.T) {
	cert := ends.NewCert(t, "server")
	for name, configure := range map[string]func(*http.Server){
		"ReadHeaderTimeout": func(s *http.Server) { s.ReadHeaderTimeout = short },
		"ReadTimeout":       func(s *http.Server) { s.ReadTimeout = short },
		"WriteTimeout":      func(s *http.Server) { s.WriteTimeout = short },
	} {
		t.Run(name, func(t *testing.T) {
			ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
				t.Parallel()
				address := serveTLS(t, p.Server, &tls.Config{Certificates: []tls.Certificate{cert}}, nil, configure)
				for _, sent := range []string{"", "\x16\x03\x01\x02\x00\x01"} { // half a hello
					w := newWire(t, p.Client, address)
					w.send(sent)
					w.cutOff()
				}
			})
		})
	}
}

// If this fails, Shutdown waits longer than its context allows for a request that takes
// long, or cuts that off, or it cannot be tried again.
func TestShutdownTimeout(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		t.Parallel()
		server, _, release, ended := busy(t, p, 3)
		ctx, cancel := context.WithTimeout(t.Context(), short)
		defer cancel()
		err := server.Shutdown(ctx)
		require.Equal(t, failure{"context.DeadlineExceeded", true, "context deadline exceeded"}, failureOf(err))
		release()
		for range 3 {
			require.NoError(t, ends.Receive(t, "a response", ended))
		}
		require.NoError(t, server.Shutdown(t.Context()))
	})
}

// A relay passes on what comes, each way, and the end, until it is frozen. Then neither
// end learns that the other is not there any more.
type relay struct {
	address string
	mu      sync.Mutex
	conns   []net.Conn
	frozen  bool
}

func newRelay(t *testing.T, to string) *relay {
	l := ends.Listen(t, ends.Net())
	r := &relay{address: l.Addr().String()}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			one, err := l.Accept()
			if err != nil {
				return
			}
			other, err := ends.Net().Dial(context.Background(), "tcp", to)
			if err != nil {
				one.Close()
				continue
			}
			r.mu.Lock()
			r.conns = append(r.conns, one, other)
			r.mu.Unlock()
			all.Go(func() { r.pass(one, other) })
			all.Go(func() { r.pass(other, one) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		r.close()
		all.Wait()
	})
	return r
}

func (r *relay) pass(to, from net.Conn) {
	io.Copy(to, from)
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.frozen {
		to.Close()
		from.Close()
	}
}

func (r *relay) freeze() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.frozen = true
	for _, c := range r.conns {
		c.SetDeadline(longAgo)
	}
}

func (r *relay) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		c.Close()
	}
}

// If this fails, an end of an HTTP/2 connection does not find out that the other is gone,
// by a ping that is not answered or by bytes that are not taken.
func TestHTTP2Timeouts(t *testing.T) {
	ping := func(d time.Duration) http.HTTP2Config {
		return http.HTTP2Config{SendPingTimeout: d, PingTimeout: d}
	}
	for _, c := range []struct {
		name   string
		finder gone
	}{
		{"client's ping", gone{client: ping}},
		{"server's ping", gone{server: ping}},
		{"server's bytes", gone{server: func(d time.Duration) http.HTTP2Config {
			return http.HTTP2Config{WriteByteTimeout: d}
		}, writes: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
				t.Parallel()
				untilLongEnough(t, func(d time.Duration) bool { return c.finder.find(t, p, d) })
			})
		})
	}
}

// gone is how the server, or the client, finds out that the other is gone.
type gone struct {
	server, client func(d time.Duration) http.HTTP2Config
	writes         bool // it takes a server that writes
}

// find freezes the connection under some requests and checks that they end. It reports
// false if they ended before that, because d was too short.
func (g gone) find(t *testing.T, p ends.Pair, d time.Duration) bool {
	const requests = 8 // more than sockets hold: a stream's window is 4 MB
	handlers, frozen := make(chan error, requests), make(chan struct{})
	var unencrypted http.Protocols // a tls.Conn would take 5 s to say goodbye
	unencrypted.SetUnencryptedHTTP2(true)
	_, address := ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
		http.NewResponseController(w).Flush()
		<-frozen
		for g.writes {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				handlers <- err
				return
			}
		}
		<-r.Context().Done()
		handlers <- r.Context().Err()
	}, func(s *http.Server) {
		s.Protocols = &unencrypted
		if g.server != nil {
			config := g.server(d)
			s.HTTP2 = &config
		}
	})
	relay := newRelay(t, address)
	client, tr := ends.NewClient(t, p.Client)
	tr.Protocols = &unencrypted
	if g.client != nil {
		config := g.client(d)
		tr.HTTP2 = &config
	}

	var bodies []io.ReadCloser
	for range requests {
		resp, err := client.Get("http://" + relay.address)
		if err != nil {
			break
		}
		require.Equal(t, 2, resp.ProtoMajor)
		defer resp.Body.Close()
		bodies = append(bodies, resp.Body)
	}
	relay.freeze()
	close(frozen)
	if len(bodies) < requests {
		return false
	}
	for _, body := range bodies {
		if g.client != nil {
			_, err := io.Copy(io.Discard, body)
			require.EqualError(t, err, "http2: client connection lost")
			continue
		}
		require.Error(t, ends.Receive(t, "a handler's end", handlers))
	}
	return true
}
