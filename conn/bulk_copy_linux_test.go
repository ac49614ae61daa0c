package conn_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/poller"
)

// copies are the ways to copy n bytes, or all there is, from one connection to another.
var copies = map[string]func(dst io.Writer, src io.Reader, n int64) (int64, error){
	"Copy":  func(dst io.Writer, src io.Reader, _ int64) (int64, error) { return io.Copy(dst, src) },
	"CopyN": io.CopyN,
	"LimitReader": func(dst io.Writer, src io.Reader, n int64) (int64, error) {
		return io.Copy(dst, io.LimitReader(src, 2*n))
	},
	"ReadFrom or WriteTo": func(dst io.Writer, src io.Reader, _ int64) (int64, error) {
		if dst, ok := dst.(*conn.TCPConn); ok {
			return dst.ReadFrom(src)
		}
		return src.(*conn.TCPConn).WriteTo(dst)
	},
}

// If this fails, a proxy copies every byte into the program and out again, or what
// arrives is not what was sent.
func TestCopyStaysInKernel(t *testing.T) {
	data, want := noise(1<<20 + 123)
	for _, pair := range kernelPairs {
		for how, move := range copies {
			if pair[1] == "unix" && (how == "CopyN" || how == "LimitReader") {
				continue // a UnixConn has no ReadFrom of this kind; neither has package net's
			}
			t.Run(pair[0]+" to "+pair[1]+"/"+how, func(t *testing.T) {
				src, from := streamPair(t, pair[0])
				dst, to := streamPair(t, pair[1])
				calls := count(t)
				go func() { from.Write(data); from.CloseWrite() }()
				received := slow(t, to)
				n, err := move(dst, src, want.n)
				require.NoError(t, err)
				require.Equal(t, want.n, n)
				require.NoError(t, dst.CloseWrite())
				require.Equal(t, want, <-received)
				require.Zero(t, calls.reads.Load(), "reads")
				require.Zero(t, calls.writes.Load(), "writes")
				require.NotZero(t, calls.splices.Load())
			})
		}
	}
}

// If this fails, data leaves the kernel because its source has limits.
func TestLimitedCopyStaysInKernel(t *testing.T) {
	data, want := noise(1<<20 + 123)
	src, from := streamPair(t, "tcp")
	dst, to := streamPair(t, "tcp")
	calls := count(t)
	go func() { from.Write(data); from.CloseWrite() }()
	received := slow(t, to)
	n, err := io.Copy(dst, conn.WithTimeout(src, never, never))
	require.NoError(t, err)
	require.Equal(t, want.n, n)
	require.NoError(t, dst.CloseWrite())
	require.Equal(t, want, <-received)
	require.Zero(t, calls.reads.Load(), "reads")
	n, err = dst.(io.ReaderFrom).ReadFrom(conn.WithTimeout(src, never, never))
	require.NoError(t, err)
	require.Zero(t, n)
	require.Zero(t, calls.reads.Load(), "reads")
}

// If this fails, a file is read into the program to be sent, or each piece of it costs
// a system call.
func TestFileStaysInKernel(t *testing.T) {
	data, want := noise(100_000)
	name := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.WriteFile(name, data, 0o600))
	for how, move := range map[string]func(c *conn.TCPConn, f *os.File) (int64, error){
		"ReadFrom":    func(c *conn.TCPConn, f *os.File) (int64, error) { return c.ReadFrom(f) },
		"Copy":        func(c *conn.TCPConn, f *os.File) (int64, error) { return io.Copy(c, f) },
		"CopyN":       func(c *conn.TCPConn, f *os.File) (int64, error) { return io.CopyN(c, f, want.n) },
		"LimitReader": func(c *conn.TCPConn, f *os.File) (int64, error) { return c.ReadFrom(io.LimitReader(f, 1<<40)) },
	} {
		t.Run(how, func(t *testing.T) {
			c, peer := mixed(t)
			require.NoError(t, c.SetWriteBuffer(1<<20))
			calls := count(t)
			received := slow(t, peer)
			f := open(t, name)
			n, err := move(c, f)
			require.NoError(t, err)
			require.Equal(t, want.n, n)
			require.NoError(t, c.CloseWrite())
			require.Equal(t, want, <-received)
			at, err := f.Seek(0, io.SeekCurrent)
			require.NoError(t, err)
			require.Equal(t, want.n, at, "where the file is")
			require.Less(t, calls.writes.Load(), int64(20), "calls of sendfile")
		})
	}
}

