package conn_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/internal/nettest"
)

const (
	// brief is a limit that shall hit.
	brief = 20 * time.Millisecond

	// generous is one that hits only who does nothing at all, on a busy machine.
	generous = 5 * time.Second

	never = time.Hour
)

// limitable are the connections that are given limits, with their peers. The first two
// are ours, which have limits of their own; the others' are made of deadlines.
var limitable = map[string]func(t *testing.T) (c, peer net.Conn){
	"ours, tcp":  func(t *testing.T) (c, peer net.Conn) { return streams(streamPair(t, "tcp")) },
	"ours, unix": func(t *testing.T) (c, peer net.Conn) { return streams(streamPair(t, "unix")) },
	"net, tcp": func(t *testing.T) (c, peer net.Conn) {
		ours, theirs := mixed(t)
		return theirs, ours
	},
	"pipe": func(t *testing.T) (c, peer net.Conn) {
		c, peer = net.Pipe()
		t.Cleanup(func() { c.Close(); peer.Close() })
		return c, peer
	},
}

func streams(a, b stream) (c, peer net.Conn) { return a, b }

// forEachLimitable runs body with each kind of connection, all at once: most of them
// wait for time to pass.
func forEachLimitable(t *testing.T, body func(t *testing.T, c, peer net.Conn)) {
	for name, connect := range limitable {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, peer := connect(t)
			body(t, c, peer)
		})
	}
}

func timedOut(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	var timeout net.Error
	require.ErrorAs(t, err, &timeout)
	require.True(t, timeout.Timeout())
}

// If this fails, a silent peer can hold up a Read or a Write, or the connection is of no
// use after it did.
func TestTimeoutConnSilentPeer(t *testing.T) {
	forEachLimitable(t, func(t *testing.T, c, peer net.Conn) {
		limited := conn.WithTimeout(c, brief, brief)
		var b [8]byte
		for range 2 {
			n, err := limited.Read(b[:])
			require.Zero(t, n)
			timedOut(t, err)
		}
		written := make(chan error, 1)
		go func() {
			_, err := peer.Write([]byte("late"))
			written <- err
		}()
		_, err := io.ReadFull(conn.WithTimeout(c, never, 0), b[:4])
		require.NoError(t, err)
		require.Equal(t, "late", string(b[:4]))
		require.NoError(t, <-written)

		limited = conn.WithTimeout(c, brief, brief)
		n, err := limited.Write(make([]byte, 64<<20)) // no peer takes that much by itself
		require.Less(t, n, 64<<20)
		timedOut(t, err)
	})
}

// If this fails, the limit of a wait outlives it: a later Read fails though its data is there.
func TestTimeoutConnExactReads(t *testing.T) {
	forEachLimitable(t, func(t *testing.T, c, peer net.Conn) {
		var b [4]byte // which each Read fills: so the next one begins with a system call
		send := func(after time.Duration) { time.AfterFunc(after, func() { peer.Write(make([]byte, len(b))) }) }
		for limit := 4 * brief; ; limit *= 2 {
			limited := conn.WithTimeout(c, limit, 0)
			send(limit / 4)
			if _, err := limited.Read(b[:]); err != nil { // the machine is busy
				timedOut(t, err)
				_, err := conn.WithTimeout(c, never, 0).Read(b[:])
				require.NoError(t, err)
				continue
			}
			send(0)
			time.Sleep(2 * limit)
			n, err := limited.Read(b[:])
			require.NoError(t, err)
			require.Equal(t, len(b), n)
			return
		}
	})
}

// If this fails, a Write is ended, or loses bytes, although the peer takes what it is
// sent, only slowly.
func TestTimeoutConnProgress(t *testing.T) {
	data, want := noise(4 << 20)
	forEachLimitable(t, func(t *testing.T, c, peer net.Conn) {
		if s, ok := c.(stream); ok {
			require.NoError(t, s.SetWriteBuffer(1<<16))
			require.NoError(t, peer.(stream).SetReadBuffer(1<<16))
		}
		received := make(chan sum, 1)
		go func() {
			pause := time.NewTicker(generous / 50) // the whole takes longer than the limit
			defer pause.Stop()
			r, w := io.Pipe()
			s := slow(t, r)
			for b := make([]byte, len(data)/100); ; <-pause.C {
				n, err := io.ReadFull(peer, b)
				w.Write(b[:n])
				if err != nil {
					break
				}
			}
			w.Close()
			received <- <-s
		}()
		began := time.Now()
		n, err := conn.WithTimeout(c, brief, generous).Write(data)
		require.NoError(t, err)
		require.Equal(t, len(data), n)
		require.Greater(t, time.Since(began), generous, "it was no test")
		c.Close()
		require.Equal(t, want, <-received)
	})
}

