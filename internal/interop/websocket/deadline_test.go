//go:build linux

package websocket

import (
	"context"
	"testing"
	"time"

	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// forEachServer runs body with a client of package net.
func forEachServer(t *testing.T, body func(t *testing.T, p ends.Pair)) {
	ends.ForEachServer(t, func(t *testing.T, s ends.Side) { body(t, ends.Pair{Server: s, Client: ends.Net()}) })
}

// If this fails, a deadline does not end a Read or a Write that waits.
func TestDeadlines(t *testing.T) {
	forEachServer(t, func(t *testing.T, p ends.Pair) {
		l, result := connect(t, libraries[0], libraries[0], p, false, func(l link) error {
			if err := l.(gorillaLink).SetReadDeadline(time.Now().Add(short)); err != nil {
				return err
			}
			_, err := l.receive()
			return err
		})
		require.True(t, timedOut(ends.Receive(t, "the Read", result)))
		_, err := l.receive()
		require.Error(t, err, "the server is gone")

		_, result = connect(t, libraries[0], libraries[0], p, false, func(l link) error {
			if err := l.(gorillaLink).SetWriteDeadline(time.Now().Add(short)); err != nil {
				return err
			}
			for {
				if err := l.send(make([]byte, 1<<20)); err != nil {
					return err
				}
			}
		})
		require.True(t, timedOut(ends.Receive(t, "the Write", result)))
	})
}

// keepAlive lets every pong of the client extend the deadline, and pings, until stop
// is called.
func keepAlive(l link) (stop func()) {
	c := l.(gorillaLink)
	extend := func(string) error { return c.SetReadDeadline(time.Now().Add(ample)) }
	extend("")
	c.SetPongHandler(extend)
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-time.After(ample / 20):
				c.WriteControl(gorilla.PingMessage, nil, time.Now().Add(ample))
			case <-done:
				return
			}
		}
	}()
	return func() {
		close(done)
		<-ended
	}
}

// If this fails, a client that answers pings is taken for gone, or one is kept that
// does not.
func TestPongExtendsDeadline(t *testing.T) {
	forEachServer(t, func(t *testing.T, p ends.Pair) {
		t.Parallel()
		silent := make(chan struct{})
		l, result := connect(t, libraries[0], libraries[0], p, false, func(l link) error {
			defer keepAlive(l)()
			message, err := l.receive()
			if !assert.NoError(t, err, "the client answered pings") {
				return err
			}
			if err := l.send(message); err != nil {
				return err
			}
			<-silent
			_, err = l.receive()
			return err
		})
		late := time.AfterFunc(ample+2*short, func() { l.send([]byte("hello")) })
		defer late.Stop()
		message, err := l.receive() // and answers pings
		require.NoError(t, err)
		require.Equal(t, "hello", string(message))
		close(silent) // nobody receives any more
		require.True(t, timedOut(ends.Receive(t, "the deadline", result)))
	})
}

// If this fails, a context does not end a Read, or a ping is not answered. The library
// has no other timeouts than contexts.
func TestContext(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		l, result := connect(t, libraries[1], libraries[1], p, false, func(l link) error {
			_, err := l.receive() // and answers pings
			return err
		})
		c := l.(coderLink)
		ctx, cancel := context.WithCancel(t.Context())
		closed := c.CloseRead(ctx)
		for range 10 {
			require.NoError(t, c.Ping(t.Context()))
		}
		cancel()
		ends.Receive(t, "the Read is over", closed.Done())
		require.Error(t, ends.Receive(t, "the server's end", result))

		l, result = connect(t, libraries[1], libraries[1], p, false, func(l link) error {
			_, err := l.receive()
			return err
		})
		ctx, cancel = context.WithTimeout(t.Context(), short)
		defer cancel()
		_, _, err := l.(coderLink).Read(ctx)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Error(t, ends.Receive(t, "the server's end", result))
		require.Error(t, l.(coderLink).Write(t.Context(), coder.MessageText, nil), "the Read took the connection with it")
	})
}