// If this fails, a kernel or a socket that knows no splice or sendfile, or a process
// without a descriptor to spare, breaks ReadFrom and WriteTo instead of making them slow.
func TestCopyFallsBack(t *testing.T) {
	data, want := noise(300_000)
	name := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.WriteFile(name, data, 0o600))
	refuse := func(t *testing.T, call sys.Call, errno syscall.Errno) {
		refused := false
		t.Cleanup(sys.SetFault(func(c sys.Call, _ int) error {
			if c == call && !refused {
				refused = call == sys.CallWrite // sendfile is the first write
				return errno
			}
			return nil
		}))
	}
	for _, errno := range []syscall.Errno{syscall.EINVAL, syscall.ENOSYS, syscall.EOPNOTSUPP} {
		t.Run("sendfile "+errno.Error(), func(t *testing.T) {
			c, peer := mixed(t)
			refuse(t, sys.CallWrite, errno)
			received := slow(t, peer)
			n, err := c.ReadFrom(open(t, name))
			require.NoError(t, err)
			require.Equal(t, want.n, n)
			require.NoError(t, c.CloseWrite())
			require.Equal(t, want, <-received)
		})
	}
	for _, pair := range kernelPairs {
		for what, prepare := range map[string]func(t *testing.T){
			"splice refused": func(t *testing.T) { refuse(t, sys.CallSplice, syscall.EINVAL) },
			"no pipe":        noDescriptors,
		} {
			t.Run(pair[0]+" to "+pair[1]+"/"+what, func(t *testing.T) {
				src, from := streamPair(t, pair[0])
				dst, to := streamPair(t, pair[1])
				go func() { from.Write(data); from.CloseWrite() }()
				received := slow(t, to)
				prepare(t)
				n, err := io.Copy(dst, src)
				require.NoError(t, err)
				require.Equal(t, want.n, n)
				require.NoError(t, dst.CloseWrite())
				require.Equal(t, want, <-received)
			})
		}
	}
}

// noDescriptors uses up those that the process may have.
func noDescriptors(t *testing.T) {
	settled(t)
	var old unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_NOFILE, &old))
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 4, Max: old.Max}))
	t.Cleanup(func() { unix.Setrlimit(unix.RLIMIT_NOFILE, &old) })
	_, err := os.Open("/dev/null")
	require.ErrorIs(t, err, syscall.EMFILE)
}

// If this fails, many proxies at once mix up or lose data, or leave behind goroutines,
// or descriptors: more than a pipe for each copy at a time, or any after a collection.
func TestManyProxies(t *testing.T) {
	fds, goroutines := settled(t), runtime.NumGoroutine()
	data, want := noise(1 << 20)
	const proxies = 8
	t.Run("at once", func(t *testing.T) {
		var wg sync.WaitGroup
		for i := range proxies {
			front, client := streamPair(t, []string{"tcp", "tcp", "unix"}[i%3])
			back, server := streamPair(t, []string{"tcp", "unix", "tcp"}[i%3])
			wg.Go(func() { io.Copy(back, front); back.CloseWrite() })
			wg.Go(func() { io.Copy(front, back); front.CloseWrite() })
			wg.Go(func() { client.Write(data); client.CloseWrite() })
			wg.Go(func() { server.Write(data); server.CloseWrite() })
			for _, end := range []stream{client, server} {
				received := slow(t, end)
				wg.Go(func() { assert.Equal(t, want, <-received) })
			}
		}
		wg.Wait()
		require.LessOrEqual(t, nettest.OpenFDs(t), fds+4*proxies+2*2*proxies)
	})
	nettest.Eventually(t, "no goroutine is left", func() bool { return runtime.NumGoroutine() <= goroutines })
	nettest.Eventually(t, "no descriptor is left", func() bool { return settled(t) <= fds })
}

// If this fails, an echo, which reads and writes one connection, loses data or waits for
// itself.
func TestEchoInKernel(t *testing.T) {
	c, peer := mixed(t)
	data, want := noise(4 << 20)
	echoed := make(chan error, 1)
	go func() {
		_, err := io.Copy(c, c)
		echoed <- errors.Join(err, c.CloseWrite())
	}()
	go func() { peer.Write(data); peer.CloseWrite() }()
	require.Equal(t, want, <-slow(t, peer))
	require.NoError(t, <-echoed)
}

// parked waits until so many goroutines wait to read and to write.
func parked(t testing.TB, readers, writers int) {
	t.Helper()
	nettest.Eventually(t, "goroutines are parked", func() bool {
		s := poller.Default().Stats()
		return s.ParkedReaders == readers && s.ParkedWriters == writers
	})
}

