//go:build linux

// Package quic tests github.com/quic-go/quic-go over package netpoller: one datagram
// socket at each end, which all connections share.
package quic

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

func TestMain(m *testing.M) {
	os.Setenv("QUIC_GO_DISABLE_RECEIVE_BUFFER_WARNING", "true") // small buffers are slow, not wrong
	os.Exit(ends.WithoutLeaks(m.Run))
}

const (
	// short is a timeout that shall hit.
	short = 50 * time.Millisecond

	// ample is one before which the other end has something to do, on a busy machine.
	ample = time.Second
)

// socket returns a datagram socket, closed when the test is over.
func socket(t testing.TB, s ends.Side) net.PacketConn {
	t.Helper()
	c, err := s.ListenPacket("udp", ends.Loopback+":0")
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

// transport returns QUIC on a socket, closed when the test is over.
func transport(t testing.TB, c net.PacketConn) *quic.Transport {
	tr := &quic.Transport{Conn: c}
	t.Cleanup(func() { assert.NoError(t, tr.Close()) })
	return tr
}

// A link is two transports, one of which listens.
type link struct {
	server, client *quic.Transport
	listener       *quic.Listener
	clientTLS      *tls.Config
	conf           *quic.Config
}

func newLink(t testing.TB, server, client net.PacketConn, conf *quic.Config) *link {
	t.Helper()
	if conf.MaxIdleTimeout == 0 {
		conf.MaxIdleTimeout = ends.Patience
	}
	conf.HandshakeIdleTimeout = ends.Patience
	cert := ends.NewCert(t, "server")
	l := &link{server: transport(t, server), client: transport(t, client), conf: conf}
	var err error
	l.listener, err = l.server.Listen(&tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"test"}}, conf)
	require.NoError(t, err)
	l.clientTLS = &tls.Config{RootCAs: ends.Trust(cert), ServerName: ends.Loopback, NextProtos: []string{"test"}}
	return l
}

// connect returns the two ends of a new connection.
func (l *link) connect(t testing.TB) (server, client *quic.Conn) {
	t.Helper()
	client, err := l.client.Dial(t.Context(), l.listener.Addr(), l.clientTLS, l.conf)
	require.NoError(t, err)
	server, err = l.listener.Accept(t.Context())
	require.NoError(t, err)
	return server, client
}

// forEachPair runs body with a socket at each end.
func forEachPair(t *testing.T, body func(t *testing.T, server, client net.PacketConn)) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		body(t, socket(t, p.Server), socket(t, p.Client))
	})
}

// echo serves every stream of a connection, until the connection is over.
func echo(c *quic.Conn) error {
	for {
		s, err := c.AcceptStream(context.Background())
		if err != nil {
			return err
		}
		go func() {
			if _, err := io.Copy(s, s); err == nil {
				s.Close()
			}
		}()
	}
}

// exchange sends size bytes on a stream of its own and checks that they come back.
func exchange(t testing.TB, c *quic.Conn, seed byte, size int64) {
	want, err := ends.Checksum(ends.Stream(seed, size))
	assert.NoError(t, err)
	s, err := c.OpenStreamSync(context.Background())
	if !assert.NoError(t, err) {
		return
	}
	sent := make(chan error, 1)
	go func() {
		_, err := io.Copy(s, ends.Stream(seed, size))
		s.Close()
		sent <- err
	}()
	got, err := ends.Checksum(s)
	assert.NoError(t, err)
	assert.Equal(t, want, got)
	assert.NoError(t, ends.Receive(t, "all is sent", sent))
}

// If this fails, datagrams are lost, or given to the wrong connection, more often than
// QUIC can bear.
func TestStreams(t *testing.T) {
	forEachPair(t, func(t *testing.T, server, client net.PacketConn) {
		l := newLink(t, server, client, &quic.Config{})
		var all sync.WaitGroup
		for range 3 {
			s, c := l.connect(t)
			served := make(chan error, 1)
			go func() { served <- echo(s) }()
			all.Go(func() {
				var streams sync.WaitGroup
				for i := range 30 {
					streams.Go(func() { exchange(t, c, byte(i), int64(i)*1000) })
				}
				streams.Wait()
				assert.NoError(t, c.CloseWithError(0, ""))
				assert.Error(t, ends.Receive(t, "the server's end", served))
			})
		}
		all.Wait()
	})
}

// If this fails, a large body does not get through.
func TestTransfer(t *testing.T) {
	forEachPair(t, func(t *testing.T, server, client net.PacketConn) {
		s, c := newLink(t, server, client, &quic.Config{}).connect(t)
		served := make(chan error, 1)
		go func() { served <- echo(s) }()
		exchange(t, c, 1, ends.SizeOf(20<<20))
		require.NoError(t, c.CloseWithError(0, ""))
		require.Error(t, ends.Receive(t, "the server's end", served))
	})
}

// If this fails, datagrams beside the streams do not arrive.
func TestDatagrams(t *testing.T) {
	forEachPair(t, func(t *testing.T, server, client net.PacketConn) {
		s, c := newLink(t, server, client, &quic.Config{EnableDatagrams: true}).connect(t)
		for range 20 {
			require.NoError(t, c.SendDatagram([]byte("ping")))
			got, err := s.ReceiveDatagram(t.Context())
			require.NoError(t, err)
			require.Equal(t, "ping", string(got))
		}
		require.NoError(t, s.CloseWithError(0, ""))
	})
}
