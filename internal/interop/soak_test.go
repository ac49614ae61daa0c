//go:build linux

package interop

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

var fullSoak = flag.Bool("soak", false, "run TestSoak with 10,000 connections of 100 messages each")

// soakSettings are what the client process is told, as JSON in this variable of its
// environment.
type soakSettings struct {
	Addresses []string
	Conns     int // steady connections, all open at once
	Messages  int // echoed on each
	Churn     int // connections that come and go meanwhile, at most
	Config    netpoller.PollerConfig
}

const soakClientEnv = "NETPOLLER_SOAK_CLIENT"

// A soakReport is what the client process answers on its standard output.
type soakReport struct {
	Messages, Bytes int64
	Churn           map[string]int64 // how many of which kind
	Stats           netpoller.PollerStats
}

// The first byte of a connection says what the server shall do.
const (
	soakSteady  = 'S' // echo; any error is a failure
	soakEcho    = 'e' // echo; the client may break off
	soakTimeout = 't' // read until a deadline, then say so and close
	soakReset   = 'r' // reset the connection
)

// maxMessage is the largest message.
const maxMessage = 8 << 10

// If this fails, something is lost when many connections are used at once while others
// open, close, time out and break: a byte, or what must be given back in the end, a
// goroutine, a descriptor, a slot, a timer. The client is a process of its own, so that
// each side can have as many descriptors as the limit allows.
func TestSoak(t *testing.T) {
	for _, c := range []struct {
		name   string
		config netpoller.PollerConfig
	}{
		{"nested", netpoller.PollerConfig{Strategy: netpoller.PollerNested}},
		{"thread", netpoller.PollerConfig{Strategy: netpoller.PollerThread, Pollers: 3}},
	} {
		t.Run(c.name, func(t *testing.T) { soak(t, settingsForSoak(c.config)) })
	}
}

func settingsForSoak(c netpoller.PollerConfig) soakSettings {
	s := soakSettings{Conns: 300, Messages: 20, Churn: 3000, Config: c}
	if *fullSoak {
		s.Conns, s.Messages, s.Churn = 10_000, 100, 60_000
	}
	if ends.Race {
		s.Conns = min(s.Conns, 2000)
	}
	// Package os has raised the soft limit to the hard one.
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err == nil {
		s.Conns = min(s.Conns, int(min(limit.Cur, 1<<20))*3/4)
	}
	return s
}

func soak(t *testing.T, s soakSettings) {
	before, start := ends.CountResources(), time.Now()
	server := soakServer{t: t, group: netpoller.NewPollerGroup(s.Config)}
	// Several, of both families, so that the ports of closed connections do not run out.
	for _, address := range []string{ends.Loopback + ":0", ends.Loopback + ":0", "[::1]:0", "[::1]:0"} {
		l, err := ends.Ours(server.group).Listen("tcp", address)
		if err != nil {
			require.ErrorIs(t, err, syscall.EADDRNOTAVAIL) // no IPv6
			continue
		}
		defer l.Close()
		s.Addresses = append(s.Addresses, l.Addr().String())
		server.listeners = append(server.listeners, l)
		server.all.Go(func() { server.accept(l) })
	}

	report := runSoakClient(t, s)
	for _, l := range server.listeners {
		require.NoError(t, l.Close())
	}
	server.all.Wait()

	assert.EqualValues(t, s.Conns, server.peak.Load(), "steady connections open at once")
	assert.EqualValues(t, s.Conns*s.Messages, report.Messages, "messages")
	assert.Equal(t, report.Bytes, server.echoed.Load(), "bytes of steady connections")
	for kind, n := range report.Churn {
		assert.NotZero(t, n, "connections that %s", kind)
	}
	stats := server.group.Stats()
	assert.True(t, ends.Idle(stats), "left in the server's group: %+v", stats)
	require.NoError(t, server.group.Close())
	after, ok := before.Restored()
	assert.True(t, ok, "left behind by the server: %v before, %v after", before, after)

	t.Logf("%d connections, %d messages, %d MB each way and back, in %v", s.Conns, report.Messages,
		report.Bytes>>20, time.Since(start).Round(time.Millisecond))
	t.Logf("others: %v", report.Churn)
	t.Logf("server: %+v", stats)
	t.Logf("client: %+v", report.Stats)
}

// runSoakClient runs this binary as the client.
func runSoakClient(t *testing.T, s soakSettings) (r soakReport) {
	settings, err := json.Marshal(s)
	require.NoError(t, err)
	binary, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), binary)
	cmd.Env = append(os.Environ(), soakClientEnv+"="+string(settings))
	var stdout bytes.Buffer
	var stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Run(), "the client: %s", &stderr)
	require.NoError(t, json.Unmarshal(stdout.Bytes(), &r), "the client: %s", &stdout)
	return r
}

// A soakServer does as its clients say.
type soakServer struct {
	t         *testing.T
	group     *netpoller.PollerGroup
	listeners []net.Listener
	all       sync.WaitGroup

	echoed       atomic.Int64 // bytes on steady connections
	steady, peak atomic.Int64 // how many are open, and the most there were
}

func (s *soakServer) accept(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			assert.ErrorIs(s.t, err, net.ErrClosed)
			return
		}
		s.all.Go(func() {
			if err := s.serve(c.(*netpoller.TCPConn)); err != nil {
				assert.NoError(s.t, err)
			}
		})
	}
}

func (s *soakServer) serve(c *netpoller.TCPConn) error {
	defer c.Close()
	var kind [1]byte
	if _, err := c.Read(kind[:]); err != nil {
		return nil // gone before it said anything
	}
	switch kind[0] {
	case soakSteady:
		s.raise(s.steady.Add(1))
		defer s.steady.Add(-1)
		n, err := echoAll(c)
		s.echoed.Add(n)
		return err
	case soakEcho:
		echoAll(c)
		return nil
	case soakReset:
		return c.SetLinger(0)
	case soakTimeout:
		if err := c.SetReadDeadline(time.Now().Add(2 * time.Millisecond)); err != nil {
			return err
		}
		if n, err := c.Read(kind[:]); n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("a Read that should have timed out returned %d, %w", n, err)
		}
		_, err := c.Write(kind[:])
		return err
	}
	return fmt.Errorf("a connection began with %q", kind)
}

func (s *soakServer) raise(open int64) {
	for peak := s.peak.Load(); open > peak && !s.peak.CompareAndSwap(peak, open); {
		peak = s.peak.Load()
	}
}

// echoAll sends back what comes until the end.
func echoAll(c net.Conn) (n int64, err error) {
	buf := make([]byte, maxMessage)
	for {
		r, err := c.Read(buf)
		if err == io.EOF {
			return n, nil
		}
		if err == nil {
			_, err = c.Write(buf[:r])
		}
		if err != nil {
			return n, err
		}
		n += int64(r)
	}
}
