//go:build linux

package interop

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// A pool counts the connections of a server.
type pool struct {
	address string
	served  chan string   // where each request came from, while its handler waits
	release chan struct{} // one for each handler that may go on
	states  chan http.ConnState
}

func newPool(t *testing.T, s ends.Side) *pool {
	p := &pool{
		served:  make(chan string, 100),
		release: make(chan struct{}, 100),
		states:  make(chan http.ConnState, 1000),
	}
	_, p.address = ends.Serve(t, s, func(w http.ResponseWriter, r *http.Request) {
		p.served <- r.RemoteAddr
		select {
		case <-p.release:
		case <-r.Context().Done():
		}
		io.WriteString(w, r.RemoteAddr)
	}, func(server *http.Server) {
		server.ConnState = func(_ net.Conn, state http.ConnState) { p.states <- state }
	})
	return p
}

// closed waits until so many connections are closed, and returns how many were opened
// before that.
func (p *pool) closed(t *testing.T, n int) (opened int) {
	t.Helper()
	for n > 0 {
		switch ends.Receive(t, "a connection is closed", p.states) {
		case http.StateNew:
			opened++
		case http.StateClosed:
			n--
		}
	}
	return opened
}

// burst makes n requests that are all served at once, each on a connection of its own.
func (p *pool) burst(t *testing.T, c *http.Client, n int) {
	t.Helper()
	results := make(chan error, n)
	for range n {
		go func() { results <- p.get(context.Background(), c) }()
	}
	for range n {
		ends.Receive(t, "a request is served", p.served)
	}
	for range n {
		p.release <- struct{}{}
	}
	for range n {
		require.NoError(t, ends.Receive(t, "a response", results))
	}
}

func (p *pool) get(ctx context.Context, c *http.Client) error {
	r, err := http.NewRequestWithContext(ctx, "GET", "http://"+p.address, nil)
	if err != nil {
		return err
	}
	resp, err := c.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

// If this fails, a connection that nobody uses stays open, or one that is used again and
// again, or for long, is closed.
func TestIdleConnTimeout(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		t.Parallel()
		pool := newPool(t, p.Server)
		c, tr := ends.NewClient(t, p.Client)
		tr.IdleConnTimeout = short
		pool.burst(t, c, 3)
		require.Equal(t, 3, pool.closed(t, 3), "connections opened")

		untilLongEnough(t, func(d time.Duration) bool {
			c, tr := ends.NewClient(t, p.Client)
			defer tr.CloseIdleConnections()
			tr.IdleConnTimeout = d
			var idle time.Duration // at most, and the longest
			var last time.Time
			from := map[string]bool{}
			for i := range 8 {
				result := make(chan error, 1)
				go func() { result <- pool.get(t.Context(), c) }()
				from[ends.Receive(t, "a request is served", pool.served)] = true
				if i > 0 {
					idle = max(idle, time.Since(last))
				}
				if i == 4 {
					time.Sleep(2 * d) // it is not idle then
				}
				last = time.Now()
				pool.release <- struct{}{}
				require.NoError(t, ends.Receive(t, "a response", result))
				time.Sleep(d / 3)
			}
			if idle >= d {
				return false
			}
			assert.Len(t, from, 1, "connections")
			return true
		})
	})
}

