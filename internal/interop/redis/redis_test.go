//go:build linux

package redis

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// If this fails, answers to commands that were sent together are lost, doubled or in
// another order.
func TestPipeline(t *testing.T) {
	const commands = 10_000
	forEachNetwork(t, func(t *testing.T, s ends.Side, o redis.Options) {
		c, dials := newClient(t, s, o)
		var wg sync.WaitGroup
		for worker := range 2 {
			wg.Go(func() {
				p := c.Pipeline()
				for i := range commands / 2 {
					key := fmt.Sprint("key ", worker, " ", i)
					p.Set(t.Context(), key, i, 0)
					p.Get(t.Context(), key)
				}
				answers, err := p.Exec(t.Context())
				if !assert.NoError(t, err) || !assert.Len(t, answers, commands) {
					return
				}
				for i := range commands / 2 {
					got, err := answers[2*i+1].(*redis.StringCmd).Int()
					if !assert.NoError(t, err) || !assert.Equal(t, i, got) {
						return
					}
				}
			})
		}
		wg.Wait()
		assert.LessOrEqual(t, dials.Load(), int32(2))
	})
}

// If this fails, a large value arrives incomplete or altered, or does not get through
// when it is more than the socket takes at once.
func TestLargeValue(t *testing.T) {
	large := make([]byte, 16<<20)
	rand.NewChaCha8([32]byte{1}).Read(large)
	forEachNetwork(t, func(t *testing.T, s ends.Side, o redis.Options) {
		c, _ := newClient(t, s, o)
		require.NoError(t, c.Set(t.Context(), "large", large, 0).Err())
		got, err := c.Get(t.Context(), "large").Bytes()
		require.NoError(t, err)
		assert.True(t, bytes.Equal(large, got), "%d bytes, altered", len(got))
	})
}

// timedOut reports whether a deadline has passed, a context's or a connection's.
func timedOut(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// If this fails, a subscriber that waited for too long does not hear what is said
// afterwards, or misses some of it.
func TestPubSub(t *testing.T) {
	const messages = 1000
	forEachNetwork(t, func(t *testing.T, s ends.Side, o redis.Options) {
		c, dials := newClient(t, s, o)
		sub := c.Subscribe(t.Context(), "news")
		defer sub.Close()
		_, err := sub.Receive(t.Context()) // the confirmation
		require.NoError(t, err)
		before := dials.Load()
		for range 3 {
			_, err = sub.ReceiveTimeout(t.Context(), 20*time.Millisecond)
			require.True(t, timedOut(err), "%v", err)
			told := make(chan struct{})
			go func() {
				defer close(told)
				for i := range messages {
					assert.NoError(t, c.Publish(t.Context(), "news", fmt.Sprint(i)).Err())
				}
			}()
			for i := range messages {
				m, err := sub.ReceiveTimeout(t.Context(), ends.Patience)
				require.NoError(t, err)
				require.Equal(t, fmt.Sprint(i), m.(*redis.Message).Payload)
			}
			ends.Receive(t, "all was told", told)
		}
		assert.LessOrEqual(t, dials.Load(), before+2, "a timeout cost the subscriber its connection")
	})
}

// If this fails, a subscriber is not told through its channel, or closing it does not
// end the goroutine that reads.
func TestPubSubChannel(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, s ends.Side, o redis.Options) {
		c, _ := newClient(t, s, o)
		sub := c.Subscribe(t.Context(), "news")
		_, err := sub.Receive(t.Context())
		require.NoError(t, err)
		incoming := sub.Channel()
		require.NoError(t, c.Publish(t.Context(), "news", "first").Err())
		assert.Equal(t, "first", ends.Receive(t, "a message", incoming).Payload)
		require.NoError(t, sub.Close())
		assert.Nil(t, ends.Receive(t, "the channel is closed", incoming))
	})
}

// blocked waits until so many clients of the server wait for an element of a list.
func blocked(t *testing.T, want int) {
	c := control(t)
	ends.Eventually(t, "a client is blocked", func() bool {
		info := c.InfoMap(t.Context(), "clients").Item("Clients", "blocked_clients")
		return info == fmt.Sprint(want)
	})
}

// If this fails, a command that waits at the server does not get its answer, or is not
// ended by the context's deadline, or by closing the client.
func TestBlockingPop(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, s ends.Side, o redis.Options) {
		o.ContextTimeoutEnabled = true
		c, _ := newClient(t, s, o)

		// The answer comes while it waits.
		type answer struct {
			values []string
			err    error
		}
		answers := make(chan answer, 1)
		pop := func(ctx context.Context) {
			values, err := c.BLPop(ctx, 0, "list").Result()
			answers <- answer{values, err}
		}
		go pop(t.Context())
		blocked(t, 1)
		require.NoError(t, c.RPush(t.Context(), "list", "element").Err())
		got := ends.Receive(t, "an answer", answers)
		require.NoError(t, got.err)
		assert.Equal(t, []string{"list", "element"}, got.values)

		// The server does not wait longer.
		err := c.Do(t.Context(), "BLPOP", "list", "0.01").Err() // BLPop knows seconds only
		require.ErrorIs(t, err, redis.Nil)

		// The context does not, and the connection is given up.
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		pop(ctx)
		got = ends.Receive(t, "an answer", answers)
		require.True(t, timedOut(got.err), "%v", got.err)
		blocked(t, 0)
		require.NoError(t, c.Ping(t.Context()).Err())

		// The context was canceled before. (Afterwards the library does not look.)
		canceled, cancel := context.WithCancel(t.Context())
		cancel()
		pop(canceled)
		got = ends.Receive(t, "an answer", answers)
		require.ErrorIs(t, got.err, context.Canceled)

		// The client is closed.
		go pop(t.Context())
		blocked(t, 1)
		require.NoError(t, c.Close())
		got = ends.Receive(t, "an answer", answers)
		require.ErrorIs(t, got.err, net.ErrClosed)
		blocked(t, 0)
	})
}

