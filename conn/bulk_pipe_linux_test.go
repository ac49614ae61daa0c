package conn_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func newPipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
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