// If this fails, a transport makes more connections than it may, or does not give the
// one that becomes free to who waits for it, or loses it to one that gave up waiting.
func TestMaxConnsPerHost(t *testing.T) {
	const most, requests = 2, 6
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		t.Parallel()
		pool := newPool(t, p.Server)
		c, tr := ends.NewClient(t, p.Client)
		tr.MaxConnsPerHost = most
		results := make(chan error, requests)
		for range requests {
			go func() { results <- pool.get(t.Context(), c) }()
		}
		from := map[string]bool{}
		for range most {
			from[ends.Receive(t, "a request is served", pool.served)] = true
		}
		require.Len(t, from, most, "connections")

		// Nobody gets one, and those who give up take none.
		hurried := &http.Client{Transport: tr, Timeout: short}
		err := pool.get(t.Context(), hurried)
		require.Error(t, err)
		const text = `Get "http://HOST": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`
		require.Equal(t, failure{"context.DeadlineExceeded", true, text}, failureOf(err))
		ctx, cancel := context.WithTimeout(t.Context(), short)
		defer cancel()
		require.ErrorIs(t, pool.get(ctx, c), context.DeadlineExceeded)
		require.Empty(t, pool.served, "more are served than there may be connections")

		for range requests - most {
			pool.release <- struct{}{}
			require.NoError(t, ends.Receive(t, "a response", results))
			from[ends.Receive(t, "the next request is served", pool.served)] = true
		}
		for range most {
			pool.release <- struct{}{}
			require.NoError(t, ends.Receive(t, "a response", results))
		}
		assert.Len(t, from, most, "connections")
	})
}

// If this fails, a dial that fails, or is given up, keeps its place among the connections
// that there may be.
func TestMaxConnsPerHostAfterFailure(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		t.Parallel()
		c, tr := ends.NewClient(t, p.Client)
		tr.MaxConnsPerHost = 1
		pool := newPool(t, p.Server)
		var address atomic.Value // where the one host is
		address.Store(fullListener(t))
		tr.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return p.Client.Dial(ctx, network, address.Load().(string))
		}
		c.Timeout = short
		require.ErrorIs(t, pool.get(t.Context(), c), context.DeadlineExceeded)
		tr.CloseIdleConnections() // the dial ends
		c.Timeout = 0

		address.Store(pool.address)
		pool.release <- struct{}{}
		require.NoError(t, pool.get(t.Context(), c))
	})
}

// If this fails, a transport keeps more idle connections than it may, or fewer.
func TestMaxIdleConnsPerHost(t *testing.T) {
	const most, requests = 2, 5
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		t.Parallel()
		one, other := newPool(t, p.Server), newPool(t, p.Server)
		c, tr := ends.NewClient(t, p.Client)
		tr.MaxIdleConnsPerHost = most
		for _, pool := range []*pool{one, other} {
			pool.burst(t, c, requests)
			pool.closed(t, requests-most)
		}
		for _, pool := range []*pool{one, other} {
			pool.burst(t, c, most) // on those that are left
		}
		tr.CloseIdleConnections()
		for _, pool := range []*pool{one, other} {
			require.Zero(t, pool.closed(t, most), "connections opened")
		}
	})
}

// If this fails, a transport keeps more idle connections than it may to all servers
// together, or does not close those that are idle for longest.
func TestMaxIdleConns(t *testing.T) {
	const most, requests = 3, 2
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		t.Parallel()
		one, other := newPool(t, p.Server), newPool(t, p.Server)
		c, tr := ends.NewClient(t, p.Client)
		tr.MaxIdleConns = most
		one.burst(t, c, requests)
		other.burst(t, c, requests)
		require.Equal(t, requests, one.closed(t, 1), "connections opened")

		other.burst(t, c, requests)
		one.burst(t, c, most-requests)
		tr.CloseIdleConnections()
		require.Zero(t, one.closed(t, most-requests), "connections opened")
		require.Equal(t, requests, other.closed(t, requests), "connections opened")
	})
}

// If this fails, a transport that keeps no connections alive uses one again, or leaves
// it open, or does not say so.
func TestDisableKeepAlives(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		t.Parallel()
		states := make(chan http.ConnState, 100)
		_, address := ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
			assert.True(t, r.Close, "the client does not say that it will close")
		}, func(server *http.Server) {
			server.ConnState = func(_ net.Conn, state http.ConnState) { states <- state }
		})
		c, tr := ends.NewClient(t, p.Client)
		tr.DisableKeepAlives = true
		for range 3 {
			get(t, c, "http://"+address)
			for _, want := range []http.ConnState{http.StateNew, http.StateActive, http.StateClosed} {
				require.Equal(t, want, ends.Receive(t, want.String(), states))
			}
		}
	})
}
