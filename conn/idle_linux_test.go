package conn_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/internal/nettest"
)

// An idleKind is a way to wrap what an IdleServer serves.
type idleKind struct {
	name string
	ours bool // and so it waits without a goroutine
	wrap func(t *testing.T, accepted, dialed net.Conn) (server, client net.Conn)
}

var idleKinds = []idleKind{
	{"plain", true, plainly},
	{"tls", true, overTLS},
	{"limited", true, func(_ *testing.T, accepted, dialed net.Conn) (server, client net.Conn) {
		return conn.WithTimeout(accepted, time.Minute, time.Minute), dialed
	}},
	{"tls, limited", true, func(t *testing.T, accepted, dialed net.Conn) (server, client net.Conn) {
		return overTLS(t, conn.WithTimeout(accepted, time.Minute, time.Minute), dialed)
	}},
	{"limited, tls", true, func(t *testing.T, accepted, dialed net.Conn) (server, client net.Conn) {
		server, client = overTLS(t, accepted, dialed)
		return conn.WithTimeout(server, time.Minute, time.Minute), client
	}},
	{"net", false, plainly},
	{"net, tls", false, overTLS},
}

func plainly(_ *testing.T, accepted, dialed net.Conn) (server, client net.Conn) {
	return accepted, dialed
}

func overTLS(t *testing.T, accepted, dialed net.Conn) (server, client net.Conn) {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return tls.Server(accepted, s.TLS), tls.Client(dialed, &tls.Config{RootCAs: roots, ServerName: "example.com"})
}

// eachIdleKind runs f with a pair of each kind. Below wraps the socket of the client.
func eachIdleKind(t *testing.T, below func(net.Conn) net.Conn, f func(t *testing.T, k idleKind, server, client net.Conn)) {
	for _, k := range idleKinds {
		t.Run(k.name, func(t *testing.T) {
			ours, theirs := connect(t, false)
			accepted, dialed := net.Conn(ours), theirs
			if !k.ours {
				accepted, dialed = dialed, accepted
			}
			server, client := k.wrap(t, accepted, below(dialed))
			f(t, k, server, client)
		})
	}
}

func same(c net.Conn) net.Conn { return c }

// lines is an IdleServer that passes on what it reads, line by line.
func lines() (s *conn.IdleServer, got chan string, done chan error) {
	got, done = make(chan string, 10000), make(chan error, 2)
	return &conn.IdleServer{
		Serve: func(_ net.Conn, r *bufio.Reader) error {
			line, err := r.ReadString('\n')
			if line != "" {
				got <- strings.TrimSuffix(line, "\n")
			}
			return err
		},
		Done: func(_ net.Conn, err error) { done <- err },
	}, got, done
}

// If this fails, a message that came with others is served only with the next event, or never,
// a connection that waits has a goroutine, or the end of one is not told.
func TestIdleServerServesAll(t *testing.T) {
	eachIdleKind(t, same, func(t *testing.T, k idleKind, server, client net.Conn) {
		s, got, done := lines()
		s.Add(server)
		expect := func(want ...string) {
			t.Helper()
			for _, line := range want {
				require.Equal(t, line, nettest.Result(t, "a line", got))
			}
			if k.ours {
				nettest.Eventually(t, "it waits without a goroutine", func() bool { return !strings.Contains(goroutines(), "conn.(*idle)") })
			}
			require.Empty(t, got)
		}
		write(t, client, "one\n")
		expect("one")
		write(t, client, "two\nthree\nfour\n") // in one TLS record
		expect("two", "three", "four")
		write(t, client, strings.Repeat("x", 10000)+"\nlast\n") // of which more than one buffer
		expect(strings.Repeat("x", 10000), "last")
		write(t, client, "be")
		write(t, client, "gun\n")
		expect("begun")
		require.NoError(t, client.Close())
		require.Equal(t, io.EOF, nettest.Result(t, "the end", done))
		require.ErrorIs(t, server.SetReadDeadline(time.Time{}), net.ErrClosed)
	})
}

// goroutines returns the stacks of all.
func goroutines() string {
	b := make([]byte, 1<<20)
	return string(b[:runtime.Stack(b, true)])
}

