package measure

import (
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/bench/client"
	"github.com/a57b2d82/netpoller/bench/counting"
	"github.com/a57b2d82/netpoller/bench/process"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// TestMain lets the test binary be a server, as the program's main does. Its only work is echo over package net.
func TestMain(m *testing.M) {
	if !process.Main(func(at servers.Cell) (servers.Subject, error) { return servers.Echo(servers.Variants[0], at.Point) }) {
		os.Exit(m.Run())
	}
}

func echoCell(conns int) servers.Cell {
	return servers.Cell{Scenario: "echo", Variant: "net", Point: servers.Point{Conns: conns, Size: 64}}
}

func TestOne(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	r, err := One(t.Context(), echoCell(3), client.Echo, "request", 50*time.Millisecond)
	require.NoError(t, err)
	assert.Equal(t, echoCell(3), r.Cell)
	assert.Positive(t, r.Requests)
	assert.InEpsilon(t, r.CPU, r.UserCPU+r.SystemCPU, 1e-6)
	assert.Positive(t, r.CPU)
	assert.LessOrEqual(t, r.P50, r.P99)
	assert.LessOrEqual(t, r.P999, r.Max)
}

// A closed loop against net costs at least a read and a write per request, whichever way they are counted.
func TestCountCalls(t *testing.T) {
	for _, how := range []string{"ptrace", "tracepoint"} {
		t.Run(how, func(t *testing.T) {
			runtime.LockOSThread() // as counters ask for
			defer runtime.UnlockOSThread()
			count, note := counting.Choose(how)
			if count == nil {
				t.Skip(note)
			}
			c, err := CountCalls(t.Context(), echoCell(8), client.Echo, count)
			if errors.Is(err, counting.ErrRefused) {
				t.Skip(err)
			}
			require.NoError(t, err)
			assert.InDelta(t, 1, c.ByKind["write"], 0.05)
			assert.GreaterOrEqual(t, c.ByKind["read"], 1.0)
			assert.LessOrEqual(t, c.ByKind["read"], 2.1)
			sum := 0.0
			for _, n := range c.ByKind {
				sum += n
			}
			assert.InDelta(t, c.Total, sum, 1e-6)
		})
	}
}
