//go:build linux

package postgres

import (
	"context"
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// If this fails, a client that waited for too long does not hear what is said
// afterwards, or misses some of it.
func TestNotifications(t *testing.T) {
	const messages = 100
	forEachNetwork(t, func(t *testing.T, s ends.Side, config *pgx.ConnConfig) {
		c, admin := connect(t, config), control(t, config)
		_, err := c.Exec(t.Context(), "LISTEN news")
		require.NoError(t, err)
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			_, err := c.WaitForNotification(ctx)
			cancel()
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.True(t, pgconn.Timeout(err), "%v", err)
			require.False(t, c.IsClosed(), "the timeout cost the connection")
			told := make(chan struct{})
			go func() {
				defer close(told)
				for i := range messages {
					_, err := admin.Exec(t.Context(), "SELECT pg_notify('news', $1)", fmt.Sprint(i))
					assert.NoError(t, err)
				}
			}()
			for i := range messages {
				ctx, cancel := context.WithTimeout(t.Context(), ends.Patience)
				n, err := c.WaitForNotification(ctx)
				cancel()
				require.NoError(t, err)
				require.Equal(t, fmt.Sprint(i), n.Payload)
			}
			ends.Receive(t, "all was told", told)
			require.NoError(t, c.Ping(t.Context()))
		}
	})
}

// sleep runs a query that takes longer than any test, and waits until the server runs
// it.
func sleep(ctx context.Context, t *testing.T, c, admin *pgx.Conn) <-chan error {
	result := make(chan error, 1)
	go func() {
		_, err := c.Exec(ctx, "SELECT pg_sleep(600)")
		result <- err
	}()
	running(t, admin, 1)
	return result
}

// If this fails, canceling a context does not end a query at once: the deadline that it
// sets does not wake the Read; or the server is not told, on a second connection.
func TestCancel(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, s ends.Side, config *pgx.ConnConfig) {
		c, admin := connect(t, config), control(t, config)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		result := sleep(ctx, t, c, admin)
		cancel()
		require.ErrorIs(t, ends.Receive(t, "the query ends", result), context.Canceled)
		require.True(t, c.IsClosed())
		running(t, admin, 0)
	})
}

// If this fails, the deadline of a context does not end a query.
func TestContextDeadline(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, s ends.Side, config *pgx.ConnConfig) {
		// A request to cancel that comes before the query runs ends nothing; the close does.
		config.RuntimeParams["client_connection_check_interval"] = "10ms"
		c, admin := connect(t, config), control(t, config)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := c.Exec(ctx, "SELECT pg_sleep(600)")
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.True(t, pgconn.Timeout(err), "%v", err)
		running(t, admin, 0)
	})
}

// If this fails, a connection whose query was canceled at the server cannot go on: the
// deadline set as a precaution is not taken back.
func TestCancelRequest(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, s ends.Side, config *pgx.ConnConfig) {
		config.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
			return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: ends.Patience}
		}
		c, admin := connect(t, config), control(t, config)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		result := sleep(ctx, t, c, admin)
		cancel()
		requireCode(t, "57014", ends.Receive(t, "the query ends", result)) // canceled
		require.NoError(t, c.Ping(t.Context()))
		running(t, admin, 0)
	})
}

// If this fails, the server's own limit for a query does not reach us, or costs the
// connection.
func TestStatementTimeout(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, s ends.Side, config *pgx.ConnConfig) {
		c := connect(t, config)
		for range 3 {
			// One transaction: the limit ends with it.
			_, err := c.PgConn().Exec(t.Context(), "SET statement_timeout = 20; SELECT pg_sleep(600)").ReadAll()
			requireCode(t, "57014", err) // canceled
			require.NoError(t, c.Ping(t.Context()))
		}
	})
}

// If this fails, a client that waits for an answer does not learn that the server has
// ended the connection, and why.
func TestTerminated(t *testing.T) {
	forEachNetwork(t, func(t *testing.T, s ends.Side, config *pgx.ConnConfig) {
		c, admin := connect(t, config), control(t, config)
		result := sleep(t.Context(), t, c, admin)
		_, err := admin.Exec(t.Context(), "SELECT pg_terminate_backend($1)", c.PgConn().PID())
		require.NoError(t, err)
		requireCode(t, "57P01", ends.Receive(t, "the query ends", result)) // terminated
		require.True(t, c.IsClosed())
	})
}

// If this fails, connecting to a server that accepts and then says nothing cannot be
// given up.
func TestConnectToSilence(t *testing.T) {
	ends.Need(t, serverErr)
	ends.ForEachClient(t, func(t *testing.T, s ends.Side) {
		l := ends.Listen(t, ends.Net())
		address := l.Addr().(*net.TCPAddr)
		config, err := pgx.ParseConfig(fmt.Sprintf("host=%s port=%d user=tester sslmode=disable", address.IP, address.Port))
		require.NoError(t, err)
		config.DialFunc = s.Dial
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err = pgx.ConnectConfig(ctx, config)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.True(t, pgconn.Timeout(err), "%v", err)
	})
}
