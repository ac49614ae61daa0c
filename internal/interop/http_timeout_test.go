//go:build linux

package interop

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// A wire is a client that speaks HTTP by hand.
type wire struct {
	net.Conn
	*bufio.Reader
	t testing.TB
}

// newWire connects to address. Whatever it waits for must come before long.
func newWire(t testing.TB, s ends.Side, address string) *wire {
	t.Helper()
	c := ends.Dial(t, s, address)
	require.NoError(t, c.SetReadDeadline(time.Now().Add(ends.Patience)))
	return &wire{c, bufio.NewReader(c), t}
}

func (w *wire) Read(p []byte) (int, error) { return w.Reader.Read(p) }

func (w *wire) send(s string) {
	w.t.Helper()
	_, err := io.WriteString(w.Conn, s)
	require.NoError(w.t, err)
}

// response reads a response and its body.
func (w *wire) response() (status int, text string) {
	w.t.Helper()
	resp, err := http.ReadResponse(w.Reader, nil)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	return resp.StatusCode, string(b)
}

// cutOff checks that the server ended the connection: by EOF, or by a reset if it had
// not read everything. It may say why before.
func (w *wire) cutOff() {
	w.t.Helper()
	_, err := io.Copy(io.Discard, w.Reader)
	require.NotErrorIs(w.t, err, os.ErrDeadlineExceeded, "the server did nothing")
}

const (
	// short is a timeout that shall hit.
	short = 50 * time.Millisecond

	// ample is one before which the other end has something to do, on a busy machine.
	ample = time.Second
)

// pass lets that time go by.
func pass() { time.Sleep(ample + 2*short) }

// If this fails, a server's timeout does not end what it limits.
func TestServerTimeouts(t *testing.T) {
	for _, c := range []struct {
		name      string
		configure func(*http.Server)
		handle    http.HandlerFunc
		client    func(w *wire)
	}{
		{
			"ReadHeaderTimeout, nothing sent",
			func(s *http.Server) { s.ReadHeaderTimeout = short },
			nil,
			func(w *wire) { w.cutOff() },
		},
		{
			"ReadHeaderTimeout, half a header",
			func(s *http.Server) { s.ReadHeaderTimeout = short },
			nil,
			func(w *wire) {
				w.send("GET / HTTP/1.1\r\nHo")
				w.cutOff()
			},
		},
		{
			"ReadTimeout, half a body",
			func(s *http.Server) { s.ReadTimeout = ample },
			func(w http.ResponseWriter, r *http.Request) {
				b, err := io.ReadAll(r.Body)
				if errors.Is(err, os.ErrDeadlineExceeded) {
					io.WriteString(w, string(b)+" and no more")
				}
			},
			func(w *wire) {
				w.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nhalf")
				_, text := w.response()
				assert.Equal(w.t, "half and no more", text)
				w.cutOff()
			},
		},
		{
			"IdleTimeout",
			func(s *http.Server) { s.IdleTimeout = ample },
			func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/slow" {
					pass() // it is not idle then
				}
				io.WriteString(w, "hello")
			},
			func(w *wire) {
				for _, path := range []string{"/slow", "/fast", "/fast"} {
					w.send("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n")
					_, text := w.response()
					assert.Equal(w.t, "hello", text)
				}
				w.cutOff()
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
				t.Parallel()
				_, address := ends.Serve(t, p.Server, c.handle, c.configure)
				c.client(newWire(t, p.Client, address))
			})
		})
	}
}

// If this fails, a server's WriteTimeout does not end a Write to a client that does not
// read.
func TestWriteTimeout(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		result := make(chan error, 1)
		_, address := ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
			for {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					result <- err
					return
				}
			}
		}, func(s *http.Server) { s.WriteTimeout = short })
		w := newWire(t, p.Client, address)
		w.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		require.ErrorIs(t, ends.Receive(t, "the Write", result), os.ErrDeadlineExceeded)
		w.cutOff()
	})
}

