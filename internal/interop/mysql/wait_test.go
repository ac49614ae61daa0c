//go:build linux

package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

var sleeps atomic.Int32

// sleep runs a query that takes longer than any test, each another one.
func sleep(ctx context.Context, db *sql.DB) (query string, result <-chan error) {
	query = fmt.Sprint("SELECT SLEEP(", 600+sleeps.Add(1), ")")
	c := make(chan error, 1)
	go func() {
		var zero int
		c <- db.QueryRowContext(ctx, query).Scan(&zero)
	}()
	return query, c
}

// If this fails, canceling a context does not end a query at once: closing the
// connection does not wake the Read.
func TestCancel(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, s ends.Side, config *mysql.Config) {
		db, _ := open(t, config)
		admin := control(t)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		query, result := sleep(ctx, db)
		id := sleeping(t, admin, query)
		cancel()
		require.ErrorIs(t, ends.Receive(t, "the query ends", result), context.Canceled)
		kill(t, admin, id) // the driver does not tell the server
		require.NoError(t, db.Ping())
	})
}

// If this fails, the deadline of a context does not end a query.
func TestContextDeadline(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, s ends.Side, config *mysql.Config) {
		db, _ := open(t, config)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		_, result := sleep(ctx, db)
		require.ErrorIs(t, ends.Receive(t, "the query ends", result), context.DeadlineExceeded)
		require.NoError(t, db.Ping())
	})
}

// connected waits until the server has answered. Where there is little time for that, it
// may take several attempts.
func connected(t *testing.T, db *sql.DB) {
	t.Helper()
	ends.Eventually(t, "the server answers", func() bool { return db.Ping() == nil })
}

// If this fails, a query to a server that is slow waits forever, or the pool is no
// good after that.
func TestReadTimeout(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, s ends.Side, config *mysql.Config) {
		config.ReadTimeout = 200 * time.Millisecond
		db, _ := open(t, config)
		connected(t, db)
		_, result := sleep(t.Context(), db)
		require.ErrorIs(t, ends.Receive(t, "the query ends", result), mysql.ErrInvalidConn)
		connected(t, db)
	})
}

// If this fails, a query whose text the server does not take waits forever, or the
// pool is no good after that.
func TestWriteTimeout(t *testing.T) {
	large := ends.Bytes(1, 32<<20)
	forEachNetwork(t, func(t *testing.T, s ends.Side, config *mysql.Config) {
		config.WriteTimeout = 200 * time.Millisecond
		db, _ := open(t, config)
		connected(t, db)
		prepared, err := db.Prepare("SELECT LENGTH(?)")
		require.NoError(t, err)
		defer prepared.Close()

		server.Signal(t, syscall.SIGSTOP)
		defer server.Signal(t, syscall.SIGCONT)
		var length int
		result := make(chan error, 1)
		go func() { result <- prepared.QueryRow(large).Scan(&length) }()
		require.ErrorIs(t, ends.Receive(t, "the query ends", result), os.ErrDeadlineExceeded)

		server.Signal(t, syscall.SIGCONT)
		connected(t, db)
	})
}

// If this fails, the pool takes idle connections that are well for dead ones, or does
// not give them back.
func TestIdleConnections(t *testing.T) {
	const conns = 5
	forEachNetwork(t, func(t *testing.T, s ends.Side, config *mysql.Config) {
		db, dials := open(t, config)
		ids := hold(t, db, conns)
		for range 20 {
			require.ElementsMatch(t, ids, hold(t, db, conns))
		}
		assert.EqualValues(t, conns, dials.Load())
	})
}

// If this fails, a connection cannot be used again when it was idle for longer than an
// answer may take: the deadline of the last answer, which has passed, refuses the look at it
// though the driver has set a new one.
func TestIdleBeyondReadTimeout(t *testing.T) {
	forEachClient(t, func(t *testing.T, s ends.Side, config *mysql.Config) {
		config.ReadTimeout = time.Second
		db, dials := open(t, config)
		ids := hold(t, db, 1)
		time.Sleep(config.ReadTimeout + 10*time.Millisecond)
		require.Equal(t, ids, hold(t, db, 1))
		assert.EqualValues(t, 1, dials.Load())
	})
}

// If this fails, the pool hands out connections that the server has closed: its look at
// an idle connection, a raw read that must not block, does not see the end.
func TestDeadConnections(t *testing.T) {
	const conns = 5
	forEachNetwork(t, func(t *testing.T, s ends.Side, config *mysql.Config) {
		db, dials := open(t, config)
		admin := control(t)
		for round := range 3 {
			dead := hold(t, db, conns)
			kill(t, admin, dead...)
			for _, id := range hold(t, db, conns) {
				require.NotContains(t, dead, id)
			}
			require.EqualValues(t, (round+2)*conns, dials.Load())
		}
	})
}

// If this fails, the pool hands out connections that the server has closed because they
// were idle for too long.
func TestIdleTooLong(t *testing.T) {
	const conns = 3
	forEachClient(t, func(t *testing.T, s ends.Side, config *mysql.Config) {
		db, dials := open(t, config)
		dead := hold(t, db, conns, "SET SESSION wait_timeout = 1")
		gone(t, control(t), dead)
		for _, id := range hold(t, db, conns) {
			require.NotContains(t, dead, id)
		}
		require.EqualValues(t, 2*conns, dials.Load())
	})
}

// If this fails, a client that waits for an answer does not learn that the server has
// ended the connection.
func TestKilledWhileBlocked(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, s ends.Side, config *mysql.Config) {
		db, _ := open(t, config)
		admin := control(t)
		query, result := sleep(t.Context(), db)
		kill(t, admin, sleeping(t, admin, query))
		require.Error(t, ends.Receive(t, "the query ends", result))
		require.NoError(t, db.Ping())
	})
}

// If this fails, connecting to a server that accepts and then says nothing cannot be
// given up.
func TestConnectToSilence(t *testing.T) {
	forEachClient(t, func(t *testing.T, s ends.Side, config *mysql.Config) {
		config.Addr = ends.Listen(t, ends.Net()).Addr().String()
		db, _ := open(t, config)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		require.ErrorIs(t, db.PingContext(ctx), context.DeadlineExceeded)

		config.ReadTimeout = 50 * time.Millisecond
		db, _ = open(t, config)
		require.Error(t, db.PingContext(t.Context()))
	})
}