// If this fails, a deadline does not work beside the limits, or not on an operation that
// waits already, or is forgotten.
func TestTimeoutConnDeadlines(t *testing.T) {
	forEachLimitable(t, func(t *testing.T, c, peer net.Conn) {
		limited := conn.WithTimeout(c, never, never)
		var b [1]byte

		require.NoError(t, limited.SetReadDeadline(time.Now().Add(brief)))
		for range 2 {
			_, err := limited.Read(b[:])
			timedOut(t, err)
		}
		require.NoError(t, limited.SetDeadline(time.Time{}))

		result := make(chan error)
		go func() {
			_, err := limited.Read(b[:])
			result <- err
		}()
		time.Sleep(brief) // it waits, most likely
		require.NoError(t, limited.SetReadDeadline(nettest.LongAgo))
		timedOut(t, <-result)

		// The limit comes before the deadline, and leaves it in force.
		limited = conn.WithTimeout(c, brief, never)
		require.NoError(t, limited.SetReadDeadline(time.Now().Add(never)))
		_, err := limited.Read(b[:])
		timedOut(t, err)
		require.NoError(t, limited.SetReadDeadline(nettest.LongAgo))
		_, err = limited.Read(b[:])
		timedOut(t, err)

		require.NoError(t, limited.Close())
		require.Error(t, limited.SetReadDeadline(time.Time{}))
		_, err = limited.Read(b[:])
		require.Error(t, err)
		require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
	})
}

// A recorder is a connection that notes the deadlines it was given.
type recorder struct {
	net.Conn
	mu     sync.Mutex
	reads  []time.Time
	writes []time.Time
}

func (r *recorder) SetReadDeadline(d time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.reads = append(r.reads, d)
	return r.Conn.SetReadDeadline(d)
}

func (r *recorder) SetWriteDeadline(d time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.writes = append(r.writes, d)
	return r.Conn.SetWriteDeadline(d)
}

// If this fails, a deadline stays armed on a connection on which nothing happens, and
// ends what comes later and has no limit.
func TestTimeoutConnLeavesNothingArmed(t *testing.T) {
	c, peer := net.Pipe()
	defer c.Close()
	go io.Copy(io.Discard, peer)
	r := &recorder{Conn: c}
	user := time.Now().Add(2 * never)

	limited := conn.WithTimeout(r, brief, never)
	_, err := limited.Read(make([]byte, 1))
	timedOut(t, err)
	_, err = limited.Write([]byte("x"))
	require.NoError(t, err)
	require.Len(t, r.reads, 2)
	require.True(t, r.reads[1].IsZero())
	require.Len(t, r.writes, 2)
	require.True(t, r.writes[1].IsZero())

	require.NoError(t, limited.SetDeadline(user))
	_, err = limited.Write([]byte("x"))
	require.NoError(t, err)
	require.Equal(t, user, r.reads[2])
	require.Equal(t, user, r.writes[len(r.writes)-1])

	untimed := &recorder{Conn: c}
	_, err = conn.WithTimeout(untimed, 0, -1).Write([]byte("x"))
	require.NoError(t, err)
	require.Empty(t, untimed.writes)
}

// If this fails, io.Copy between connections with limits leaves the kernel, or a side that
// has nothing to do is taken for one that makes no progress.
func TestTimeoutConnCopies(t *testing.T) {
	data, want := noise(4 << 20)
	for _, networks := range kernelPairs {
		t.Run(networks[0]+"-"+networks[1], func(t *testing.T) {
			from, source := streamPair(t, networks[0])
			to, sink := streamPair(t, networks[1])
			calls := count(t)
			received := slow(t, sink)
			go func() {
				defer source.Close()
				source.Write(data[:1000])
				time.Sleep(2 * brief) // dst's limit must not mind
				source.Write(data[1000:])
			}()
			n, err := io.Copy(conn.WithTimeout(to, never, generous), conn.WithTimeout(from, generous, never))
			require.NoError(t, err)
			require.EqualValues(t, len(data), n)
			require.NoError(t, to.CloseWrite())
			require.Equal(t, want, <-received)
			require.NotZero(t, calls.splices.Load())
			require.Zero(t, calls.reads.Load())
		})
	}
	t.Run("file", func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "data")
		require.NoError(t, os.WriteFile(name, data, 0o600))
		to, sink := streamPair(t, "tcp")
		calls := count(t)
		received := slow(t, sink)
		n, err := io.Copy(conn.WithTimeout(to, never, generous), open(t, name))
		require.NoError(t, err)
		require.EqualValues(t, len(data), n)
		require.NoError(t, to.CloseWrite())
		require.Equal(t, want, <-received)
		require.Less(t, calls.writes.Load(), int64(20), "calls of sendfile")
	})
}

