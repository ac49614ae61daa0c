package conn_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/conn"
)

func newPipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}

// If this fails, what comes through a pipe leaves the kernel, or a byte is lost, when pipe
// and socket are empty and full by turns.
func TestPipeStaysInKernel(t *testing.T) {
	data, want := noise(8 << 20)
	for name, move := range map[string]func(c *conn.TCPConn, r *os.File) (int64, error){
		"Copy":         func(c *conn.TCPConn, r *os.File) (int64, error) { return io.Copy(c, r) },
		"CopyN":        func(c *conn.TCPConn, r *os.File) (int64, error) { return io.CopyN(c, r, want.n) },
		"with a limit": func(c *conn.TCPConn, r *os.File) (int64, error) { return io.Copy(conn.WithTimeout(c, 0, generous), r) },
	} {
		t.Run(name, func(t *testing.T) {
			c, peer := mixed(t)
			require.NoError(t, c.SetWriteBuffer(1<<16))
			r, w := newPipe(t)
			calls := count(t)
			received := slow(t, peer)
			go func() {
				defer w.Close()
				for rest := data; len(rest) > 0; {
					n, err := w.Write(rest[:min(len(rest), 300_000)])
					if err != nil {
						t.Error(err)
						return
					}
					rest = rest[n:]
					time.Sleep(time.Millisecond) // the pipe runs empty
				}
			}()
			n, err := move(c, r)
			require.NoError(t, err)
			require.Equal(t, want.n, n)
			require.NoError(t, c.CloseWrite())
			require.Equal(t, want, <-received)
			require.NotZero(t, calls.splices.Load())
		})
	}
}

// If this fails, a copy from a pipe is not ended by what ends a Write, or a Read of the
// pipe, or it moves more than it may.
func TestPipeIsEnded(t *testing.T) {
	c, peer := mixed(t)
	r, w := newPipe(t)
	write(t, w, "ends here")
	require.NoError(t, r.SetReadDeadline(time.Now().Add(brief)))
	n, err := c.ReadFrom(r)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.EqualValues(t, len("ends here"), n)
	require.Equal(t, "ends here", read(t, peer, 100))
	require.NoError(t, r.SetReadDeadline(time.Time{}))

	write(t, w, "part of it")
	limited := &io.LimitedReader{R: r, N: 4}
	n, err = c.ReadFrom(limited)
	require.NoError(t, err)
	require.EqualValues(t, 4, n)
	require.Zero(t, limited.N)
	require.Equal(t, "part", read(t, peer, 100))
	require.Equal(t, " of it", read(t, r, 100))

	go io.Copy(w, bytes.NewReader(make([]byte, 64<<20)))
	require.NoError(t, c.SetWriteDeadline(time.Now().Add(brief)))
	n, err = c.ReadFrom(r) // nobody reads
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	require.Less(t, n, int64(64<<20))
	r.Close()
}

// If this fails, a pipe that blocks, and cannot be waited for, is not copied.
func TestPipeThatBlocks(t *testing.T) {
	c, peer := mixed(t)
	r, w := newPipe(t)
	r.Fd() // which makes it block
	data, want := noise(1 << 20)
	received := slow(t, peer)
	go func() {
		w.Write(data)
		w.Close()
	}()
	n, err := c.ReadFrom(r)
	require.NoError(t, err)
	require.Equal(t, want.n, n)
	require.NoError(t, c.CloseWrite())
	got := <-received
	require.Equal(t, sha256.Sum256(data), got.digest)
}
