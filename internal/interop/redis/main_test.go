//go:build linux

package redis

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/clients"
	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// The server that all tests use, and why there is none.
var (
	server    *ends.Program
	serverErr error
)

// TestMain runs the tests against one server, and looks for what they left behind.
func TestMain(m *testing.M) {
	os.Exit(ends.WithoutLeaks(func() int {
		if server, serverErr = ends.NewProgram(); serverErr == nil {
			defer server.Stop(syscall.SIGTERM)
			serverErr = start(server)
		}
		return m.Run()
	}))
}

func start(p *ends.Program) error {
	path, err := ends.Find("redis-server")
	if err != nil {
		return err
	}
	ready := func(ctx context.Context) error {
		c := redis.NewClient(&redis.Options{Addr: p.Address(), MaxRetries: -1})
		defer c.Close()
		return c.Ping(ctx).Err()
	}
	return p.Start(ready, path, "--bind", ends.Loopback, "--port", fmt.Sprint(p.Port),
		"--unixsocket", socket(p), "--dir", p.Dir, "--save", "", "--appendonly", "no")
}

func socket(p *ends.Program) string { return filepath.Join(p.Dir, "redis.sock") }

// forEachNetwork runs body with clients of every kind, over TCP and over Unix sockets.
func forEachNetwork(t *testing.T, body func(t *testing.T, s ends.Side, o redis.Options)) {
	ends.Need(t, serverErr)
	for _, o := range []redis.Options{
		{Network: "tcp", Addr: server.Address()},
		{Network: "unix", Addr: socket(server)},
	} {
		t.Run(o.Network, func(t *testing.T) {
			ends.ForEachClient(t, func(t *testing.T, s ends.Side) { body(t, s, o) })
		})
	}
}

// newClient returns a client without retries, which would hide what happened, and the
// number of connections that it has made.
func newClient(t *testing.T, s ends.Side, o redis.Options) (*redis.Client, *atomic.Int32) {
	dials := new(atomic.Int32)
	clients.Redis(&o, func(ctx context.Context, network, address string) (net.Conn, error) {
		dials.Add(1)
		return s.Dial(ctx, network, address)
	})
	if o.ReadTimeout == 0 {
		o.ReadTimeout = ends.Patience
	}
	o.DialTimeout, o.PoolTimeout = ends.Patience, ends.Patience
	o.MaxRetries = -1
	o.PipelinePoolSize = -1 // one pool for all
	c := redis.NewClient(&o)
	t.Cleanup(func() { c.Close() })
	require.NoError(t, c.FlushAll(t.Context()).Err())
	return c, dials
}

// control returns a client on package net, to look at the server with and to disturb it.
func control(t *testing.T) *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: server.Address()})
	t.Cleanup(func() { c.Close() })
	return c
}
