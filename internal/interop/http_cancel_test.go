//go:build linux

package interop

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// fullListener returns the address of a listener whose queue is full, so that the
// kernel answers nothing to who connects.
func fullListener(t *testing.T) (address string) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	require.NoError(t, err)
	t.Cleanup(func() { unix.Close(fd) })
	ip := net.ParseIP(ends.Loopback)
	require.NoError(t, unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte(ip.To4())}))
	require.NoError(t, unix.Listen(fd, 0)) // room for one
	sa, err := unix.Getsockname(fd)
	require.NoError(t, err)
	addr := net.TCPAddr{IP: ip, Port: sa.(*unix.SockaddrInet4).Port}
	ends.Dial(t, ends.Net(), addr.String())
	ends.Eventually(t, "the queue is full", func() bool {
		// Of a listener these are the length of its queue and the limit.
		info, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
		return err == nil && info.Unacked > info.Sacked
	})
	return addr.String()
}

// If this fails, a dial that gets no answer does not end with its context, or ends with
// another error than package net's.
func TestDialCanceled(t *testing.T) {
	for _, c := range []struct {
		name    string
		end     func(context.Context) (context.Context, context.CancelFunc)
		want    []error // one of them: package net's deadline on a dial is one of two
		text    string
		timeout bool
	}{
		{"cancel", context.WithCancel, []error{context.Canceled}, "operation was canceled", false},
		{"deadline", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, short)
		}, []error{context.DeadlineExceeded, os.ErrDeadlineExceeded}, "i/o timeout", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
				address := fullListener(t)
				ctx, cancel := c.end(t.Context())
				defer cancel()
				result := make(chan error, 1)
				go func() {
					_, err := p.Client.Dial(ctx, "tcp", address)
					result <- err
				}()
				if !c.timeout {
					if p.ClientOurs {
						ends.Parked(t, p.Group, 0, 1)
					}
					cancel()
				}
				err := ends.Receive(t, "the dial ends", result)
				var operation *net.OpError
				is := func(want error) bool { return errors.Is(err, want) }
				require.True(t, slices.ContainsFunc(c.want, is), "%v", err)
				assert.Equal(t, "dial tcp "+address+": "+c.text, err.Error())
				assert.Equal(t, c.timeout, errors.As(err, &operation) && operation.Timeout())
			})
		})
	}
}

// If this fails, a request cannot be canceled while its connection is being made, or
// the dial lives on.
func TestCancelConnecting(t *testing.T) {
	ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
		address := fullListener(t)
		c, tr := ends.NewClient(t, p.Client)
		dialing, dialed := make(chan struct{}), make(chan error, 1)
		tr.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
			close(dialing)
			conn, err := p.Client.Dial(ctx, network, address)
			dialed <- err
			return conn, err
		}
		ctx, cancel := context.WithCancel(t.Context())
		result := make(chan error, 1)
		go func() {
			r, err := http.NewRequestWithContext(ctx, "GET", "http://"+address, nil)
			if err == nil {
				_, err = c.Do(r)
			}
			result <- err
		}()
		ends.Receive(t, "the dial begins", dialing)
		if p.ClientOurs {
			ends.Parked(t, p.Group, 0, 1)
		}
		cancel()
		require.ErrorIs(t, ends.Receive(t, "the request ends", result), context.Canceled)
		// The transport keeps the dial for a later request, until it is told.
		tr.CloseIdleConnections()
		require.ErrorIs(t, ends.Receive(t, "the dial ends", dialed), context.Canceled)
	})
}

// If this fails, a server's handler does not learn that its client went away, or the
// client that it gave up.
func TestCancelExchange(t *testing.T) {
	type handler struct {
		reached chan struct{} // it is where the client shall cancel
		failed  chan error    // the error of its I/O, or nil if it does none
		done    chan struct{} // its context was canceled
	}
	chunk := make([]byte, 64<<10)
	for _, c := range []struct {
		name   string
		handle func(h handler, w http.ResponseWriter, r *http.Request)

		// client brings the request to that point and returns what must fail.
		client func(t *testing.T, do func(body io.Reader) (*http.Response, error), reached <-chan struct{}) (broken func() error)
		fails  bool // the handler's I/O does
	}{
		{
			name: "waiting for headers",
			handle: func(h handler, w http.ResponseWriter, r *http.Request) {
				close(h.reached)
				<-r.Context().Done()
				h.failed <- nil
			},
			client: func(t *testing.T, do func(io.Reader) (*http.Response, error), reached <-chan struct{}) func() error {
				result := make(chan error, 1)
				go func() {
					_, err := do(nil)
					result <- err
				}()
				ends.Receive(t, "the handler", reached)
				return func() error { return ends.Receive(t, "the request ends", result) }
			},
		},
		{
			name: "reading the response",
			handle: func(h handler, w http.ResponseWriter, r *http.Request) {
				w.Write(chunk)
				http.NewResponseController(w).Flush()
				close(h.reached)
				for {
					if _, err := w.Write(chunk); err != nil {
						h.failed <- err
						return
					}
				}
			},
			client: func(t *testing.T, do func(io.Reader) (*http.Response, error), reached <-chan struct{}) func() error {
				resp, err := do(nil)
				require.NoError(t, err)
				_, err = io.ReadFull(resp.Body, make([]byte, 1000))
				require.NoError(t, err)
				ends.Receive(t, "the handler", reached)
				return func() error {
					defer resp.Body.Close()
					_, err := io.Copy(io.Discard, resp.Body)
					return err
				}
			},
			fails: true,
		},
		{
			name: "sending the request",
			handle: func(h handler, w http.ResponseWriter, r *http.Request) {
				io.ReadFull(r.Body, make([]byte, len(chunk)))
				close(h.reached)
				_, err := io.Copy(io.Discard, r.Body)
				h.failed <- err
			},
			client: func(t *testing.T, do func(io.Reader) (*http.Response, error), reached <-chan struct{}) func() error {
				result := make(chan error, 1)
				body, more := io.Pipe()
				t.Cleanup(func() { more.Close() })
				go func() {
					_, err := do(body)
					result <- err
				}()
				_, err := more.Write(chunk) // and no more: the client waits for us
				require.NoError(t, err)
				ends.Receive(t, "the handler", reached)
				return func() error {
					// package http waits for a body that is being read, whatever happens.
					more.CloseWithError(io.ErrUnexpectedEOF)
					return ends.Receive(t, "the request ends", result)
				}
			},
			fails: true,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
				h := handler{make(chan struct{}), make(chan error, 1), make(chan struct{})}
				_, address := ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
					c.handle(h, w, r)
					<-r.Context().Done()
					close(h.done)
				})
				client, _ := ends.NewClient(t, p.Client)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				broken := c.client(t, func(body io.Reader) (*http.Response, error) {
					r, err := http.NewRequestWithContext(ctx, "POST", "http://"+address, body)
					if err != nil {
						return nil, err
					}
					return client.Do(r)
				}, h.reached)
				cancel()
				err := ends.Receive(t, "the handler's I/O ends", h.failed)
				assert.Equal(t, c.fails, err != nil, "the handler's I/O: %v", err)
				ends.Receive(t, "the handler's context is canceled", h.done)
				require.ErrorIs(t, broken(), context.Canceled)
			})
		})
	}
}