// If this fails, a copy that waits for its source or for room is not ended by a
// deadline or a Close, tells another error, or takes the other end with it.
func TestCopyIsEnded(t *testing.T) {
	type ends struct{ src, from, dst, to stream }
	cases := map[string]struct {
		full  bool // the copy waits for room, not for data
		end   func(e ends) error
		want  error
		after func(t *testing.T, e ends) // what must still work
	}{
		"read deadline": {
			end: func(e ends) error { return e.src.SetReadDeadline(nettest.LongAgo) }, want: os.ErrDeadlineExceeded,
			after: func(t *testing.T, e ends) {
				require.NoError(t, e.src.SetReadDeadline(time.Time{}))
				exchange(t, e.from, e.src)
				exchange(t, e.src, e.from)
				exchange(t, e.dst, e.to)
				exchange(t, e.to, e.dst)
			},
		},
		"write deadline": {
			full: true, end: func(e ends) error { return e.dst.SetWriteDeadline(nettest.LongAgo) }, want: os.ErrDeadlineExceeded,
			after: func(t *testing.T, e ends) { exchange(t, e.to, e.dst); exchange(t, e.src, e.from) },
		},
		"Close of the source": {
			end: func(e ends) error { return e.src.Close() }, want: net.ErrClosed,
			after: func(t *testing.T, e ends) { exchange(t, e.dst, e.to); exchange(t, e.to, e.dst) },
		},
		"Close of the sink": {
			full: true, end: func(e ends) error { return e.dst.Close() }, want: net.ErrClosed,
			after: func(t *testing.T, e ends) { exchange(t, e.src, e.from) },
		},
		"end of the source": {
			end: func(e ends) error { return e.from.CloseWrite() },
			after: func(t *testing.T, e ends) {
				exchange(t, e.src, e.from)
				exchange(t, e.dst, e.to)
				exchange(t, e.to, e.dst)
			},
		},
		"reading side of the source shut": {
			end:   func(e ends) error { return e.src.CloseRead() },
			after: func(t *testing.T, e ends) { exchange(t, e.src, e.from); exchange(t, e.dst, e.to) },
		},
		"writing side of the sink shut": {
			full: true, end: func(e ends) error { return e.dst.CloseWrite() }, want: syscall.EPIPE,
			after: func(t *testing.T, e ends) { exchange(t, e.to, e.dst); exchange(t, e.src, e.from) },
		},
	}
	for _, pair := range kernelPairs {
		for name, c := range cases {
			if pair[1] == "unix" && name == "writing side of the sink shut" {
				continue // the kernel wakes nobody who waits for room in a Unix socket
			}
			t.Run(pair[0]+" to "+pair[1]+"/"+name, func(t *testing.T) {
				var e ends
				e.src, e.from = streamPair(t, pair[0])
				e.dst, e.to = streamPair(t, pair[1])
				type result struct {
					n   int64
					err error
				}
				copied := make(chan result, 1)
				go func() {
					n, err := io.Copy(e.dst, e.src)
					copied <- result{n, err}
				}()
				sent := make(chan struct{})
				if c.full {
					go func() {
						defer close(sent)
						e.from.Write(make([]byte, 64<<20)) // more than there is room for
					}()
					parked(t, 0, 1)
				} else {
					exchange(t, e.from, e.to)
					parked(t, 1, 0)
				}
				require.NoError(t, c.end(e))
				r := <-copied
				if c.full {
					require.NoError(t, e.from.SetWriteDeadline(nettest.LongAgo))
					<-sent
				}
				if c.want == nil {
					require.NoError(t, r.err)
				} else {
					require.ErrorIs(t, r.err, c.want)
				}
				if !c.full {
					require.EqualValues(t, len("exchange"), r.n)
				}
				c.after(t, e)
				parked(t, 0, 0)
			})
		}
	}
}

// exchange sends a little.
func exchange(t *testing.T, from io.Writer, to io.Reader) {
	t.Helper()
	write(t, from, "exchange")
	p := make([]byte, len("exchange"))
	_, err := io.ReadFull(to, p)
	require.NoError(t, err)
	require.Equal(t, "exchange", string(p))
}

