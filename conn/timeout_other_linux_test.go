package conn_test

import (
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/internal/nettest"
)

// If this fails, the end of what a peer has sent is an error when there is a limit.
func TestTimeoutConnEnd(t *testing.T) {
	forEachLimitable(t, func(t *testing.T, c, peer net.Conn) {
		go func() {
			peer.Write([]byte("all"))
			peer.Close()
		}()
		limited := conn.WithTimeout(c, never, never)
		all, err := io.ReadAll(limited)
		require.NoError(t, err)
		require.Equal(t, "all", string(all))
		atEnd(t, limited)
	})
}

// If this fails, limits of our connections add up where they shall be replaced, or what
// the connection can do is lost behind the second TimeoutConn.
func TestTimeoutConnTwice(t *testing.T) {
	c, peer := streamPair(t, "tcp")
	first := conn.WithTimeout(c, brief, brief)
	second := conn.WithTimeout(first, never, never)
	require.Same(t, first, second.NetConn())
	time.AfterFunc(5*brief, func() { peer.Write([]byte("late")) })
	require.Equal(t, "late", read(t, second, 8))

	calls := count(t)
	go func() {
		peer.Write([]byte("some"))
		peer.CloseWrite()
	}()
	to, sink := streamPair(t, "tcp")
	received := slow(t, sink)
	_, err := io.Copy(conn.WithTimeout(conn.WithTimeout(to, never, never), never, never), second)
	require.NoError(t, err)
	require.NoError(t, to.Close())
	require.EqualValues(t, 4, (<-received).n)
	require.NotZero(t, calls.splices.Load())
	require.Zero(t, calls.reads.Load())
}

// If this fails, a copy leaves the kernel because only one of its sides has limits.
func TestTimeoutConnCopiesWithOneLimit(t *testing.T) {
	data, want := noise(1 << 20)
	for _, networks := range kernelPairs {
		for _, limited := range []string{"source", "destination"} {
			t.Run(networks[0]+"-"+networks[1]+", "+limited, func(t *testing.T) {
				from, source := streamPair(t, networks[0])
				to, sink := streamPair(t, networks[1])
				var r, w net.Conn = from, to
				if limited == "source" {
					r = conn.WithTimeout(from, never, never)
				} else {
					w = conn.WithTimeout(to, never, never)
				}
				calls := count(t)
				received := slow(t, sink)
				go func() {
					source.Write(data)
					source.CloseWrite()
				}()
				n, err := io.Copy(w, r)
				require.NoError(t, err)
				require.EqualValues(t, len(data), n)
				require.NoError(t, to.CloseWrite())
				require.Equal(t, want, <-received)
				require.NotZero(t, calls.splices.Load())
				require.Zero(t, calls.reads.Load())
			})
		}
	}
}

// A refuser is a connection that takes no deadline to come.
type refuser struct{ *recorder }

var errRefused = errors.New("no deadlines")

func (r refuser) SetReadDeadline(d time.Time) error {
	if !d.IsZero() {
		return errRefused
	}
	return r.recorder.SetReadDeadline(d)
}

// If this fails, a Read for which no deadline could be set waits without a limit, or
// leaves the connection as if it still waited.
func TestTimeoutConnWithoutDeadlines(t *testing.T) {
	c, _ := net.Pipe()
	defer c.Close()
	limited := conn.WithTimeout(refuser{&recorder{Conn: c}}, never, never)
	_, err := limited.Read(make([]byte, 1))
	require.Equal(t, errRefused, err)
	require.NoError(t, limited.SetReadDeadline(time.Time{}))
}

// If this fails, package os sends a file to package net's connection past the limit.
func TestTimeoutConnOfNetCopiesFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.WriteFile(name, make([]byte, 64<<20), 0o600))
	_, theirs := mixed(t) // and nobody reads
	n, err := io.Copy(conn.WithTimeout(theirs, never, brief), open(t, name))
	timedOut(t, err)
	require.Less(t, n, int64(64<<20))
}

// If this fails, a Read has no limit any more because another one that began beside it has
// ended.
func TestTimeoutConnTwoReads(t *testing.T) {
	forEachLimitable(t, func(t *testing.T, c, peer net.Conn) {
		limited := conn.WithTimeout(c, 10*brief, 0)
		ended := make(chan error, 2)
		for range 2 {
			go func() {
				_, err := limited.Read(make([]byte, 1))
				ended <- err
			}()
		}
		time.Sleep(brief) // so that both have begun, most of the time
		go peer.Write([]byte("x"))
		for range 2 {
			select {
			case err := <-ended:
				if err != nil {
					timedOut(t, err)
				}
			case <-time.After(nettest.Patience):
				t.Fatal("a Read goes on without a limit")
			}
		}
	})
}
