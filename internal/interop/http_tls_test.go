//go:build linux

package interop

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// serveTLS is serve with TLS, which offers HTTP/2.
func serveTLS(t testing.TB, s ends.Side, config *tls.Config, h http.HandlerFunc, configure ...func(*http.Server)) (address string) {
	t.Helper()
	run := func(server *http.Server, l net.Listener) error { return server.ServeTLS(l, "", "") }
	configure = append(configure, func(server *http.Server) { server.TLSConfig = config })
	_, address = ends.ServeBy(t, s, run, h, configure...)
	return address
}

// If this fails, HTTP/2 does not work: many requests on one connection, large bodies
// both ways, and one that is canceled while the others go on.
func TestHTTP2(t *testing.T) {
	const requests = 40
	size := ends.SizeOf(5 << 20)
	cert := ends.NewCert(t, "server")
	want, err := ends.Checksum(ends.Stream(6, size))
	require.NoError(t, err)
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		var conns atomic.Int32
		entered, canceled := make(chan struct{}), make(chan struct{})
		address := serveTLS(t, p.Server, &tls.Config{Certificates: []tls.Certificate{cert}}, func(w http.ResponseWriter, r *http.Request) {
			assert.Equal(t, 2, r.ProtoMajor)
			if r.URL.Path == "/wait" {
				close(entered)
				<-r.Context().Done()
				close(canceled)
				return
			}
			_, err := io.Copy(w, r.Body)
			assert.NoError(t, err)
		}, func(s *http.Server) {
			s.ConnState = func(_ net.Conn, state http.ConnState) {
				if state == http.StateNew {
					conns.Add(1)
				}
			}
		})
		c, tr := ends.NewClient(t, p.Client)
		tr.ForceAttemptHTTP2 = true // it is not attempted over a foreign dialer otherwise
		tr.TLSClientConfig = &tls.Config{RootCAs: ends.Trust(cert)}
		resp, err := c.Get("https://" + address)
		require.NoError(t, err)
		require.Equal(t, 2, resp.ProtoMajor)
		body(t, resp)

		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		waits := make(chan error, 1)
		go func() {
			r, err := http.NewRequestWithContext(ctx, "GET", "https://"+address+"/wait", nil)
			if err == nil {
				_, err = c.Do(r)
			}
			waits <- err
		}()
		ends.Receive(t, "the handler that waits", entered)

		var all sync.WaitGroup
		for i := range requests {
			all.Go(func() {
				if i == requests/2 {
					cancel()
				}
				resp, err := c.Post("https://"+address, "", ends.Stream(6, size))
				if !assert.NoError(t, err) {
					return
				}
				defer resp.Body.Close()
				assert.Equal(t, 2, resp.ProtoMajor)
				got, err := ends.Checksum(resp.Body)
				assert.NoError(t, err)
				assert.Equal(t, want, got)
			})
		}
		all.Wait()
		require.ErrorIs(t, ends.Receive(t, "the canceled request", waits), context.Canceled)
		ends.Receive(t, "its handler", canceled)
		assert.EqualValues(t, 1, conns.Load(), "connections")
	})
}

// If this fails, a server cannot ask its clients for certificates, or takes one without.
func TestClientCertificate(t *testing.T) {
	server, client := ends.NewCert(t, "server"), ends.NewCert(t, "client")
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		address := serveTLS(t, p.Server, &tls.Config{
			MinVersion:   tls.VersionTLS13,
			Certificates: []tls.Certificate{server},
			ClientAuth:   tls.RequireAndVerifyClientCert,
			ClientCAs:    ends.Trust(client),
		}, func(w http.ResponseWriter, r *http.Request) {
			assert.EqualValues(t, tls.VersionTLS13, r.TLS.Version)
			io.WriteString(w, r.TLS.PeerCertificates[0].Subject.CommonName)
		})
		c, tr := ends.NewClient(t, p.Client)
		tr.TLSClientConfig = &tls.Config{RootCAs: ends.Trust(server), Certificates: []tls.Certificate{client}}
		assert.Equal(t, "client", get(t, c, "https://"+address))

		c, tr = ends.NewClient(t, p.Client)
		tr.TLSClientConfig = &tls.Config{RootCAs: ends.Trust(server)}
		_, err := c.Get("https://" + address)
		require.Error(t, err)
	})
}

// If this fails, TLS on a connection does not work by hand: its handshake, data both
// ways, the end of one direction, deadlines, and a handshake that is given up.
func TestTLSConn(t *testing.T) {
	const size = 4 << 20
	cert := ends.NewCert(t, "server")
	want, err := ends.Checksum(ends.Stream(7, size))
	require.NoError(t, err)
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		connected := func() (*tls.Conn, *tls.Conn) {
			s, c := ends.Connect(t, p)
			return tls.Server(s, &tls.Config{Certificates: []tls.Certificate{cert}}),
				tls.Client(c, &tls.Config{RootCAs: ends.Trust(cert), ServerName: ends.Loopback})
		}

		// A handshake that nobody answers is given up, and with it the connection.
		server, client := connected()
		ctx, cancel := context.WithTimeout(t.Context(), short)
		defer cancel()
		require.ErrorIs(t, server.HandshakeContext(ctx), context.DeadlineExceeded)
		_, err := client.NetConn().Read(make([]byte, 1))
		require.ErrorIs(t, err, io.EOF)

		server, client = connected()
		handshake := make(chan error, 1)
		go func() { handshake <- server.Handshake() }()
		require.NoError(t, client.Handshake())
		require.NoError(t, ends.Receive(t, "the server's handshake", handshake))

		// A Read that its deadline ended may be tried again.
		require.NoError(t, client.SetReadDeadline(time.Now().Add(short)))
		_, err = client.Read(make([]byte, 1))
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		require.NoError(t, client.SetReadDeadline(time.Time{}))

		echoed := make(chan error, 1)
		go func() {
			_, err := io.Copy(server, server)
			if err == nil {
				err = server.CloseWrite()
			}
			echoed <- err
		}()
		sent := make(chan error, 1)
		go func() {
			w := bufio.NewWriterSize(client, 5000)
			_, err := io.Copy(w, ends.Stream(7, size))
			if err == nil {
				err = w.Flush()
			}
			if err == nil {
				err = client.CloseWrite()
			}
			sent <- err
		}()
		got, err := ends.Checksum(client)
		require.NoError(t, err)
		assert.Equal(t, want, got)
		require.NoError(t, ends.Receive(t, "all is sent", sent))
		require.NoError(t, ends.Receive(t, "the echo ends", echoed))
	})
}
