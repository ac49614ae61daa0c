package client

import (
	"io"
	"net"
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
	assert.EqualValues(t, 400, l.Late.TotalCount(), "and its lateness was recorded")
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

// If this fails, a server that does not answer holds back the requests that follow: the loop is closed after all.
func TestOpenLoopSendsWithoutReplies(t *testing.T) {
	const rate, stall = 1000, 300 * time.Millisecond
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer ln.Close()
	arrived := make(chan int, 1)
	go func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		time.Sleep(stall) // and reads nothing
		buf := make([]byte, 1<<20)
		n, _ := c.Read(buf)
		arrived <- n / 64
		c.Write(buf[:n])
		io.Copy(c, c)
	}()
	o, err := OpenLoop(&process.Server{Hello: process.Hello{Addr: ln.Addr().String()}}, servers.Point{Conns: 1, Size: 64, Rate: rate})
	require.NoError(t, err)
	defer o.Close()
	l, err := o.Run(t.Context(), 2*stall)
	require.NoError(t, err)
	assert.Equal(t, 600, l.Requests)
	assert.Greater(t, <-arrived, 100, "requests under way on the one connection when the server woke up")
}

// If this fails, a full socket loses a request, or a request is given up that the server takes late.
func TestOpenLoopWaitsForAFullSocket(t *testing.T) {
	first := true
	addr := serveWrong(t, func(b []byte) []byte {
		if first {
			first = false
			time.Sleep(300 * time.Millisecond)
		}
		return b
	})
	o, err := OpenLoop(&process.Server{Hello: process.Hello{Addr: addr}}, servers.Point{Conns: 1, Size: client64K, Rate: 500})
	require.NoError(t, err)
	defer o.Close()
	l, err := o.Run(t.Context(), 400*time.Millisecond)
	require.NoError(t, err)
	assert.Equal(t, 200, l.Requests, "each reply was right, byte for byte")
	assert.GreaterOrEqual(t, l.Latency.Max(), int64(250*time.Millisecond))
}

const client64K = 64 << 10

// If this fails, the open loop takes a wrong reply for a right one, where several arrive in one piece.
func TestOpenLoopNotices(t *testing.T) {
	for name, test := range map[string]struct {
		wrong func([]byte) []byte
		want  string
	}{
		"first byte changed": {func(b []byte) []byte { b[0]++; return b }, "wrong reply"},
		"byte doubled":       {func(b []byte) []byte { return append(b, b[63]) }, "more than it was asked for|wrong reply"},
		"connection closed":  {func(b []byte) []byte { return nil }, "server closed the connection|reset by peer|broken pipe"},
	} {
		t.Run(name, func(t *testing.T) {
			addr := serveWrong(t, test.wrong)
			o, err := OpenLoop(&process.Server{Hello: process.Hello{Addr: addr}}, servers.Point{Conns: 1, Size: 64, Rate: 2000})
			require.NoError(t, err)
			defer o.Close()
			_, err = o.Run(t.Context(), 100*time.Millisecond)
			require.Error(t, err)
			assert.Regexp(t, test.want, err.Error())
		})
	}
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
		assert.EqualValues(t, 50, l.Late.TotalCount())
	}
}

// If this fails, the requests of a tick are due apart, or drift away from the rate.
func TestOpenLoopIsDueByTicks(t *testing.T) {
	o := &openLoop{interval: 300 * time.Microsecond, start: time.Second}
	var due []time.Duration
	for i := range 8 {
		due = append(due, o.due(i)-time.Second)
	}
	assert.Equal(t, []time.Duration{0, 0, 0, 0, Tick, Tick, Tick, 2 * Tick}, due)
	assert.Equal(t, time.Second+3000*time.Millisecond, o.due(10_000))
}
