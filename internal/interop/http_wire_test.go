//go:build linux

package interop

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// If this fails, requests that come many at once, or in pieces, are mixed up or lost.
func TestPipelined(t *testing.T) {
	const requests = 200
	var all strings.Builder
	for i := range requests {
		fmt.Fprintf(&all, "PUT /%d HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n%4d", i, i)
	}
	for _, c := range []struct {
		name  string
		piece int // bytes
	}{
		{"at once", all.Len()},
		{"byte by byte", 1},
		{"pieces", 97},
	} {
		t.Run(c.name, func(t *testing.T) {
			ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
				_, address := ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
					fmt.Fprint(w, r.URL.Path, " ")
					io.Copy(w, r.Body)
				})
				w := newWire(t, p.Client, address)
				sent := make(chan error, 1)
				go func() {
					rest := all.String()
					for len(rest) > 0 {
						n, err := io.WriteString(w.Conn, rest[:min(c.piece, len(rest))])
						if err != nil {
							sent <- err
							return
						}
						rest = rest[n:]
					}
					sent <- nil
				}()
				for i := range requests {
					status, text := w.response()
					require.Equal(t, http.StatusOK, status)
					require.Equal(t, fmt.Sprintf("/%d %4d", i, i), text)
				}
				require.NoError(t, ends.Receive(t, "all is sent", sent))
			})
		})
	}
}

// If this fails, a client that asks first does not hear that it may send, or sends what
// was refused.
func TestExpectContinue(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		_, address := ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/refused" {
				w.WriteHeader(http.StatusExpectationFailed)
				return
			}
			io.Copy(w, r.Body)
		})
		c, tr := ends.NewClient(t, p.Client)
		tr.ExpectContinueTimeout = time.Hour // only the server's word counts

		do := func(path string) (resp *http.Response, read, continued bool) {
			t.Helper()
			var touched, heard atomic.Bool
			ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
				Got100Continue: func() { heard.Store(true) },
			})
			body := readerFunc(func([]byte) (int, error) { touched.Store(true); return 0, io.EOF })
			r, err := http.NewRequestWithContext(ctx, "PUT", "http://"+address+path,
				io.MultiReader(body, ends.Stream(5, 1<<20)))
			require.NoError(t, err)
			r.Header.Set("Expect", "100-continue")
			resp, err = c.Do(r)
			require.NoError(t, err)
			return resp, touched.Load(), heard.Load()
		}

		resp, read, continued := do("/")
		assert.True(t, read && continued)
		got, err := ends.Checksum(resp.Body)
		require.NoError(t, err)
		resp.Body.Close()
		want, err := ends.Checksum(ends.Stream(5, 1<<20))
		require.NoError(t, err)
		assert.Equal(t, want, got)

		resp, read, continued = do("/refused")
		resp.Body.Close()
		assert.Equal(t, http.StatusExpectationFailed, resp.StatusCode)
		assert.False(t, read || continued)
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
