//go:build linux

package postgres

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// newPool returns a pool, closed when the test is over.
func newPool(t *testing.T, config *pgx.ConnConfig, configure func(*pgxpool.Config)) *pgxpool.Pool {
	t.Helper()
	c, err := pgxpool.ParseConfig("")
	require.NoError(t, err)
	c.ConnConfig = config
	configure(c)
	pool, err := pgxpool.NewWithConfig(context.Background(), c)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	return pool
}

// hold makes n connections that are in use at once, and returns their numbers at the
// server. Afterwards all are idle, in the pool.
func hold(t *testing.T, pool *pgxpool.Pool, n int) (pids []uint32) {
	t.Helper()
	for range n {
		c, err := pool.Acquire(t.Context())
		require.NoError(t, err)
		defer c.Release()
		require.NoError(t, c.Conn().Ping(t.Context()))
		pids = append(pids, c.Conn().PgConn().PID())
	}
	return pids
}

// If this fails, connections of a pool are mixed up or lost when many share them.
func TestPool(t *testing.T) {
	const conns, workers, queries = 4, 20, 20
	forEachNetwork(t, func(t *testing.T, s ends.Side, config *pgx.ConnConfig) {
		pool := newPool(t, config, func(c *pgxpool.Config) { c.MaxConns = conns })
		var wg sync.WaitGroup
		for worker := range workers {
			wg.Go(func() {
				for i := range queries {
					var got int
					err := pool.QueryRow(t.Context(), "SELECT $1::int", worker*queries+i).Scan(&got)
					assert.NoError(t, err)
					assert.Equal(t, worker*queries+i, got)
				}
			})
		}
		wg.Wait()
		assert.EqualValues(t, 0, pool.Stat().AcquiredConns())
		assert.LessOrEqual(t, pool.Stat().NewConnsCount(), int64(conns))
	})
}

// If this fails, the pool does not close idle connections in the background, or cannot
// make new ones after that.
func TestPoolIdle(t *testing.T) {
	const conns = 3
	forEachNetwork(t, func(t *testing.T, s ends.Side, config *pgx.ConnConfig) {
		pool := newPool(t, config, func(c *pgxpool.Config) {
			c.MaxConns = conns
			c.MaxConnIdleTime = 20 * time.Millisecond
			c.HealthCheckPeriod = 10 * time.Millisecond
		})
		old := hold(t, pool, conns)
		ends.Eventually(t, "idle connections are closed", func() bool { return pool.Stat().TotalConns() == 0 })
		assert.EqualValues(t, conns, pool.Stat().MaxIdleDestroyCount())
		for _, pid := range hold(t, pool, conns) {
			assert.NotContains(t, old, pid)
		}
	})
}

// If this fails, the pool hands out connections that the server has closed: a ping on
// one of them does not fail.
func TestPoolTerminated(t *testing.T) {
	const conns = 3
	forEachNetwork(t, func(t *testing.T, s ends.Side, config *pgx.ConnConfig) {
		admin := control(t, config)
		pool := newPool(t, config, func(c *pgxpool.Config) {
			c.MaxConns = conns
			c.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return true }
		})
		for range 2 {
			dead := hold(t, pool, conns)
			require.ElementsMatch(t, dead, hold(t, pool, conns), "the pool does not keep its connections")
			_, err := admin.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid", dead)
			require.NoError(t, err)
			ends.Eventually(t, "the server has ended them", func() bool {
				var left int
				err := admin.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY($1::int[])", dead).Scan(&left)
				require.NoError(t, err)
				return left == 0
			})
			for _, pid := range hold(t, pool, conns) {
				require.NotContains(t, dead, pid)
			}
		}
	})
}

// If this fails, the deadline of one query ends the next, or an answer that comes as the
// deadline passes is taken for that of another query.
func TestPoolDeadlineRace(t *testing.T) {
	const workers, queries = 8, 50
	// Not over TLS: there a Write that was ended by a deadline is the last one. The driver
	// cannot take its leave of the server, and waits for 15 s, with package net as well.
	forEachOf(t, []string{"tcp", "unix"}, func(t *testing.T, s ends.Side, config *pgx.ConnConfig) {
		pool := newPool(t, config, func(c *pgxpool.Config) { c.MaxConns = workers / 2 })
		var wg sync.WaitGroup
		for worker := range workers {
			wg.Go(func() {
				for i := range queries {
					want := worker*queries + i
					var got int
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rand.IntN(2000))*time.Microsecond)
					err := pool.QueryRow(ctx, "SELECT $1::int", want).Scan(&got)
					cancel()
					if err == nil {
						assert.Equal(t, want, got)
					} else {
						assert.ErrorIs(t, err, context.DeadlineExceeded)
					}
					assert.NoError(t, pool.QueryRow(t.Context(), "SELECT $1::int", -want).Scan(&got))
					assert.Equal(t, -want, got)
				}
			})
		}
		wg.Wait()
	})
}
