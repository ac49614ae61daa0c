//go:build linux

package nats

import (
	"context"
	"crypto/tls"
	"net"
	"os"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// TestMain runs the tests and then looks for what they left behind.
func TestMain(m *testing.M) { os.Exit(ends.WithoutLeaks(m.Run)) }

// A network is how clients reach the server.
type network struct {
	options *server.Options
	client  []nats.Option
}

// forEachNetwork runs body with clients of every kind, over TCP and TLS. The server
// listens by itself, with package net: it takes no listener of another package.
func forEachNetwork(t *testing.T, body func(t *testing.T, s ends.Side, n network)) {
	for _, name := range []string{"tcp", "tls"} {
		t.Run(name, func(t *testing.T) {
			ends.ForEachClient(t, func(t *testing.T, s ends.Side) {
				n := network{options: options(t), client: []nats.Option{nats.SetCustomDialer(dialer(s.Dial))}}
				if name == "tls" {
					cert := ends.NewCert(t, "server")
					n.options.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
					n.client = append(n.client, nats.Secure(&tls.Config{RootCAs: ends.Trust(cert)}))
				}
				body(t, s, n)
			})
		})
	}
}

// options are those of a server that keeps its streams in a directory of the test's.
func options(t *testing.T) *server.Options {
	t.Helper()
	port, err := ends.FreePort()
	require.NoError(t, err)
	return &server.Options{Host: ends.Loopback, Port: port, NoLog: true, NoSigs: true,
		MaxPayload: 8 << 20, JetStream: true, StoreDir: t.TempDir()}
}

// dialer is what the client asks for connections.
type dialer func(ctx context.Context, network, address string) (net.Conn, error)

// Dial has no context: the client has none either.
func (d dialer) Dial(network, address string) (net.Conn, error) {
	return d(context.Background(), network, address)
}

// serve runs a server until the test is over, or a test shuts it down.
func serve(t *testing.T, o *server.Options) *server.Server {
	t.Helper()
	s, err := server.NewServer(o.Clone())
	require.NoError(t, err)
	s.Start()
	t.Cleanup(func() { stop(s) })
	require.True(t, s.ReadyForConnections(ends.Patience))
	return s
}

func stop(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}

// connect returns a connection, closed when the test is over.
func connect(t *testing.T, s *server.Server, n network, options ...nats.Option) *nats.Conn {
	t.Helper()
	return connectTo(t, s.ClientURL(), append(n.client[:len(n.client):len(n.client)], options...)...)
}

func connectTo(t *testing.T, url string, options ...nats.Option) *nats.Conn {
	t.Helper()
	c, err := nats.Connect(url, append(options, nats.Timeout(ends.Patience))...)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}