// If this fails, a copy of which the source, or the sink, has fallen silent goes on forever, or the bytes that it moved are not counted.
func TestTimeoutConnCopyIsEnded(t *testing.T) {
	for name, connect := range limitable {
		t.Run(name, func(t *testing.T) {
			c, peer := connect(t)
			go peer.Write([]byte("some"))
			var sink bytes.Buffer
			for sink.Len() == 0 { // the peer has not written yet
				n, err := io.Copy(&sink, conn.WithTimeout(c, 10*brief, never))
				timedOut(t, err)
				require.EqualValues(t, sink.Len(), n)
			}
			require.Equal(t, "some", sink.String())

			_, err := io.Copy(conn.WithTimeout(c, never, brief), struct{ io.Reader }{bytes.NewReader(make([]byte, 64<<20))})
			timedOut(t, err)
		})
	}
}

// If this fails, what the connection can do besides is lost, or pretended.
func TestTimeoutConnKeepsMethods(t *testing.T) {
	ours, peer := streamPair(t, "tcp")
	c := conn.WithTimeout(ours, never, never)
	require.Same(t, ours, c.NetConn())
	require.NoError(t, c.CloseWrite())
	atEnd(t, peer)
	raw, err := c.SyscallConn()
	require.NoError(t, err)
	conn.WithTimeout(ours, brief, brief)
	timedOut(t, raw.Read(func(uintptr) bool { return false }))
	require.NoError(t, c.CloseRead())
	atEnd(t, c)

	pipe, _ := net.Pipe()
	p := conn.WithTimeout(pipe, never, never)
	require.ErrorIs(t, p.CloseWrite(), errors.ErrUnsupported)
	require.ErrorIs(t, p.CloseRead(), errors.ErrUnsupported)
	_, err = p.SyscallConn()
	require.ErrorIs(t, err, errors.ErrUnsupported)

	for _, kind := range []string{"ours, tcp", "pipe"} {
		dst, peer := limitable[kind](t)
		received := slow(t, peer)
		v := conn.Buffers{[]byte("a"), nil, []byte("bc")}
		n, err := v.WriteTo(conn.WithTimeout(dst, never, never))
		require.NoError(t, err)
		require.EqualValues(t, 3, n)
		require.Empty(t, v)
		require.NoError(t, dst.Close())
		require.EqualValues(t, 3, (<-received).n)
	}
}

// If this fails, limits, deadlines, data and Close do not go together.
func TestTimeoutConnRaces(t *testing.T) {
	forEachLimitable(t, func(t *testing.T, c, peer net.Conn) {
		limited := conn.WithTimeout(c, time.Millisecond, time.Millisecond)
		var wg sync.WaitGroup
		forever := func(f func() error) {
			wg.Go(func() {
				for {
					if err := f(); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
						return
					}
				}
			})
		}
		for range 2 {
			forever(func() error { _, err := limited.Read(make([]byte, 10)); return err })
			forever(func() error { _, err := limited.Write(make([]byte, 10)); return err })
		}
		forever(func() error {
			return limited.SetDeadline(time.Now().Add(time.Millisecond))
		})
		forever(func() error { return limited.SetReadDeadline(time.Time{}) })
		wg.Go(func() { io.Copy(peer, io.LimitReader(peer, 1000)) })
		time.Sleep(10 * brief)
		assert.NoError(t, limited.Close())
		peer.Close()
		wg.Wait()
	})
}

// A limit must cost no allocation, whether or not the Read has to wait.
func TestAllocsOfTimeoutConn(t *testing.T) {
	a, b := pair(t)
	limited := conn.WithTimeout(a, brief, brief)
	var buffer [128]byte
	data := func() error {
		if _, err := b.Write(buffer[:]); err != nil {
			return err
		}
		_, err := io.ReadFull(limited, buffer[:])
		return err
	}
	require.NoError(t, data())
	require.Zero(t, testing.AllocsPerRun(1000, func() {
		if err := data(); err != nil {
			t.Error(err)
		}
	}))
}

// If this fails, a mistake shows at the first Read only.
func TestTimeoutConnOfNil(t *testing.T) {
	require.PanicsWithValue(t, "WithTimeout: nil connection", func() { conn.WithTimeout(nil, 1, 1) })
}
