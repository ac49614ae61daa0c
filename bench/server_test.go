//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The control protocol, without a process.
func TestServe(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, serve(`{"scenario": "echo", "variant": "raw"}`, strings.NewReader(`{} {"Trim": true}`), &out))
	dec := json.NewDecoder(&out)
	var h hello
	require.NoError(t, dec.Decode(&h))
	assert.Contains(t, h.Addr, "127.0.0.1:")
	assert.Equal(t, runtime.GOMAXPROCS(0), h.MaxProcs)
	var first, second snapshot
	require.NoError(t, dec.Decode(&first))
	require.NoError(t, dec.Decode(&second))
	assert.Positive(t, first.User+first.System)
	assert.GreaterOrEqual(t, second.Mallocs, first.Mallocs)
	assert.Positive(t, second.Resident)
	for _, job := range []string{
		"", `{"scenario": "echo", "variant": "iocp"}`, `{"scenario": "gopher", "variant": "net"}`, `{"scenario": "tls", "variant": "raw"}`,
	} {
		assert.Error(t, serve(job, strings.NewReader(""), &out))
	}
}

// startLocked starts a server the way main does, on a thread that lasts as long as the test.
func startLocked(t *testing.T, ctx context.Context, at cell) *server {
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	s, err := startServer(ctx, at, nil)
	require.NoError(t, err)
	return s
}

func echoCell(variant string, conns int) cell {
	return cell{echoScenario.key, variant, point{Conns: conns, Size: 64}}
}

func gone(pid int) bool { return syscall.Kill(pid, 0) == syscall.ESRCH }

func TestServerStops(t *testing.T) {
	s := startLocked(t, t.Context(), echoCell("net", 1))
	_, err := s.snapshot()
	require.NoError(t, err)
	s.stop()
	assert.True(t, gone(s.cmd.Process.Pid))
	assert.True(t, s.cmd.ProcessState.Success(), "it left by itself: %v", s.cmd.ProcessState)
}

func TestServerDiesWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := startLocked(t, ctx, echoCell("net", 1))
	cancel()
	s.wait()
	assert.True(t, gone(s.cmd.Process.Pid))
}

func TestServerThatCannotStart(t *testing.T) {
	_, err := startServer(t.Context(), echoCell("iocp", 1), nil)
	assert.ErrorContains(t, err, "the server did not start")
}

func TestMeasure(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	r, err := measure(t.Context(), echoCell("net", 3), settings{Duration: 50 * time.Millisecond})
	require.NoError(t, err)
	assert.Equal(t, echoCell("net", 3), r.cell)
	assert.Positive(t, r.Requests)
	assert.InEpsilon(t, r.CPU, r.UserCPU+r.SystemCPU, 1e-6)
	assert.Positive(t, r.CPU)
	assert.LessOrEqual(t, r.P50, r.P99)
	assert.LessOrEqual(t, r.P999, r.Max)
}
