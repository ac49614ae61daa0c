package conn_test

import (
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/internal/nettest"
)

// If this fails, a byte was lost, doubled or put elsewhere on the way to a peer that
// is slow, or counted and not sent, whatever the way.
func TestBulk(t *testing.T) {
	t.Run("much", func(t *testing.T) {
		size := 64 << 20
		if testing.Short() || nettest.UnderRace() {
			size = 4 << 20
		}
		testBulk(t, size, 64<<10)
	})
	t.Run("smallest buffer", func(t *testing.T) { testBulk(t, 256<<10, 1) })
}

func testBulk(t *testing.T, size, buffer int) {
	data, want := noise(size)
	name := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.WriteFile(name, data, 0o600))
	ways := map[string]func(t *testing.T, c io.Writer) (int64, error){
		"Write": func(_ *testing.T, c io.Writer) (int64, error) {
			n, err := c.Write(data)
			return int64(n), err
		},
		"Buffers": func(_ *testing.T, c io.Writer) (int64, error) {
			var b conn.Buffers
			for rest, i := data, 0; len(rest) > 0; i++ {
				n := min(len(rest), i%5000)
				b, rest = append(b, rest[:n]), rest[n:]
			}
			return b.WriteTo(c)
		},
		"file": func(t *testing.T, c io.Writer) (int64, error) { return io.Copy(c, open(t, name)) },
		"pipe": func(t *testing.T, c io.Writer) (int64, error) {
			r, w, err := os.Pipe()
			require.NoError(t, err)
			defer r.Close()
			go func() { w.Write(data); w.Close() }()
			return io.Copy(c, r)
		},
		"TCP": func(t *testing.T, c io.Writer) (int64, error) {
			src, from := streamPair(t, "tcp")
			go func() { from.Write(data); from.CloseWrite() }()
			return io.Copy(c, src)
		},
		"unix": func(t *testing.T, c io.Writer) (int64, error) {
			src, from := streamPair(t, "unix")
			go func() { from.Write(data); from.CloseWrite() }()
			return io.Copy(c, src)
		},
	}
	for _, network := range []string{"tcp", "unix"} {
		for name, send := range ways {
			t.Run(name+" to "+network, func(t *testing.T) {
				c, peer := streamPair(t, network)
				require.NoError(t, c.SetWriteBuffer(buffer))
				received := slow(t, peer)
				n, err := send(t, c)
				require.NoError(t, err)
				require.Equal(t, want.n, n)
				require.NoError(t, c.CloseWrite())
				require.Equal(t, want, <-received)
			})
		}
	}
}

// If this fails, Buffers of the usual size make garbage, or more than one system call.
func TestAllocsOfBuffers(t *testing.T) {
	for _, network := range []string{"tcp", "unix"} {
		c, peer := streamPair(t, network)
		pieces := make([][]byte, 16)
		for i := range pieces {
			pieces[i] = make([]byte, 10*i)
		}
		received := make([]byte, 10*15*16/2)
		all, buffers := make([][]byte, 16), new(conn.Buffers)
		run := func() {
			copy(all, pieces)
			*buffers = all
			_, err := buffers.WriteTo(c)
			if err == nil {
				_, err = io.ReadFull(peer, received)
			}
			if err != nil {
				t.Error(err)
			}
		}
		run()
		require.Zero(t, testing.AllocsPerRun(200, run), network)
		calls := count(t)
		run()
		require.EqualValues(t, 1, calls.writes.Load(), network)
	}
}

// If this fails, the race detector does not see what it sees with package net: that what one did
// before he sent a file precedes what the reader does.
func TestHappensBeforeOfSendFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.WriteFile(name, []byte("x"), 0o600))
	ours, peer := pair(t)
	mine, theirs := mixed(t)
	for _, ends := range [][2]net.Conn{{ours, peer}, {mine, theirs}} {
		shared := 0
		file := open(t, name)
		go func() {
			shared = 1
			ends[0].(io.ReaderFrom).ReadFrom(file)
		}()
		_, err := io.ReadFull(ends[1], make([]byte, 1))
		require.NoError(t, err)
		require.Equal(t, 1, shared)
	}
}
