//go:build linux

package nats

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// newStream makes a stream, and puts messages into it.
func newStream(ctx context.Context, t *testing.T, c *nats.Conn,
	storage jetstream.StorageType, messages int) jetstream.Stream {
	t.Helper()
	js, err := jetstream.New(c)
	require.NoError(t, err)
	config := jetstream.StreamConfig{Name: "orders", Subjects: []string{"orders"}, Storage: storage}
	stream, err := js.CreateStream(ctx, config)
	require.NoError(t, err)
	for i := range messages {
		_, err := js.PublishAsync("orders", fmt.Append(nil, i))
		require.NoError(t, err)
	}
	ends.Receive(t, "all is stored", js.PublishAsyncComplete())
	return stream
}

// consume takes messages out of the stream, which must be those from first on, and
// acknowledges them.
func consume(ctx context.Context, t *testing.T, stream jetstream.Stream, first, messages int) {
	t.Helper()
	config := jetstream.ConsumerConfig{Durable: "worker", AckPolicy: jetstream.AckExplicitPolicy}
	consumer, err := stream.CreateOrUpdateConsumer(ctx, config)
	require.NoError(t, err)
	batch, err := consumer.Fetch(messages, jetstream.FetchMaxWait(ends.Patience))
	require.NoError(t, err)
	next := first
	for m := range batch.Messages() {
		require.Equal(t, fmt.Sprint(next), string(m.Data()))
		require.NoError(t, m.DoubleAck(ctx))
		next++
	}
	require.NoError(t, batch.Error())
	require.Equal(t, first+messages, next)
}

// If this fails, messages of a stream are lost or doubled, or a client that waits for
// more of them than there are is not sent away.
func TestJetStream(t *testing.T) {
	const messages = 500
	for _, storage := range []jetstream.StorageType{jetstream.MemoryStorage, jetstream.FileStorage} {
		t.Run(storage.String(), func(t *testing.T) {
			forEachNetwork(t, func(t *testing.T, s ends.Side, n network) {
				ctx, cancel := context.WithTimeout(t.Context(), ends.Patience)
				defer cancel()
				c := connect(t, serve(t, n.options), n)
				stream := newStream(ctx, t, c, storage, messages)
				consume(ctx, t, stream, 0, messages)
				consumer, err := stream.Consumer(ctx, "worker")
				require.NoError(t, err)
				none, err := consumer.Fetch(1, jetstream.FetchMaxWait(20*time.Millisecond))
				require.NoError(t, err)
				for m := range none.Messages() {
					t.Errorf("%s came twice", m.Data())
				}
			})
		})
	}
}

// If this fails, a client that comes back to a server that was restarted does not go on
// where it was in a stream that was kept in files.
func TestJetStreamRestart(t *testing.T) {
	const messages = 100
	forEachNetwork(t, func(t *testing.T, s ends.Side, n network) {
		ctx, cancel := context.WithTimeout(t.Context(), ends.Patience)
		defer cancel()
		server := serve(t, n.options)
		back := make(chan struct{}, 1)
		c := connect(t, server, n, nats.MaxReconnects(-1), nats.ReconnectWait(10*time.Millisecond),
			nats.ReconnectHandler(func(*nats.Conn) { back <- struct{}{} }))
		stream := newStream(ctx, t, c, jetstream.FileStorage, messages)
		consume(ctx, t, stream, 0, messages/2)
		stop(server)
		serve(t, n.options)
		ends.Receive(t, "the client is back", back)
		consume(ctx, t, stream, messages/2, messages/2)
	})
}
