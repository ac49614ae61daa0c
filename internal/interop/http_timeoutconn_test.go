//go:build linux

package interop

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// The tests here limit a request by the deadlines of its connection, as programs did
// before package http could: what the transport dials sets them itself.

// A timeoutConn gives every Read so much time.
type timeoutConn struct {
	net.Conn
	timeout time.Duration
}

func (c timeoutConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// eachRead limits every Read.
func eachRead(c net.Conn, d time.Duration) net.Conn { return timeoutConn{c, d} }

// eachReadOurs does the same in this library's way, on any connection.
func eachReadOurs(c net.Conn, d time.Duration) net.Conn { return netpoller.WithTimeout(c, d, 0) }

// altogether limits all that is ever done with the connection.
func altogether(c net.Conn, d time.Duration) net.Conn {
	c.SetDeadline(time.Now().Add(d))
	return c
}

// newLimited returns a client whose connections are limited, and their transport, which
// makes them by its deprecated hook without a context.
func newLimited(t *testing.T, s ends.Side, limit func(net.Conn, time.Duration) net.Conn, d time.Duration) (*http.Client, *http.Transport) {
	c, tr := ends.NewClient(t, s)
	tr.DialContext = nil
	tr.Dial = func(network, address string) (net.Conn, error) {
		c, err := s.Dial(context.Background(), network, address)
		if err != nil {
			return nil, err
		}
		return limit(c, d), nil
	}
	tr.DisableKeepAlives = true
	return c, tr
}

// If this fails, a Read in the transport's depths is not ended by the deadline that the
// connection's maker set, or package http does not see that it was a timeout.
func TestTimeoutConn(t *testing.T) {
	half := failure{"os.ErrDeadlineExceeded", true, "read tcp HOST->HOST: i/o timeout"}
	none := half
	none.text = `Get "http://HOST/none": ` + half.text
	for _, c := range []struct {
		name, path string
		limit      func(net.Conn, time.Duration) net.Conn
		want       failure
	}{
		{"no response, each Read", "/none", eachRead, none},
		{"half a response, each Read", "/half", eachRead, half},
		{"no response, each Read of ours", "/none", eachReadOurs, none},
		{"half a response, each Read of ours", "/half", eachReadOurs, half},
		{"no response, altogether", "/none", altogether, none},
		{"half a response, altogether", "/half", altogether, half},
	} {
		t.Run(c.name, func(t *testing.T) {
			ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
				t.Parallel()
				server := serveHalf(t, p)
				untilLongEnough(t, func(d time.Duration) bool {
					client, _ := newLimited(t, p.Client, c.limit, d)
					resp, err := client.Get("http://" + server.address + c.path)
					if err == nil {
						_, err = io.Copy(io.Discard, resp.Body)
						resp.Body.Close()
					}
					require.Error(t, err)
					if !server.arrived() || c.path == "/half" && resp == nil {
						return false // not so far
					}
					require.Equal(t, c.want, failureOf(err))
					server.ended()
					return true
				})
			})
		})
	}
}

// If this fails, a deadline set before every Read ends a response that comes slowly but
// steadily, or one that is set once does not.
func TestTimeoutConnSteady(t *testing.T) {
	const pieces = 12
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		t.Parallel()
		_, address := ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
			pause, err := time.ParseDuration(r.URL.Path[1:])
			assert.NoError(t, err)
			for range pieces {
				io.WriteString(w, "x")
				http.NewResponseController(w).Flush()
				time.Sleep(pause)
			}
		})
		read := func(limit func(net.Conn, time.Duration) net.Conn, d time.Duration) (string, error) {
			c, _ := newLimited(t, p.Client, limit, d)
			resp, err := c.Get("http://" + address + "/" + (d / 4).String())
			if err != nil {
				return "", err
			}
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			return string(b), err
		}
		for _, limit := range []func(net.Conn, time.Duration) net.Conn{eachRead, eachReadOurs} {
			untilLongEnough(t, func(d time.Duration) bool {
				got, err := read(limit, d)
				return err == nil && assert.Len(t, got, pieces)
			})
		}
		_, err := read(altogether, short)
		require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	})
}

// If this fails, an idle connection whose limit comes is used again, or left open.
func TestTimeoutConnIdle(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		t.Parallel()
		for _, limit := range []func(net.Conn, time.Duration) net.Conn{eachRead, eachReadOurs, altogether} {
			untilLongEnough(t, func(d time.Duration) bool {
				pool := newPool(t, p.Server)
				c, tr := newLimited(t, p.Client, limit, d)
				tr.DisableKeepAlives = false
				for range 2 { // each on a connection of its own
					pool.release <- struct{}{}
					if pool.get(t.Context(), c) != nil {
						return false
					}
					require.Equal(t, 1, pool.closed(t, 1), "connections opened")
				}
				return true
			})
		}
	})
}

// If this fails, a download that stalls again and again cannot be taken up where it
// stalled: a timeout does not look like one, or bytes that had come are lost.
func TestDownloadResumes(t *testing.T) {
	const size, piece = 1 << 20, 300_000
	content, err := io.ReadAll(ends.Stream(9, size))
	require.NoError(t, err)
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		t.Parallel()
		_, address := ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(&stalling{w, piece, r.Context()}, r, "layer", time.Time{}, bytes.NewReader(content))
		})
		stalls := 0
		var got bytes.Buffer
		untilLongEnough(t, func(d time.Duration) bool {
			c, _ := newLimited(t, p.Client, eachRead, d)
			for {
				r, err := http.NewRequest("GET", "http://"+address, nil)
				require.NoError(t, err)
				r.Header.Set("Range", fmt.Sprintf("bytes=%d-", got.Len()))
				resp, err := c.Do(r)
				if err == nil {
					_, err = io.Copy(&got, resp.Body)
					resp.Body.Close()
				}
				if err == nil {
					return true
				}
				var timeout net.Error
				require.ErrorAs(t, err, &timeout)
				require.True(t, timeout.Timeout(), "%v", err)
				if resp == nil {
					return false // too short for anything to come
				}
				stalls++
			}
		})
		require.True(t, bytes.Equal(content, got.Bytes()), "another content")
		require.GreaterOrEqual(t, stalls, size/piece)
	})
}

// A stalling writer takes so many bytes and then no more, until its reader is gone.
type stalling struct {
	http.ResponseWriter
	left int
	gone context.Context
}

func (w *stalling) Write(p []byte) (int, error) {
	n, err := w.ResponseWriter.Write(p[:min(len(p), w.left)])
	if w.left -= n; err != nil || n == len(p) {
		return n, err
	}
	http.NewResponseController(w.ResponseWriter).Flush()
	<-w.gone.Done()
	return n, w.gone.Err()
}
