//go:build linux

package interop

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// A failure is what a program can tell of an error.
type failure struct {
	is      string // the errors that it is
	timeout bool   // what its method Timeout says, if it has one
	text    string // with HOST for every address
}

var host = regexp.MustCompile(`127\.\d+\.\d+\.\d+:\d+`)

func failureOf(err error) failure {
	var is []string
	for _, known := range []struct {
		name string
		err  error
	}{
		{"context.Canceled", context.Canceled},
		{"context.DeadlineExceeded", context.DeadlineExceeded},
		{"os.ErrDeadlineExceeded", os.ErrDeadlineExceeded},
		{"net.ErrClosed", net.ErrClosed},
	} {
		if errors.Is(err, known.err) {
			is = append(is, known.name)
		}
	}
	var timeout interface{ Timeout() bool }
	return failure{
		is:      strings.Join(is, ", "),
		timeout: errors.As(err, &timeout) && timeout.Timeout(),
		text:    host.ReplaceAllString(err.Error(), "HOST"),
	}
}

// untilLongEnough calls attempt with longer and longer times, until it reports that the
// time was long enough for this machine.
func untilLongEnough(t *testing.T, attempt func(d time.Duration) bool) {
	t.Helper()
	for d := short; !attempt(d); d *= 2 {
		require.Less(t, d, ends.Patience, "never long enough")
	}
}

// mute returns the address of a server that accepts connections and neither reads nor
// writes, and those connections.
func mute(t *testing.T, s ends.Side) (address string, accepted <-chan net.Conn) {
	return muteAfter(t, s, func(net.Conn) {})
}

// muteAfter is mute, but each connection begins with greet.
func muteAfter(t *testing.T, s ends.Side, greet func(net.Conn)) (address string, accepted <-chan net.Conn) {
	t.Helper()
	l := ends.Listen(t, s)
	conns := make(chan net.Conn, 100)
	go func() {
		defer close(conns)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			greet(c)
			conns <- c
		}
	}()
	t.Cleanup(func() {
		l.Close()
		for c := range conns {
			c.Close()
		}
	})
	return l.Addr().String(), conns
}

// left checks that the other end of c has closed it.
func left(t *testing.T, c net.Conn) {
	t.Helper()
	defer c.Close()
	require.NoError(t, c.SetReadDeadline(time.Now().Add(ends.Patience)))
	_, err := io.Copy(io.Discard, c)
	require.NotErrorIs(t, err, os.ErrDeadlineExceeded, "the connection is still there")
}

// A phase is a part of a request's life in which it may be ended. Its server lets a
// request come so far and no further.
type phase struct {
	name      string
	scheme    string
	path      string
	redirects int32
	endless   bool // the request's body is

	serve func(t *testing.T, p ends.Pair) phaseServer
}

// A phaseServer sees how far a request comes.
type phaseServer struct {
	address string
	arrived func() bool // a request has
	ended   func()      // checks that the server has seen its end
}

func always() bool { return true }

var phases = []phase{
	{name: "connecting", scheme: "http", serve: func(t *testing.T, p ends.Pair) phaseServer {
		return phaseServer{fullListener(t), always, func() {}}
	}},
	{name: "handshaking", scheme: "https", serve: serveMute},
	{name: "writing", scheme: "http", endless: true, serve: serveMute},
	{name: "waiting", scheme: "http", serve: serveMute},
	{name: "waiting", scheme: "http", path: "/moved", redirects: 1, serve: serveHalf},
	{name: "reading", scheme: "http", path: "/half", serve: serveHalf},
}

func serveMute(t *testing.T, p ends.Pair) phaseServer {
	address, accepted := mute(t, p.Server)
	return phaseServer{address, always, func() { left(t, ends.Receive(t, "a connection", accepted)) }}
}

// serveHalf serves half a response, or none, or says that the one without is elsewhere.
func serveHalf(t *testing.T, p ends.Pair) phaseServer {
	var served atomic.Int32
	gone := make(chan struct{}, 100)
	_, address := ends.Serve(t, p.Server, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/moved":
			http.Redirect(w, r, "/none", http.StatusTemporaryRedirect)
			return
		case "/half":
			io.WriteString(w, "half")
			http.NewResponseController(w).Flush()
		}
		served.Add(1)
		<-r.Context().Done()
		gone <- struct{}{}
	})
	return phaseServer{
		address: address,
		arrived: func() bool { return served.Load() > 0 },
		ended:   func() { ends.Receive(t, "the handler learns of it", gone) },
	}
}

// A limit is a way to end a request after a time.
type limit struct {
	// set prepares the client and the request.
	set func(t *testing.T, c *http.Client, r *http.Request, d time.Duration) *http.Request

	// The failures: without a connection, without a response, with half of one.
	dialing, waiting, reading failure
}

// inEachPhase checks that the limit ends a request, and its connection, in every phase
// of its life.
func inEachPhase(t *testing.T, l limit) {
	for _, ph := range phases {
		name := ph.name
		if ph.redirects > 0 {
			name = "redirected"
		}
		t.Run(name, func(t *testing.T) {
			ends.ForEachPair(t, func(t *testing.T, p ends.Pair) {
				t.Parallel()
				server := ph.serve(t, p)
				url := ph.scheme + "://" + server.address + ph.path
				untilLongEnough(t, func(d time.Duration) bool {
					err, reached := ph.attempt(t, p, l, url, d)
					if !reached || !server.arrived() {
						return false
					}
					require.Equal(t, ph.want(l), failureOf(err))
					t.Log(failureOf(err).text)
					server.ended()
					return true
				})
			})
		})
	}
}

// attempt makes a request that the limit ends after d, and reports whether that was in
// the phase.
func (ph phase) attempt(t *testing.T, p ends.Pair, l limit, url string, d time.Duration) (err error, reached bool) {
	c, tr := ends.NewClient(t, p.Client)
	defer tr.CloseIdleConnections() // the transport goes on connecting otherwise
	var redirects, written atomic.Int32
	c.CheckRedirect = func(*http.Request, []*http.Request) error {
		redirects.Add(1)
		return nil
	}

	var now atomic.Value // the name of the phase
	trace := &httptrace.ClientTrace{
		ConnectStart:      func(string, string) { now.Store("connecting") },
		TLSHandshakeStart: func() { now.Store("handshaking") },
		WroteHeaders:      func() { now.Store("writing") },
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			if info.Err == nil && written.Add(1) > ph.redirects {
				now.Store("waiting")
			}
		},
	}
	var body io.Reader
	if ph.endless {
		body = readerFunc(func(p []byte) (int, error) { return len(p), nil })
	}
	r, err := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), "POST", url, body)
	require.NoError(t, err)

	resp, err := c.Do(l.set(t, c, r, d))
	if err == nil {
		now.Store("reading")
		_, err = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	require.Error(t, err)
	return err, now.Load() == ph.name && redirects.Load() == ph.redirects
}

// want returns how a request that is ended in the phase fails.
func (ph phase) want(l limit) failure {
	want := l.waiting
	switch ph.name {
	case "reading":
		return l.reading
	case "connecting", "handshaking":
		want = l.dialing
	}
	path := ph.path
	if ph.redirects > 0 {
		path = "/none"
	}
	want.text = `Post "` + ph.scheme + `://HOST` + path + `": ` + want.text
	return want
}