// If this fails, a client that sends no message, but the beginning of one in small pieces, keeps
// its connection.
func TestIdleServerIsNotKeptWaiting(t *testing.T) {
	eachIdleKind(t, same, func(t *testing.T, k idleKind, server, client net.Conn) {
		over, ok := client.(*tls.Conn)
		if !ok {
			t.Skip("has no layer with messages")
		}
		s, got, done := lines()
		s.IdleTimeout = 50 * time.Millisecond
		s.Add(server)
		require.NoError(t, over.Handshake())
		raw := over.NetConn()
		write(t, raw, "\x17\x03\x03\x40\x00") // a record of 16 KiB
		stop := time.AfterFunc(20*time.Second, func() { raw.Close() })
		defer stop.Stop()
		for len(done) == 0 {
			if _, err := raw.Write([]byte{0}); err != nil {
				break
			}
			time.Sleep(time.Millisecond)
		}
		require.ErrorIs(t, nettest.Result(t, "the end", done), os.ErrDeadlineExceeded)
		require.Empty(t, got)
	})
}

// A dribble writes in pieces of random size.
type dribble struct{ net.Conn }

func (d dribble) Write(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var m int
		m, err = d.Conn.Write(p[n:min(len(p), n+1+rand.IntN(40))])
		n += m
		if rand.IntN(4) == 0 {
			time.Sleep(time.Microsecond * time.Duration(rand.IntN(200)))
		}
	}
	return n, err
}

// If this fails, a message in pieces, or several in one piece, are lost, doubled or mixed up.
func TestIdleServerOfPieces(t *testing.T) {
	eachIdleKind(t, func(c net.Conn) net.Conn { return dribble{c} }, func(t *testing.T, k idleKind, server, client net.Conn) {
		s, got, done := lines()
		s.Add(server)
		const n = 1000
		go func() {
			var batch strings.Builder
			for i := range n {
				fmt.Fprintf(&batch, "%d %s\n", i, strings.Repeat("x", rand.IntN(100)))
				if rand.IntN(5) == 0 || i == n-1 {
					io.WriteString(client, batch.String())
					batch.Reset()
				}
			}
			client.Close()
		}()
		require.Equal(t, io.EOF, nettest.Result(t, "the end", done))
		require.Len(t, got, n)
		for i := range n {
			require.Regexp(t, fmt.Sprintf("^%d x*$", i), <-got)
		}
	})
}

// If this fails, a mistake in the use of an IdleServer ends the process later, from a goroutine that
// does not name it.
func TestIdleServerMisuse(t *testing.T) {
	a, _ := pair(t)
	require.PanicsWithValue(t, "IdleServer.Add: Serve is nil", func() { new(conn.IdleServer).Add(a) })
	s, _, _ := lines()
	require.PanicsWithValue(t, "IdleServer.Add: nil connection", func() { s.Add(nil) })
}

// If this fails, a connection outlives its end, or ends with another error.
func TestIdleServerEnds(t *testing.T) {
	failed := errors.New("failed")
	for name, c := range map[string]struct {
		change func(s *conn.IdleServer)
		happen func(server, client net.Conn)
		want   error
	}{
		"Close": {func(*conn.IdleServer) {}, func(server, client net.Conn) { server.(interface{ NetConn() net.Conn }).NetConn().Close() }, net.ErrClosed},
		"an error of Serve": {func(s *conn.IdleServer) { s.Serve = func(net.Conn, *bufio.Reader) error { return failed } },
			func(_, client net.Conn) { io.WriteString(client, "x") }, failed},
		"a deadline of Serve": {func(s *conn.IdleServer) {
			s.Serve = func(c net.Conn, r *bufio.Reader) error {
				c.SetReadDeadline(time.Now().Add(time.Millisecond))
				_, err := r.ReadString('\n')
				return err
			}
		}, func(_, client net.Conn) { io.WriteString(client, "x") }, os.ErrDeadlineExceeded},
		"silence":         {func(s *conn.IdleServer) { s.IdleTimeout = 20 * time.Millisecond }, func(_, _ net.Conn) {}, os.ErrDeadlineExceeded},
		"silence, later":  {func(s *conn.IdleServer) { s.IdleTimeout = 20 * time.Millisecond }, func(_, client net.Conn) { io.WriteString(client, "x\n") }, os.ErrDeadlineExceeded},
		"the peer closes": {func(*conn.IdleServer) {}, func(_, client net.Conn) { client.Close() }, io.EOF},
	} {
		t.Run(name, func(t *testing.T) {
			eachIdleKind(t, same, func(t *testing.T, k idleKind, server, client net.Conn) {
				if _, wraps := server.(interface{ NetConn() net.Conn }); !wraps {
					server = conn.WithTimeout(server, 0, 0)
				}
				s, _, done := lines()
				c.change(s)
				s.Add(server)
				go func() {
					if c, ok := client.(*tls.Conn); ok && name != "silence" {
						c.Handshake()
					}
					c.happen(server, client)
				}()
				require.ErrorIs(t, nettest.Result(t, "the end", done), c.want)
			})
		})
	}
	t.Run("Close says so", func(t *testing.T) {
		a, _ := pair(t)
		s, _, done := lines()
		s.Add(a)
		require.NoError(t, a.Close())
		require.Equal(t, net.ErrClosed, nettest.Result(t, "the end", done), "and names no call that the program did not make")
	})
	t.Run("a Serve that reads nothing", func(t *testing.T) {
		a, b := pair(t)
		s, _, done := lines()
		s.Serve = func(net.Conn, *bufio.Reader) error { return nil }
		s.Add(a)
		write(t, b, "x")
		require.EqualError(t, nettest.Result(t, "the end", done), "IdleServer: Serve has read nothing")
	})
}

