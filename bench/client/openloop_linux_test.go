package client

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/bench/process"
	"github.com/a57b2d82/netpoller/bench/servers"
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
	o, err := OpenLoop(&process.Server{Hello: process.Hello{Addr: addr}}, servers.Point{Conns: 1, Size: 64, Rate: 1000})
	require.NoError(t, err)
	defer o.Close()
	l, err := o.Run(t.Context(), 400*time.Millisecond)
	require.NoError(t, err)
	assert.Equal(t, 400, l.Requests, "every request that was due was sent")
	// Half of them were due while the server stalled; a closed loop would count one.
	held := 0
	for _, bar := range l.Latency.Distribution() {
		if bar.To > int64(stall/4) {
			held += int(bar.Count)
		}
	}
	assert.Greater(t, held, 100)
	assert.GreaterOrEqual(t, l.Latency.Max(), int64(stall)*99/100)
}

// If this fails, requests go out before they are due, or the rate is another than the one in the report.
func TestOpenLoopKeepsTheRate(t *testing.T) {
	subject, err := servers.Echo(servers.Variants[0], servers.Point{})
	require.NoError(t, err)
	o, err := OpenLoop(&process.Server{Hello: process.Hello{Addr: subject.Addr}}, servers.Point{Conns: 4, Size: 64, Rate: 500})
	require.NoError(t, err)
	defer o.Close()
	for range 2 {
		l, err := o.Run(t.Context(), 100*time.Millisecond)
		require.NoError(t, err)
		assert.Equal(t, 50, l.Requests)
		assert.GreaterOrEqual(t, l.Elapsed, 98*time.Millisecond, "the last one is due 98 ms after the first")
		assert.LessOrEqual(t, l.Late.TotalCount(), int64(50))
	}
}
