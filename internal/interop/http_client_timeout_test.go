//go:build linux

package interop

import (
	"context"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// If this fails, a client's Timeout leaves out a phase of a request, or leaves its
// connection behind, or fails otherwise than over package net.
func TestClientTimeout(t *testing.T) {
	const before = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
	const after = "context deadline exceeded (Client.Timeout or context cancellation while reading body)"
	inEachPhase(t, limit{
		set: func(t *testing.T, c *http.Client, r *http.Request, d time.Duration) *http.Request {
			c.Timeout = d
			return r
		},
		dialing: failure{"context.DeadlineExceeded", true, before},
		waiting: failure{"context.DeadlineExceeded", true, before},
		reading: failure{"context.DeadlineExceeded", true, after},
	})
}

// If this fails, the deadline of a request's context does not end it, or ends it
// otherwise than over package net.
func TestRequestDeadline(t *testing.T) {
	want := failure{"context.DeadlineExceeded", true, "context deadline exceeded"}
	inEachPhase(t, limit{
		set: func(t *testing.T, c *http.Client, r *http.Request, d time.Duration) *http.Request {
			ctx, cancel := context.WithTimeout(r.Context(), d)
			t.Cleanup(cancel)
			return r.WithContext(ctx)
		},
		dialing: want, waiting: want, reading: want,
	})
}

// If this fails, a request that is canceled by its context goes on, or ends otherwise
// than over package net.
func TestRequestCanceled(t *testing.T) {
	want := failure{"context.Canceled", false, "context canceled"}
	inEachPhase(t, limit{
		set: func(t *testing.T, c *http.Client, r *http.Request, d time.Duration) *http.Request {
			ctx, cancel := context.WithCancel(r.Context())
			time.AfterFunc(d, cancel)
			return r.WithContext(ctx)
		},
		dialing: want, waiting: want, reading: want,
	})
}

// If this fails, a request that is canceled by its deprecated channel goes on, or ends
// otherwise than over package net.
func TestRequestCancelChannel(t *testing.T) {
	const text = "net/http: request canceled"
	inEachPhase(t, limit{
		set: func(t *testing.T, c *http.Client, r *http.Request, d time.Duration) *http.Request {
			canceled := make(chan struct{})
			time.AfterFunc(d, func() { close(canceled) })
			r.Cancel = canceled // deprecated, and tested
			return r
		},
		dialing: failure{"", false, text + " while waiting for connection"},
		waiting: failure{"", false, text},
		reading: failure{"", false, text},
	})
}

// If this fails, a request that is canceled by its transport, the oldest way, goes on, or
// ends otherwise than over package net.
func TestTransportCancelRequest(t *testing.T) {
	const text = "net/http: request canceled"
	inEachPhase(t, limit{
		set: func(t *testing.T, c *http.Client, r *http.Request, d time.Duration) *http.Request {
			c.Transport = canceler{c.Transport.(*http.Transport), d}
			return r
		},
		dialing: failure{"", false, text + " while waiting for connection"},
		waiting: failure{"", false, text},
		reading: failure{"", false, text},
	})
}

// A canceler cancels every request a time after the transport has begun with it.
type canceler struct {
	*http.Transport
	after time.Duration
}

func (c canceler) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), &httptrace.ClientTrace{
		GetConn: func(string) {
			time.AfterFunc(c.after, func() { c.CancelRequest(r) }) // deprecated, and tested
		},
	}))
	return c.Transport.RoundTrip(r)
}

// If this fails, each redirect, or each piece of a body, gets a client's Timeout anew,
// so that a server can hold a client forever.
func TestClientTimeoutIsForAll(t *testing.T) {
	for _, c := range []struct{ path, text string }{
		{"/moved", `Get "http://HOST/moved": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`},
		{"/trickle", "context deadline exceeded (Client.Timeout or context cancellation while reading body)"},
	} {
		t.Run(c.path[1:], func(t *testing.T) {
			ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
				t.Parallel()
				_, address := ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
					for r.Context().Err() == nil {
						time.Sleep(short / 10)
						if r.URL.Path == "/moved" {
							http.Redirect(w, r, "/moved", http.StatusFound)
							return
						}
						io.WriteString(w, "x")
						http.NewResponseController(w).Flush()
					}
				})
				untilLongEnough(t, func(d time.Duration) bool {
					var got atomic.Int64 // redirects or bytes
					client, tr := ends.NewClient(t, p.Client)
					defer tr.CloseIdleConnections()
					client.Timeout = d
					client.CheckRedirect = func(*http.Request, []*http.Request) error { got.Add(1); return nil }
					result := make(chan error, 1)
					go func() {
						resp, err := client.Get("http://" + address + c.path)
						if err == nil {
							var n int64
							n, err = io.Copy(io.Discard, resp.Body)
							got.Add(n)
							resp.Body.Close()
						}
						result <- err
					}()
					err := ends.Receive(t, "the request ends", result)
					require.Error(t, err)
					if got.Load() < 2 {
						return false
					}
					require.Equal(t, failure{"context.DeadlineExceeded", true, c.text}, failureOf(err))
					return true
				})
			})
		})
	}
}

// If this fails, the time limit of a request that is over hits the next one on its
// connection, or a request that is in time.
func TestClientTimeoutNotDue(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		t.Parallel()
		_, address := ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
			if d, err := time.ParseDuration(r.URL.Path[1:]); err == nil {
				time.Sleep(d)
			}
			io.WriteString(w, r.RemoteAddr)
		})
		untilLongEnough(t, func(d time.Duration) bool {
			c, tr := ends.NewClient(t, p.Client)
			defer tr.CloseIdleConnections()
			c.Timeout = d
			resp, err := c.Get("http://" + address)
			if err != nil {
				return false // not in time
			}
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			if err != nil {
				return false
			}
			first := string(b)
			c.Timeout = time.Hour
			require.Equal(t, first, get(t, c, "http://"+address+"/"+(2*d).String()), "another connection")
			c.Timeout = 0
			require.Equal(t, first, get(t, c, "http://"+address), "another connection")
			return true
		})
	})
}
