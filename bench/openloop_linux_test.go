package main

import (
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// If this fails, a stall counts for one request instead of for all that it held back: the omission that an open loop is
// there to avoid.
func TestOpenLoopCountsAllThatAStallHeldBack(t *testing.T) {
	const stall = 200 * time.Millisecond
	stalls := true
	addr := serveWrong(t, func(b []byte) []byte {
		if stalls {
			stalls = false
			time.Sleep(stall)
		}
		return b
	})
	o, err := loadOpen(&server{hello: hello{Addr: addr}}, point{Conns: 1, Size: 64, Rate: 1000})
	require.NoError(t, err)
	defer o.close()
	l, err := o.run(t.Context(), 400*time.Millisecond)
	require.NoError(t, err)
	assert.Equal(t, 400, l.requests, "every request that was due was sent")
	// Half of them were due while the server stalled; a closed loop would count one.
	held := 0
	for _, bar := range l.latency.Distribution() {
		if bar.To > int64(stall/4) {
			held += int(bar.Count)
		}
	}
	assert.Greater(t, held, 100)
	assert.GreaterOrEqual(t, l.latency.Max(), int64(stall)*99/100)
}

// If this fails, requests go out before they are due, or the rate is another than the one in the report.
func TestOpenLoopKeepsTheRate(t *testing.T) {
	subject, err := echoScenario.start(variants[0], point{})
	require.NoError(t, err)
	o, err := loadOpen(&server{hello: hello{Addr: subject.addr}}, point{Conns: 4, Size: 64, Rate: 500})
	require.NoError(t, err)
	defer o.close()
	for range 2 {
		l, err := o.run(t.Context(), 100*time.Millisecond)
		require.NoError(t, err)
		assert.Equal(t, 50, l.requests)
		assert.GreaterOrEqual(t, l.elapsed, 98*time.Millisecond, "the last one is due 98 ms after the first")
		assert.LessOrEqual(t, l.late.TotalCount(), int64(50))
	}
}

// If this fails, the rates are no shares of what the baseline can do.
func TestCalibrate(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	points, err := calibrate(t.Context(), []point{
		{Conns: 2, Size: 64, Load: 30}, {Conns: 2, Size: 64, Load: 60}, {Conns: 2, Size: 64},
	}, 20*time.Millisecond)
	require.NoError(t, err)
	require.Len(t, points, 3)
	assert.Greater(t, points[0].Rate, 100)
	assert.Equal(t, 2*points[0].Rate, points[1].Rate)
	assert.Zero(t, points[2].Rate)
}