// If this fails, a copy cut short by a write deadline says that more or less was
// written than the peer can read.
func TestCountOfCopyCutShort(t *testing.T) {
	for _, pair := range kernelPairs {
		t.Run(pair[0]+" to "+pair[1], func(t *testing.T) {
			src, from := streamPair(t, pair[0])
			dst, to := streamPair(t, pair[1])
			require.NoError(t, dst.SetWriteBuffer(1))
			go from.Write(make([]byte, 64<<20))
			limited := &io.LimitedReader{R: src, N: 1 << 40}
			var source io.Reader = limited
			if pair[1] == "unix" {
				source = src
			}
			go func() { parked(t, 0, 1); dst.SetWriteDeadline(nettest.LongAgo) }()
			n, err := io.Copy(dst, source)
			require.ErrorIs(t, err, os.ErrDeadlineExceeded)
			require.NoError(t, dst.Close())
			require.Equal(t, n, (<-slow(t, to)).n)
			if source == limited {
				require.Equal(t, n, 1<<40-limited.N)
			}
			require.NoError(t, src.Close())
		})
	}
}

// If this fails, a Read or a copy after a copy misses data that came before it or waits
// for an edge that has been.
func TestReadAfterCopy(t *testing.T) {
	src, from := mixed(t)
	dst, to := mixed(t)
	for range 200 {
		write(t, from, "short")
		require.Equal(t, "short", read(t, src, 64)) // shows the stream empty
		write(t, from, "spliced")
		n, err := io.CopyN(dst, src, int64(len("spliced")))
		require.NoError(t, err)
		require.EqualValues(t, len("spliced"), n)
		require.Equal(t, "spliced", read(t, to, 64))
		write(t, from, "and then")
		n, err = io.CopyN(dst, src, 3) // leaves some
		require.NoError(t, err)
		require.EqualValues(t, 3, n)
		require.Equal(t, "and", read(t, to, 64))
		require.Equal(t, " then", read(t, src, 64))
	}
	require.NoError(t, from.CloseWrite())
	n, err := io.Copy(dst, src)
	require.Zero(t, n)
	require.NoError(t, err)
	atEnd(t, src)
}

// If this fails, the same is true of a Write while Buffers, a file and a copy take turns.
func TestWritersTakeTurns(t *testing.T) {
	src, from := mixed(t)
	dst, to := mixed(t)
	const turns, size = 300, 100
	name := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.WriteFile(name, bytes.Repeat([]byte("f"), size), 0o600))
	go from.Write(bytes.Repeat([]byte("c"), turns*size))
	var wg sync.WaitGroup
	turn := func(f func() (int64, error)) {
		wg.Go(func() {
			for range turns {
				n, err := f()
				assert.NoError(t, err)
				assert.EqualValues(t, size, n)
			}
		})
	}
	turn(func() (int64, error) {
		n, err := dst.Write(bytes.Repeat([]byte("w"), size))
		return int64(n), err
	})
	turn(func() (int64, error) {
		b := conn.Buffers{bytes.Repeat([]byte("b"), size/2), nil, bytes.Repeat([]byte("b"), size/2)}
		return b.WriteTo(dst)
	})
	turn(func() (int64, error) {
		f, err := os.Open(name)
		if err != nil {
			return 0, err
		}
		defer f.Close()
		return dst.ReadFrom(f)
	})
	turn(func() (int64, error) { return io.CopyN(dst, src, size) })
	go func() { wg.Wait(); dst.CloseWrite() }()
	all, err := io.ReadAll(to)
	require.NoError(t, err)
	for _, kind := range "wbfc" {
		require.Equal(t, turns*size, strings.Count(string(all), string(kind)), "%c", kind)
	}
}

// If this fails, a copy that begins in the kernel and goes on outside, because a goroutine has
// cleared O_NONBLOCK while it waited for room, counts one part only.
func TestCountOfCopyThatLeavesTheKernel(t *testing.T) {
	data, want := noise(1 << 19)
	src, from := streamPair(t, "tcp")
	dst, to := streamPair(t, "tcp")
	require.NoError(t, dst.SetWriteBuffer(1<<14))
	require.NoError(t, to.SetReadBuffer(1<<14))
	calls := count(t)
	go func() { from.Write(data); from.CloseWrite() }()
	copied := make(chan int64, 1)
	go func() {
		n, err := dst.(io.ReaderFrom).ReadFrom(src)
		assert.NoError(t, err)
		copied <- n
	}()
	nettest.Eventually(t, "it has begun", func() bool { return calls.splices.Load() > 1 })
	raw, err := dst.(syscall.Conn).SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(fd uintptr) { err = syscall.SetNonblock(int(fd), false) }))
	require.NoError(t, err)
	received := slow(t, to)
	require.Equal(t, want.n, <-copied)
	require.NoError(t, dst.CloseWrite())
	require.Equal(t, want, <-received)
}