// If this fails, a deadline that a server set and cleared, or moved, hits all the same.
func TestTimeoutsNotDue(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		t.Parallel()
		_, address := ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
			b, err := io.ReadAll(r.Body)
			assert.NoError(t, err)
			w.Write(b)
		}, func(s *http.Server) { s.ReadHeaderTimeout, s.ReadTimeout, s.WriteTimeout = ample, time.Hour, time.Hour })
		w := newWire(t, p.Client, address)
		for range 2 {
			w.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nhalf")
			pass() // the header was in time
			w.send("body")
			status, text := w.response()
			assert.Equal(t, http.StatusOK, status)
			assert.Equal(t, "halfbody", text)
		}
	})
}

// If this fails, a handler cannot end its own Read or Write from another goroutine, or
// cannot answer after that.
func TestResponseController(t *testing.T) {
	for name, c := range map[string]struct {
		request  string
		op       func(w http.ResponseWriter, r *http.Request) error
		set      func(*http.ResponseController) error
		readers  int // parked on the server's side with op, Accept included
		writers  int
		answered bool
	}{
		"SetReadDeadline": {
			"PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nhalf",
			func(w http.ResponseWriter, r *http.Request) error { _, err := io.ReadAll(r.Body); return err },
			func(rc *http.ResponseController) error { return rc.SetReadDeadline(longAgo) },
			2, 0, true,
		},
		"SetWriteDeadline": {
			"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
			func(w http.ResponseWriter, r *http.Request) error {
				for {
					if _, err := w.Write(make([]byte, 64<<10)); err != nil {
						return err
					}
				}
			},
			func(rc *http.ResponseController) error { return rc.SetWriteDeadline(longAgo) },
			2, 1, false, // and the background read
		},
	} {
		t.Run(name, func(t *testing.T) {
			ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
				result := make(chan error, 1)
				_, address := ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
					rc := http.NewResponseController(w)
					set := make(chan error, 1)
					go func() {
						if p.ServerOurs {
							ends.Poll(func() bool {
								s := p.Group.Stats()
								return s.ParkedReaders == c.readers && s.ParkedWriters == c.writers
							})
						}
						set <- c.set(rc)
					}()
					err := c.op(w, r)
					assert.NoError(t, <-set)
					io.WriteString(w, "too late")
					result <- err
				})
				w := newWire(t, p.Client, address)
				w.send(c.request)
				require.ErrorIs(t, ends.Receive(t, "the operation fails", result), os.ErrDeadlineExceeded)
				if c.answered {
					status, text := w.response()
					assert.Equal(t, http.StatusOK, status)
					assert.Equal(t, "too late", text)
				}
			})
		})
	}
}

// If this fails, a handler cannot give a slow client more time than the server does.
func TestResponseControllerExtends(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		t.Parallel()
		extended := make(chan struct{})
		_, address := ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
			rc := http.NewResponseController(w)
			assert.NoError(t, rc.SetReadDeadline(time.Now().Add(time.Hour)))
			assert.NoError(t, rc.SetWriteDeadline(time.Time{}))
			close(extended)
			b, err := io.ReadAll(r.Body)
			assert.NoError(t, err)
			w.Write(b)
		}, func(s *http.Server) { s.ReadTimeout, s.WriteTimeout = ample, ample })
		w := newWire(t, p.Client, address)
		w.send("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 8\r\n\r\nhalf")
		ends.Receive(t, "the handler", extended)
		pass() // and with it the server's own deadlines
		w.send("body")
		_, text := w.response()
		assert.Equal(t, "halfbody", text)
	})
}

// If this fails, clients that send a byte now and then keep their connections forever,
// or keep others from being served.
func TestSlowLoris(t *testing.T) {
	const slow = 30
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		t.Parallel()
		_, address := ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
			io.WriteString(w, "served")
		}, func(s *http.Server) { s.ReadHeaderTimeout = ample })
		cut := make(chan error, slow)
		for range slow {
			w := newWire(t, p.Client, address)
			go func() {
				// Enough for a minute; a byte after the end of the connection fails.
				for _, b := range []byte("GET / HTTP/1.1\r\nX: " + strings.Repeat("x", 10000)) {
					if _, err := w.Conn.Write([]byte{b}); err != nil {
						cut <- err
						return
					}
					time.Sleep(short / 8)
				}
				cut <- nil
			}()
		}
		c, _ := ends.NewClient(t, p.Client)
		for range 100 {
			require.Equal(t, "served", get(t, c, "http://"+address))
		}
		for range slow {
			require.Error(t, ends.Receive(t, "a slow client is cut off", cut))
		}
	})
}
