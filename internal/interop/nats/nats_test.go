//go:build linux

package nats

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// publishAndSubscribe sends messages from one connection to the other, small ones and
// large ones.
func publishAndSubscribe(t *testing.T, from, to *nats.Conn) {
	t.Helper()
	const messages = 10_000
	news, err := to.SubscribeSync("news")
	require.NoError(t, err)
	require.NoError(t, to.Flush())
	for i := range messages {
		require.NoError(t, from.Publish("news", fmt.Append(nil, i)))
	}
	for i := range messages {
		m, err := news.NextMsg(ends.Patience)
		require.NoError(t, err)
		require.Equal(t, fmt.Sprint(i), string(m.Data))
	}
	large := ends.Bytes(1, 4<<20)
	for range 3 {
		require.NoError(t, from.Publish("news", large))
		m, err := news.NextMsg(ends.Patience)
		require.NoError(t, err)
		require.True(t, bytes.Equal(large, m.Data), "%d bytes, altered", len(m.Data))
	}
	_, err = news.NextMsg(10 * time.Millisecond)
	require.ErrorIs(t, err, nats.ErrTimeout)
	require.NoError(t, news.Unsubscribe())
}

// request asks from many goroutines at once, and answers on the other connection.
func request(t *testing.T, from, to *nats.Conn) {
	t.Helper()
	const workers, requests = 20, 20
	answers, err := to.Subscribe("echo", func(m *nats.Msg) { m.Respond(append([]byte("re: "), m.Data...)) })
	require.NoError(t, err)
	require.NoError(t, to.Flush())
	var wg sync.WaitGroup
	for worker := range workers {
		wg.Go(func() {
			for i := range requests {
				text := fmt.Sprint(worker, " ", i)
				m, err := from.Request("echo", []byte(text), ends.Patience)
				if assert.NoError(t, err) {
					assert.Equal(t, "re: "+text, string(m.Data))
				}
			}
		})
	}
	wg.Wait()
	_, err = from.Request("nobody", nil, ends.Patience)
	require.ErrorIs(t, err, nats.ErrNoResponders)
	require.NoError(t, answers.Unsubscribe())
}

// If this fails, messages are lost, doubled, altered or in another order.
func TestPublishAndSubscribe(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, s ends.Side, n network) {
		server := serve(t, n.options)
		publishAndSubscribe(t, connect(t, server, n), connect(t, server, n))
	})
}

// If this fails, the answer to a request is lost, or goes to another client.
func TestRequest(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, s ends.Side, n network) {
		server := serve(t, n.options)
		request(t, connect(t, server, n), connect(t, server, n))
	})
}

// If this fails, members of a group together do not get every message once.
func TestQueueGroup(t *testing.T) {
	const members, messages = 4, 1000
	forEachNetwork(t, func(t *testing.T, s ends.Side, n network) {
		server := serve(t, n.options)
		got := make(chan string, messages)
		for range members {
			c := connect(t, server, n)
			_, err := c.QueueSubscribe("work", "group", func(m *nats.Msg) { got <- string(m.Data) })
			require.NoError(t, err)
			require.NoError(t, c.Flush())
		}
		c := connect(t, server, n)
		for i := range messages {
			require.NoError(t, c.Publish("work", fmt.Append(nil, i)))
		}
		seen := make(map[string]bool)
		for range messages {
			m := ends.Receive(t, "a message", got)
			require.False(t, seen[m], "%s came twice", m)
			seen[m] = true
		}
	})
}

// If this fails, a connection that is drained closes before all was handled that it had
// been sent, or is never closed.
func TestDrain(t *testing.T) {
	const messages = 500
	forEachNetwork(t, func(t *testing.T, s ends.Side, n network) {
		server := serve(t, n.options)
		closed := make(chan struct{})
		c := connect(t, server, n, nats.DrainTimeout(ends.Patience), nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
		var handled int
		first, release := make(chan struct{}), make(chan struct{})
		_, err := c.Subscribe("work", func(m *nats.Msg) {
			if handled++; handled == 1 {
				close(first)
				<-release
			}
			m.Respond([]byte("done"))
		})
		require.NoError(t, err)
		require.NoError(t, c.Flush())
		asker := connect(t, server, n)
		done, err := asker.SubscribeSync("done")
		require.NoError(t, err)
		for range messages {
			require.NoError(t, asker.PublishRequest("work", "done", nil))
		}
		require.NoError(t, asker.Flush())
		ends.Receive(t, "the first message", first)
		require.NoError(t, c.Flush()) // the others are here as well
		require.NoError(t, c.Drain())
		close(release)
		ends.Receive(t, "the connection is closed", closed)
		require.Equal(t, messages, handled)
		for range messages {
			_, err := done.NextMsg(ends.Patience)
			require.NoError(t, err)
		}
	})
}
