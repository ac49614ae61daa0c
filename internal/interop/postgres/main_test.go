//go:build linux

package postgres

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/clients"
	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// The server that all tests use, its certificate, and why there is none.
var (
	server     *ends.Program
	serverCert tls.Certificate
	serverErr  error
)

// TestMain runs the tests against one server, and looks for what they left behind.
func TestMain(m *testing.M) {
	os.Exit(ends.WithoutLeaks(func() int {
		if server, serverErr = ends.NewProgram(); serverErr == nil {
			defer server.Stop(syscall.SIGINT) // "fast": it does not wait for clients
			serverErr = start(server)
		}
		return m.Run()
	}))
}

func start(p *ends.Program) error {
	path, err := ends.Find("postgres", "/usr/lib/postgresql/*/bin")
	if err != nil {
		return err
	}
	var cert, key string
	if serverCert, cert, key, err = p.Cert(); err != nil {
		return err
	}
	data := filepath.Join(p.Dir, "data")
	err = p.Run(filepath.Join(filepath.Dir(path), "initdb"), "--pgdata", data, "--username", "tester",
		"--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions")
	if err != nil {
		return err
	}
	ready := func(ctx context.Context) error {
		c, err := pgx.Connect(ctx, dsn(p, ends.Loopback))
		if err == nil {
			err = c.Close(ctx)
		}
		return err
	}
	return p.Start(ready, path, "-D", data, "-p", fmt.Sprint(p.Port), "-h", ends.Loopback, "-k", p.Dir, "-F",
		"-c", "ssl=on", "-c", "ssl_cert_file="+cert, "-c", "ssl_key_file="+key)
}

func dsn(p *ends.Program, host string) string {
	return fmt.Sprintf("host=%s port=%d user=tester dbname=postgres sslmode=disable", host, p.Port)
}

// forEachNetwork runs body with clients of every kind, over TCP, TLS and Unix sockets.
func forEachNetwork(t *testing.T, body func(t *testing.T, s ends.Side, c *pgx.ConnConfig)) {
	forEachOf(t, []string{"tcp", "tls", "unix"}, body)
}

// forEachOf runs body with clients of every kind, over these networks.
func forEachOf(t *testing.T, networks []string, body func(t *testing.T, s ends.Side, c *pgx.ConnConfig)) {
	ends.Need(t, serverErr)
	for _, network := range networks {
		t.Run(network, func(t *testing.T) {
			ends.ForEachClient(t, func(t *testing.T, s ends.Side) {
				host := ends.Loopback
				if network == "unix" {
					host = server.Dir
				}
				c, err := pgx.ParseConfig(dsn(server, host))
				require.NoError(t, err)
				if network == "tls" {
					c.TLSConfig = &tls.Config{RootCAs: ends.Trust(serverCert), ServerName: ends.Loopback}
				}
				clients.Postgres(c, s.Dial)
				c.LookupFunc = net.DefaultResolver.LookupHost
				body(t, s, c)
			})
		})
	}
}

// connect returns a connection, closed when the test is over.
func connect(t *testing.T, config *pgx.ConnConfig) *pgx.Conn {
	t.Helper()
	c, err := pgx.ConnectConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(func() { cleanUp(t, c) })
	return c
}

// cleanUp closes c. One that broke is closed already, but in the background.
func cleanUp(t *testing.T, c *pgx.Conn) {
	t.Helper()
	c.Close(context.Background())
	ends.Receive(t, "the connection is closed", c.PgConn().CleanupDone())
}

// control returns a connection on package net, to look at the server with and to
// disturb it.
func control(t *testing.T, config *pgx.ConnConfig) *pgx.Conn {
	t.Helper()
	config = config.Copy()
	config.DialFunc = new(net.Dialer).DialContext
	return connect(t, config)
}

// running waits until so many queries that sleep run at the server.
func running(t *testing.T, admin *pgx.Conn, want int) {
	t.Helper()
	ends.Eventually(t, fmt.Sprintf("%d queries run", want), func() bool {
		var n int
		err := admin.QueryRow(context.Background(),
			"SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep%'").Scan(&n)
		require.NoError(t, err)
		return n == want
	})
}

// requireCode fails the test if the server did not refuse with this code of SQL.
func requireCode(t *testing.T, code string, err error) {
	t.Helper()
	var refused *pgconn.PgError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, code, refused.Code, "%v", err)
}
