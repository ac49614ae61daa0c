//go:build linux

package mysql

import (
	"context"
	"crypto/tls"
	"database/sql"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/go-sql-driver/mysql"
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
	mysql.SetLogger(log.New(io.Discard, "", 0)) // it tells of every connection that breaks
	os.Exit(ends.WithoutLeaks(func() int {
		if server, serverErr = ends.NewProgram(); serverErr == nil {
			defer server.Stop(syscall.SIGKILL) // nothing of it is wanted again
			serverErr = start(server)
		}
		return m.Run()
	}))
}

func start(p *ends.Program) error {
	path, err := ends.Find("mariadbd", "/usr/sbin")
	if err != nil {
		return err
	}
	var cert, key string
	if serverCert, cert, key, err = p.Cert(); err != nil {
		return err
	}
	users, err := p.File("users.sql", []byte("CREATE DATABASE test;\n"+
		"CREATE USER tester@'%' IDENTIFIED BY 'secret';\nGRANT ALL ON *.* TO tester@'%';\n"))
	if err != nil {
		return err
	}
	data := filepath.Join(p.Dir, "data")
	err = p.Run("mariadb-install-db", "--no-defaults", "--datadir="+data,
		"--auth-root-authentication-method=normal", "--skip-test-db")
	if err != nil {
		return err
	}
	ready := func(ctx context.Context) error {
		db, err := sql.Open("mysql", fmt.Sprintf("tester:secret@tcp(%s)/test", p.Address()))
		if err != nil {
			return err
		}
		defer db.Close()
		return db.PingContext(ctx)
	}
	return p.Start(ready, path, "--no-defaults", "--datadir="+data, "--socket="+socket(p), "--pid-file="+data+"/pid",
		"--bind-address="+ends.Loopback, fmt.Sprint("--port=", p.Port), "--skip-name-resolve", "--init-file="+users,
		"--ssl-cert="+cert, "--ssl-key="+key, "--local-infile=1", "--max-allowed-packet=64M", "--skip-log-bin",
		"--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M")
}

func socket(p *ends.Program) string { return filepath.Join(p.Dir, "socket") }

// forEachNetwork runs body with clients of every kind, over TCP, TLS and Unix sockets.
func forEachNetwork(t *testing.T, body func(t *testing.T, s ends.Side, c *mysql.Config)) {
	for _, network := range []struct{ name, network string }{{"tcp", "tcp"}, {"tls", "tcp"}, {"unix", "unix"}} {
		t.Run(network.name, func(t *testing.T) {
			forEachClient(t, func(t *testing.T, s ends.Side, c *mysql.Config) {
				c.Net = network.network
				if c.Net == "unix" {
					c.Addr = socket(server)
				}
				if network.name == "tls" {
					c.TLS = &tls.Config{RootCAs: ends.Trust(serverCert), ServerName: ends.Loopback}
				}
				body(t, s, c)
			})
		})
	}
}

// forEachClient runs body with clients of every kind, over TCP.
func forEachClient(t *testing.T, body func(t *testing.T, s ends.Side, c *mysql.Config)) {
	ends.Need(t, serverErr)
	ends.ForEachClient(t, func(t *testing.T, s ends.Side) {
		c := mysql.NewConfig()
		c.User, c.Passwd, c.DBName = "tester", "secret", "test"
		c.Net, c.Addr = "tcp", server.Address()
		clients.MySQL(c, s.Dial)
		body(t, s, c)
	})
}

// open returns a pool, closed when the test is over, and the number of connections that
// it has made.
func open(t *testing.T, config *mysql.Config) (*sql.DB, *atomic.Int32) {
	t.Helper()
	dials := new(atomic.Int32)
	dial := config.DialFunc
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		dials.Add(1)
		return dial(ctx, network, address)
	}
	connector, err := mysql.NewConnector(config)
	require.NoError(t, err)
	db := sql.OpenDB(connector)
	db.SetMaxIdleConns(10)
	t.Cleanup(func() { db.Close() })
	return db, dials
}

// control returns a pool on package net, to look at the server with and to disturb it.
func control(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("mysql", fmt.Sprintf("tester:secret@tcp(%s)/test", server.Address()))
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

// hold makes n connections that are in use at once, and returns their numbers at the
// server. Afterwards all are idle, in the pool.
func hold(t *testing.T, db *sql.DB, n int, statements ...string) (ids []int64) {
	t.Helper()
	for range n {
		c, err := db.Conn(t.Context())
		require.NoError(t, err)
		defer c.Close()
		for _, s := range statements {
			_, err := c.ExecContext(t.Context(), s)
			require.NoError(t, err)
		}
		var id int64
		require.NoError(t, c.QueryRowContext(t.Context(), "SELECT CONNECTION_ID()").Scan(&id))
		ids = append(ids, id)
	}
	return ids
}

// gone waits until the server has none of the connections any more.
func gone(t *testing.T, admin *sql.DB, ids []int64) {
	t.Helper()
	for _, id := range ids {
		ends.Eventually(t, "the server has ended the connection", func() bool {
			var left int
			err := admin.QueryRow("SELECT COUNT(*) FROM information_schema.processlist WHERE id = ?", id).Scan(&left)
			require.NoError(t, err)
			return left == 0
		})
	}
}

// sleeping waits until the server runs the query, and returns the number of its
// connection.
func sleeping(t *testing.T, admin *sql.DB, query string) (id int64) {
	t.Helper()
	ends.Eventually(t, "a query runs", func() bool {
		return admin.QueryRow("SELECT id FROM information_schema.processlist WHERE info = ?", query).Scan(&id) == nil
	})
	return id
}

// kill ends connections at the server.
func kill(t *testing.T, admin *sql.DB, ids ...int64) {
	t.Helper()
	for _, id := range ids {
		_, err := admin.Exec(fmt.Sprint("KILL ", id))
		require.NoError(t, err)
	}
	gone(t, admin, ids)
}