// hold makes n connections that are in use at once, and returns their numbers at the
// server. Afterwards all are idle, in the pool.
func hold(t *testing.T, c *redis.Client, n int) (ids []int64) {
	t.Helper()
	for range n {
		conn := c.Conn()
		defer conn.Close()
		id, err := conn.ClientID(t.Context()).Result()
		require.NoError(t, err)
		ids = append(ids, id)
	}
	return ids
}

// If this fails, the pool takes idle connections that are well for dead ones, or does
// not give them back.
func TestIdleConnections(t *testing.T) {
	const conns = 5
	forEachNetwork(t, func(t *testing.T, s ends.Side, o redis.Options) {
		c, dials := newClient(t, s, o)
		ids := hold(t, c, conns)
		assert.Equal(t, int32(conns), dials.Load())
		for range 100 {
			require.ElementsMatch(t, ids, hold(t, c, conns))
		}
		assert.Equal(t, int32(conns), dials.Load())
	})
}

// If this fails, the pool hands out connections that the server has closed: its look at
// an idle connection, a raw read that must not block, does not see the end.
func TestDeadConnections(t *testing.T) {
	const conns = 5
	forEachNetwork(t, func(t *testing.T, s ends.Side, o redis.Options) {
		c, dials := newClient(t, s, o)
		admin := control(t)
		for round := range 3 {
			dead := hold(t, c, conns)
			for _, id := range dead {
				require.NoError(t, admin.ClientKillByFilter(t.Context(), "ID", fmt.Sprint(id)).Err())
			}
			// There are no retries: every failure would be seen.
			alive := hold(t, c, conns)
			for _, id := range alive {
				require.NotContains(t, dead, id)
			}
			require.Equal(t, int32((round+2)*conns), dials.Load(), "round %d", round)
		}
	})
}

// If this fails, a command whose connection is cut while it waits does not end with an
// error that says so.
func TestKilledWhileBlocked(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, s ends.Side, o redis.Options) {
		c, _ := newClient(t, s, o)
		conn := c.Conn()
		defer conn.Close()
		id, err := conn.ClientID(t.Context()).Result()
		require.NoError(t, err)
		result := make(chan error, 1)
		go func() { result <- conn.BLPop(t.Context(), 0, "list").Err() }()
		blocked(t, 1)
		require.NoError(t, control(t).ClientKillByFilter(t.Context(), "ID", fmt.Sprint(id)).Err())
		require.ErrorIs(t, ends.Receive(t, "an error", result), io.EOF)
	})
}

// If this fails, a command to a server that has stalled waits forever, or the pool is
// no good after that: an answer that comes late is taken for that of another command.
func TestReadTimeout(t *testing.T) {
	const commands = 10
	forEachNetwork(t, func(t *testing.T, s ends.Side, o redis.Options) {
		o.ReadTimeout = 100 * time.Millisecond
		c, _ := newClient(t, s, o)
		admin := control(t)
		require.NoError(t, admin.Do(t.Context(), "CLIENT", "PAUSE", 60_000, "WRITE").Err())
		defer admin.ClientUnpause(t.Context())
		results := make(chan error, commands)
		for i := range commands {
			go func() { results <- c.Set(t.Context(), fmt.Sprint("stalled ", i), i, 0).Err() }()
		}
		for range commands {
			err := ends.Receive(t, "a timeout", results)
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
		}
		require.NoError(t, admin.ClientUnpause(t.Context()).Err())
		for i := range 10 * commands {
			var got int
			ends.Eventually(t, "the server answers", func() bool {
				err := c.Set(t.Context(), "key", i, 0).Err()
				if err == nil {
					got, err = c.Get(t.Context(), "key").Int()
				}
				return err == nil
			})
			require.Equal(t, i, got)
		}
	})
}

// If this fails, the deadline of one command ends the next, or an answer that comes as
// the deadline passes is taken for that of another command.
func TestDeadlineRace(t *testing.T) {
	const workers, commands = 8, 200
	forEachNetwork(t, func(t *testing.T, s ends.Side, o redis.Options) {
		o.ContextTimeoutEnabled = true
		o.PoolSize = workers / 2
		c, _ := newClient(t, s, o)
		var wg sync.WaitGroup
		for worker := range workers {
			wg.Go(func() {
				for i := range commands {
					want := fmt.Sprint(worker, " ", i)
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(1000))*time.Microsecond)
					got, err := c.Echo(ctx, want).Result()
					cancel()
					if err == nil {
						assert.Equal(t, want, got)
					} else {
						assert.True(t, timedOut(err), "%v", err)
					}
					got, err = c.Echo(t.Context(), "no deadline, "+want).Result()
					assert.NoError(t, err)
					assert.Equal(t, "no deadline, "+want, got)
				}
			})
		}
		wg.Wait()
	})
}
