//go:build linux

package process

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/bench/servers"
)

// TestMain lets the test binary be a server, as the program's main does.
func TestMain(m *testing.M) {
	if !Main(startEcho) {
		os.Exit(m.Run())
	}
}

// startEcho knows one scenario.
func startEcho(at servers.Cell) (servers.Subject, error) {
	v, ok := servers.VariantByKey(at.Variant)
	if at.Scenario != "echo" || !ok {
		return servers.Subject{}, errors.New("there is no such work")
	}
	return servers.Echo(v, at.Point)
}

// The control protocol, without a process.
func TestServe(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, serve(`{"scenario": "echo", "variant": "net"}`, strings.NewReader(`{} {"Trim": true}`), &out, startEcho))
	dec := json.NewDecoder(&out)
	var h Hello
	require.NoError(t, dec.Decode(&h))
	assert.Contains(t, h.Addr, "127.0.0.1:")
	assert.Equal(t, runtime.GOMAXPROCS(0), h.MaxProcs)
	var first, second Snapshot
	require.NoError(t, dec.Decode(&first))
	require.NoError(t, dec.Decode(&second))
	assert.Positive(t, first.User+first.System)
	assert.GreaterOrEqual(t, second.Mallocs, first.Mallocs)
	assert.Positive(t, second.Resident)
	for _, job := range []string{
		"", `{"scenario": "echo", "variant": "iocp"}`, `{"scenario": "gopher", "variant": "net"}`,
	} {
		assert.Error(t, serve(job, strings.NewReader(""), &out, startEcho))
	}
}

// startLocked starts a server the way main does, on a thread that lasts as long as the test.
func startLocked(t *testing.T, ctx context.Context, at servers.Cell) *Server {
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	s, err := Start(ctx, at, nil)
	require.NoError(t, err)
	return s
}

func echoCell(variant string) servers.Cell {
	return servers.Cell{Scenario: "echo", Variant: variant, Point: servers.Point{Conns: 1, Size: 64}}
}

func gone(pid int) bool { return syscall.Kill(pid, 0) == syscall.ESRCH }

func TestServerStops(t *testing.T) {
	s := startLocked(t, t.Context(), echoCell("net"))
	_, err := s.Snapshot()
	require.NoError(t, err)
	s.Stop()
	assert.True(t, gone(s.cmd.Process.Pid))
	assert.True(t, s.cmd.ProcessState.Success(), "it left by itself: %v", s.cmd.ProcessState)
}

func TestServerDiesWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := startLocked(t, ctx, echoCell("net"))
	cancel()
	s.wait()
	assert.True(t, gone(s.cmd.Process.Pid))
}

func TestServerThatCannotStart(t *testing.T) {
	_, err := Start(t.Context(), echoCell("iocp"), nil)
	assert.ErrorContains(t, err, "the server did not start")
}

// If this fails, nobody sees that goroutines wait for a mutex. The runtime looks at one goroutine of eight.
func TestLockWait(t *testing.T) {
	before := lockWait()
	var mu sync.Mutex
	var wg sync.WaitGroup
	mu.Lock()
	for range 200 {
		wg.Go(func() {
			mu.Lock()
			defer mu.Unlock()
		})
	}
	time.Sleep(10 * time.Millisecond)
	mu.Unlock()
	wg.Wait()
	assert.Greater(t, lockWait(), before)
}
