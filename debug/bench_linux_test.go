package debug

import (
	"flag"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
)

var rows = flag.Int("rows", 1000, "connections of BenchmarkState")

// BenchmarkState is an answer with a page of the table, as a browser asks for it each second:
// docs/debug.md has its results with -rows 19000.
func BenchmarkState(b *testing.B) {
	g := netpoller.NewPollerGroup(netpoller.PollerConfig{Pollers: 2})
	defer g.Close()
	for range *rows {
		c, err := (&netpoller.ListenConfig{Poller: g}).ListenPacket(b.Context(), "udp", "127.0.0.1:0")
		require.NoError(b, err)
		defer c.Close()
		c.(*netpoller.UDPConn).NotifyReadable(func() {})
	}
	h := Handler(g)
	for _, query := range []string{"", "sort=-due&filter=read:parked", "sort=local", "filter=127.0.0.1", "limit=0&conn=1.1.1"} {
		b.Run(query, func(b *testing.B) {
			for b.Loop() {
				w := httptest.NewRecorder()
				h.ServeHTTP(w, httptest.NewRequest("GET", "/state.json?"+query, nil))
				require.NotZero(b, w.Body.Len())
			}
		})
	}
}

// BenchmarkTrace is an answer with the new events of one connection, while the rings of the trace are full.
func BenchmarkTrace(b *testing.B) {
	g := netpoller.NewPollerGroup(netpoller.PollerConfig{Pollers: 1})
	defer g.Close()
	h := Handler(g)
	ask := func() {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/trace.json?conn=1.0.1&after=1000000000000", nil))
		require.NotZero(b, w.Body.Len())
	}
	ask()          // starts the trace
	for range 16 { // a connection for each ring
		c, err := (&netpoller.ListenConfig{Poller: g}).ListenPacket(b.Context(), "udp", "127.0.0.1:0")
		require.NoError(b, err)
		defer c.Close()
		for range events / 16 {
			require.NoError(b, c.SetReadDeadline(time.Now().Add(time.Hour)))
		}
	}
	for b.Loop() {
		ask()
	}
}