// If this fails, a deadline that Serve has set ends a later Serve, or keeps what comes later from
// being served.
func TestIdleServerClearsDeadlines(t *testing.T) {
	eachIdleKind(t, same, func(t *testing.T, k idleKind, server, client net.Conn) {
		s, got, done := lines()
		read := s.Serve
		var over time.Time // the deadline of the first Serve
		s.Serve = func(c net.Conn, r *bufio.Reader) error {
			if over.IsZero() {
				over = time.Now().Add(100 * time.Millisecond)
				require.NoError(t, c.SetReadDeadline(over))
			}
			return read(c, r)
		}
		s.Add(server)
		write(t, client, "one\ntw") // the second Serve waits
		require.Equal(t, "one", nettest.Result(t, "a line", got))
		time.Sleep(time.Until(over) + 10*time.Millisecond)
		write(t, client, "o\n")
		require.Equal(t, "two", nettest.Result(t, "a line", got))
		write(t, client, "three\n")
		require.Equal(t, "three", nettest.Result(t, "a line", got))
		require.NoError(t, client.Close())
		require.Equal(t, io.EOF, nettest.Result(t, "the end", done))
	})
}

// A layer reads from the connection below it by a function.
type layer struct {
	net.Conn
	read func(p []byte) (int, error)
}

func (l *layer) NetConn() net.Conn          { return l.Conn }
func (l *layer) Read(p []byte) (int, error) { return l.read(p) }

// If this fails, a layer that a timeout has ended, such as a tls.Conn that negotiates again, is
// asked over and over.
func TestIdleServerOfABrokenLayer(t *testing.T) {
	ours, client := connect(t, false)
	l := &layer{Conn: ours}
	var failed error
	l.read = func(p []byte) (n int, err error) {
		if failed == nil {
			n, failed = ours.Read(p)
		}
		return n, failed
	}
	s, got, done := lines()
	s.Add(l)
	write(t, client, "one\n")
	require.Equal(t, "one", nettest.Result(t, "a line", got))
	nettest.Eventually(t, "it waits", func() bool { return !strings.Contains(goroutines(), "conn.(*idle)") })
	write(t, client, "two\n")
	require.ErrorIs(t, nettest.Result(t, "the end", done), os.ErrDeadlineExceeded)
}

// If this fails, a message whose beginning comes from a layer that asks for more at once, as a
// tls.Conn does before an alert, is not waited for.
func TestIdleServerOfAHastyLayer(t *testing.T) {
	ours, client := connect(t, false)
	l := &layer{Conn: ours}
	hasty := true
	l.read = func(p []byte) (n int, err error) {
		n, err = ours.Read(p)
		if hasty && err == nil {
			hasty = false
			_, err = ours.Read(p[n:])
		}
		return n, err
	}
	s, got, _ := lines()
	write(t, client, "be")
	s.Add(l)
	nettest.Eventually(t, "it waits for the rest", func() bool { return strings.Contains(goroutines(), "ReadString") })
	write(t, client, "gun\n")
	require.Equal(t, "begun", nettest.Result(t, "a line", got))
}
