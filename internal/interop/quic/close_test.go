//go:build linux

package quic

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// If this fails, an end that waits does not learn that the other has closed the
// connection, or why.
func TestClose(t *testing.T) {
	forEachPair(t, func(t *testing.T, server, client net.PacketConn) {
		l := newLink(t, server, client, &quic.Config{})
		for _, clientCloses := range []bool{true, false} {
			waits, closes := l.connect(t)
			if !clientCloses {
				waits, closes = closes, waits
			}
			result := make(chan error, 1)
			go func() { _, err := waits.AcceptStream(context.Background()); result <- err }()
			require.NoError(t, closes.CloseWithError(7, "done"))
			var closed *quic.ApplicationError
			require.ErrorAs(t, ends.Receive(t, "the other end", result), &closed)
			assert.EqualValues(t, 7, closed.ErrorCode)
			assert.Equal(t, "done", closed.ErrorMessage)
			assert.True(t, closed.Remote)
		}
	})
}

// If this fails, a connection on which nothing happens is kept, or one that is kept
// alive is not.
func TestIdleTimeout(t *testing.T) {
	forEachPair(t, func(t *testing.T, server, client net.PacketConn) {
		t.Parallel()
		idle := newLink(t, server, client, &quic.Config{MaxIdleTimeout: 4 * short})
		s, c := idle.connect(t)
		for _, end := range []*quic.Conn{s, c} {
			ends.Receive(t, "the end of an idle connection", end.Context().Done())
			var timeout *quic.IdleTimeoutError
			require.ErrorAs(t, context.Cause(end.Context()), &timeout)
		}
	})
	forEachPair(t, func(t *testing.T, server, client net.PacketConn) {
		t.Parallel()
		kept := newLink(t, server, client, &quic.Config{MaxIdleTimeout: ample, KeepAlivePeriod: short})
		s, c := kept.connect(t)
		served := make(chan error, 1)
		go func() { served <- echo(s) }()
		time.Sleep(ample + 2*short)
		exchange(t, c, 1, 1000)
		require.NoError(t, c.CloseWithError(0, ""))
		require.Error(t, ends.Receive(t, "the server's end", served))
	})
}

// If this fails, a transport that is closed does not let go of its socket: it ends the
// Read that waits with a deadline, which the next user of the socket must not feel.
func TestTransportClose(t *testing.T) {
	forEachPair(t, func(t *testing.T, server, client net.PacketConn) {
		l := newLink(t, server, client, &quic.Config{})
		s, _ := l.connect(t)
		accepted := make(chan error, 1)
		go func() { _, err := l.listener.Accept(context.Background()); accepted <- err }()
		require.NoError(t, l.server.Close())
		require.ErrorIs(t, ends.Receive(t, "Accept", accepted), quic.ErrTransportClosed)
		ends.Receive(t, "the end of the connection", s.Context().Done())
		require.NoError(t, l.client.Close())

		_, err := client.WriteTo([]byte("no QUIC"), server.LocalAddr())
		require.NoError(t, err)
		buffer := make([]byte, 2000)
		ends.Eventually(t, "a datagram of our own arrives", func() bool {
			n, _, err := server.ReadFrom(buffer)
			require.NoError(t, err)
			return string(buffer[:n]) == "no QUIC"
		})
	})
}

// If this fails, those who use a transport wait forever if its socket is closed.
func TestSocketClose(t *testing.T) {
	forEachPair(t, func(t *testing.T, server, client net.PacketConn) {
		l := newLink(t, server, client, &quic.Config{})
		s, _ := l.connect(t)
		accepted, waits := make(chan error, 1), make(chan error, 1)
		go func() { _, err := l.listener.Accept(context.Background()); accepted <- err }()
		go func() { _, err := s.AcceptStream(context.Background()); waits <- err }()
		require.NoError(t, server.Close())
		require.Error(t, ends.Receive(t, "Accept", accepted))
		require.Error(t, ends.Receive(t, "AcceptStream", waits))
	})
}
