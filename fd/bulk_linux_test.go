package fd

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/poller"
)

// ones returns count buffers of a byte each, with empty ones around every other, and
// what they say.
func ones(count int) (v [][]byte, all []byte) {
	for i := range count {
		all = append(all, byte(i))
		if i%2 == 0 {
			v = append(v, nil, all[i:i+1:i+1], []byte{})
			continue
		}
		v = append(v, all[i:i+1:i+1])
	}
	return v, all
}

// If this fails, Writev makes more system calls than it must, or writes buffers out of
// order, or leaves some of them.
func TestWritevCalls(t *testing.T) {
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	for name, pair := range map[string]func(testing.TB, *poller.Group) (*FD, *peer){"tcp": pair, "unix": unixPair} {
		for count, calls := range map[int]int{0: 0, 1: 1, 2: 1, 16: 1, 17: 1, 1023: 1, 1024: 1, 1025: 2, 2048: 2, 2049: 3} {
			t.Run(fmt.Sprint(name, " ", count), func(t *testing.T) {
				fd, far := pair(t, g)
				c := watch(t, fd.sysfd, nil)
				v, want := ones(count)
				n, err := fd.Writev(&v)
				if n != int64(count) || err != nil || len(v) != 0 {
					t.Fatalf("Writev = %d, %v with %d buffers left, want %d", n, err, len(v), count)
				}
				if got := c.of(sys.CallWrite); got != calls {
					t.Errorf("%d calls, want %d", got, calls)
				}
				if got := far.recv(count); got != string(want) {
					t.Error("not what was sent")
				}
			})
		}
	}
}

// If this fails, buffers of nothing are written, or taken off without a write.
func TestWritevOfNothing(t *testing.T) {
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	fd, _ := pair(t, g)
	c := watch(t, fd.sysfd, nil)
	for _, v := range [][][]byte{nil, {nil}, {{}, nil, {}}} {
		count := len(v)
		if n, err := fd.Writev(&v); n != 0 || err != nil || len(v) != count {
			t.Errorf("Writev = %d, %v with %d buffers left of %d", n, err, len(v), count)
		}
	}
	if n := c.of(sys.CallWrite); n != 0 {
		t.Errorf("%d calls", n)
	}
}

// If this fails, a Writev that is cut short, by a deadline or an error, leaves in the
// buffers something else than what the peer did not get.
func TestWritevCutShort(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for name, cut := range map[string]struct {
			fault func(call sys.Call, calls int) error
			want  error
		}{
			"deadline": {want: os.ErrDeadlineExceeded},
			"error": {want: syscall.EPIPE, fault: func(call sys.Call, calls int) error {
				if call == sys.CallWrite && calls == 2 {
					return syscall.EPIPE
				}
				return nil
			}},
		} {
			t.Run(name, func(t *testing.T) {
				fd, far := pair(t, g)
				small(t, fd, far)
				var v [][]byte
				var all []byte
				for i := range 3000 {
					piece := bytes.Repeat([]byte{byte(i)}, rand.N(3000))
					v, all = append(v, piece), append(all, piece...)
				}
				if cut.fault != nil {
					var calls atomic.Int32
					watch(t, fd.sysfd, func(call sys.Call) error { return cut.fault(call, int(calls.Add(1))) })
				}
				var n int64
				wrote := async(func() (err error) { n, err = fd.Writev(&v); return err })
				if cut.fault == nil {
					parked(t, g, 0, 1)
					ok(t, fd.SetWriteDeadline(longAgo))
				}
				if err := result(t, "Writev", wrote); err != cut.want {
					t.Fatalf("Writev: %v", err)
				}
				ok(t, fd.Close())
				got := int64(len(all) - len(bytes.Join(v, nil)))
				if got != n || !bytes.Equal(bytes.Join(v, nil), all[n:]) || n == 0 {
					t.Errorf("Writev reported %d bytes, %d are gone from the buffers", n, got)
				}
				if len(v) == 0 || len(v[0]) == 0 {
					t.Error("an empty buffer was left in front")
				}
			})
		}
	})
}

// If this fails, a signal or a full socket shows in what Writev, SendFile or Splice
// return.
func TestBulkInterrupted(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		src, from := pair(t, g)
		dst, to := pair(t, g)
		file := tempFile(t, []byte("from a file"))
		for name, move := range map[string]func() (int64, error){
			"from a Writev": func() (int64, error) { return dst.Writev(&[][]byte{[]byte("from a"), []byte(" Writev")}) },
			"from a file": func() (int64, error) {
				n, _, err := dst.SendFile(file, Unlimited)
				return n, err
			},
			"from a peer": func() (int64, error) {
				from.send("from a peer")
				n, _, err := Splice(dst, src, int64(len("from a peer")))
				return n, err
			},
		} {
			var tries atomic.Int32
			restore := sys.SetFault(func(c sys.Call, _ int) error {
				interrupted := c == sys.CallRead || c == sys.CallWrite || c == sys.CallSplice
				if interrupted && tries.Add(1) <= 5 {
					return syscall.EINTR
				}
				return nil
			})
			n, err := move()
			restore()
			if n != int64(len(name)) || err != nil {
				t.Errorf("%s: %d, %v", name, n, err)
			}
			if got := to.recv(len(name)); got != name {
				t.Errorf("%s: the peer got %q", name, got)
			}
		}
	})
}

// tempFile returns the descriptor of a file with data in it.
func tempFile(t testing.TB, data []byte) (sysfd int) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "data")
	ok(t, os.WriteFile(name, data, 0o600))
	sysfd, err := syscall.Open(name, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	ok(t, err)
	t.Cleanup(func() { syscall.Close(sysfd) })
	return sysfd
}

// If this fails, SendFile sends more or less than it was asked for, or says that it has
// sent, or cannot send, when it is not so.
func TestSendFile(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		small(t, fd, far)
		data := bytes.Repeat([]byte("0123456789"), 100_000)
		file := tempFile(t, data)
		received := make(chan string, 1)
		go func() { received <- far.recv(len(data)) }()
		for _, c := range []struct{ limit, want int64 }{{0, 0}, {1, 1}, {500_000, 500_000}, {Unlimited, 499_999}, {1, 0}, {Unlimited, 0}} {
			if n, handled, err := fd.SendFile(file, c.limit); n != c.want || !handled || err != nil {
				t.Fatalf("SendFile of %d = %d, %v, %v", c.limit, n, handled, err)
			}
		}
		if result(t, "peer", received) != string(data) {
			t.Error("not what is in the file")
		}
		var p [2]int
		ok(t, syscall.Pipe2(p[:], syscall.O_CLOEXEC))
		defer syscall.Close(p[0])
		defer syscall.Close(p[1])
		if n, handled, err := fd.SendFile(p[0], Unlimited); n != 0 || handled || err != syscall.EINVAL {
			t.Errorf("SendFile from a pipe = %d, %v, %v", n, handled, err)
		}
		if n, handled, err := fd.SendFile(-1, Unlimited); n != 0 || !handled || err != syscall.EBADF {
			t.Errorf("SendFile from nowhere = %d, %v, %v", n, handled, err)
		}
		ok(t, fd.SetDeadline(longAgo))
		if n, handled, err := fd.SendFile(file, Unlimited); n != 0 || handled || err != os.ErrDeadlineExceeded {
			t.Errorf("SendFile past the deadline = %d, %v, %v", n, handled, err)
		}
		ok(t, fd.Close())
		if n, handled, err := fd.SendFile(file, Unlimited); n != 0 || handled || err != net.ErrClosed {
			t.Errorf("SendFile after Close = %d, %v, %v", n, handled, err)
		}
	})
}

// If this fails, Splice goes on after the end or the limit, or calls what the kernel
// refused done.
func TestSplice(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		src, from := pair(t, g)
		dst, to := pair(t, g)
		from.send("hello, world")
		from.fin()
		for _, c := range []struct {
			limit int64
			want  string
		}{{0, ""}, {5, "hello"}, {Unlimited, ", world"}, {5, ""}, {Unlimited, ""}} {
			n, handled, err := Splice(dst, src, c.limit)
			if got := to.recv(int(n)); got != c.want || !handled || err != nil {
				t.Errorf("Splice of %d: %q, %v, %v, want %q", c.limit, got, handled, err, c.want)
			}
		}
		src, from = pair(t, g)
		var calls atomic.Int32
		defer sys.SetFault(func(call sys.Call, fd int) error {
			if call == sys.CallSplice && fd == src.sysfd && calls.Add(1) != 2 {
				return syscall.EINVAL
			}
			return nil
		})()
		from.send("x")
		if n, handled, err := Splice(dst, src, 2); n != 0 || handled || err != syscall.EINVAL {
			t.Errorf("Splice refused at once = %d, %v, %v", n, handled, err)
		}
		if n, handled, err := Splice(dst, src, 2); n != 1 || !handled || err != syscall.EINVAL {
			t.Errorf("Splice refused later = %d, %v, %v", n, handled, err)
		}
	})
}

// If this fails, a Splice that cannot write gives a pipe with something in it to the
// next one, whose peer then gets what is not his.
func TestSpliceLeavesNothingInPipes(t *testing.T) {
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	for range 100 {
		src, from := pair(t, g)
		dst, to := pair(t, g)
		from.send("lost")
		ok(t, dst.SetWriteDeadline(longAgo))
		if n, handled, err := Splice(dst, src, 4); n != 0 || !handled || err != os.ErrDeadlineExceeded {
			t.Fatalf("Splice past the deadline = %d, %v, %v", n, handled, err)
		}
		ok(t, dst.SetWriteDeadline(time.Time{}))
		from.send("found")
		n, _, err := Splice(dst, src, 5)
		if got := to.recv(int(n)); got != "found" || err != nil {
			t.Fatalf("Splice moved %q, %v", got, err)
		}
		for _, fd := range []*FD{src, dst} {
			fd.Close()
		}
		from.close()
		to.close()
	}
}

// If this fails, pipes are made for each Splice, or never closed.
func TestPipesAreKeptAndDropped(t *testing.T) {
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	src, from := pair(t, g)
	dst, to := pair(t, g)
	drop := func() int {
		for range 3 {
			runtime.GC()
		}
		return nettest.OpenFDs(t)
	}
	before := drop()
	made, make := 0, pipes.New
	pipes.New = func() any { made++; return make() }
	defer func() { pipes.New = make }()
	for range 1000 {
		from.send("x")
		if n, _, err := Splice(dst, src, 1); n != 1 || err != nil {
			t.Fatalf("Splice = %d, %v", n, err)
		}
		to.recv(1)
	}
	// A few, or several hundred with the race detector, which makes pools forget.
	if now := nettest.OpenFDs(t); now > before+1000 {
		t.Errorf("%d descriptors, %d before", now, before)
	}
	if made >= 900 {
		t.Errorf("%d pipes were made for 1000 calls", made)
	}
	eventually(t, "pipes are closed", func() bool { return drop() <= before })
}

// If this fails, a pipe that holds what nobody took is left open; or it is closed twice, the
// second time when its numbers have been reused.
func TestFailedSpliceClosesItsPipe(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	first, _ := pair(t, g) // so that the group has its descriptors
	defer first.Close()
	before := nettest.OpenFDs(t)
	var others []int // they have the numbers of the pipes
	for range 20 {
		src, from := pair(t, g)
		dst, to := pair(t, g)
		from.send("x")
		to.reset()
		eventually(t, "reset", dst.PeerClosed)
		if n, handled, err := Splice(dst, src, 1); n != 0 || !handled || err == nil {
			t.Fatalf("Splice = %d, %v, %v", n, handled, err)
		}
		from.close()
		ok(t, src.Close())
		ok(t, dst.Close())
		for range 8 {
			other, err := sys.Eventfd()
			ok(t, err)
			others = append(others, other)
		}
	}
	for range 3 {
		cleaned := make(chan bool)
		runtime.AddCleanup(new([64]byte), func(c chan bool) { close(c) }, cleaned)
		runtime.GC()
		result(t, "cleanup functions", cleaned)
	}
	for _, other := range others {
		ok(t, syscall.Close(other))
	}
	if now := nettest.OpenFDs(t); now > before {
		t.Errorf("%d descriptors, %d before", now, before)
	}
}

// If this fails, more is taken off a stream than was asked for.
func TestSpliceKeepsItsLimit(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		src, from := pair(t, g)
		dst, to := pair(t, g)
		from.send("12345")
		moved := async(func() error {
			n, handled, err := Splice(dst, src, 10)
			if n != 10 || !handled {
				t.Errorf("Splice = %d, %v", n, handled)
			}
			return err
		})
		to.recv(5)
		from.send("67890more")
		ok(t, result(t, "Splice", moved))
		require.Equal(t, "67890", to.recv(5))
		reads(t, src, 8, "more")
	})
}

// If this fails, one call takes more than the kernel does, or does not know how much it takes.
func TestGather(t *testing.T) {
	const page = 4096
	large, err := unix.Mmap(-1, 0, maxTransfer+page, unix.PROT_NONE, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
	ok(t, err)
	defer unix.Munmap(large)
	for _, tt := range []struct {
		v           [][]byte
		kind        Kind
		iovs, bytes int
	}{
		{[][]byte{large[:page], nil, large[:1]}, KindTCP, 2, page + 1},
		{[][]byte{large[:page], large}, KindTCP, 2, maxTransfer},
		{[][]byte{large, large}, KindStream, 1, maxTransfer},
		{[][]byte{large[:1], large}, KindPacket, 2, maxTransfer + page + 1},
	} {
		fd := &FD{kind: tt.kind}
		iovs, n := fd.gather(nil, tt.v)
		if len(iovs) != tt.iovs || n != tt.bytes {
			t.Errorf("gather(%d buffers) = %d of them, %d bytes, want %d, %d", len(tt.v), len(iovs), n, tt.iovs, tt.bytes)
		}
	}
}

// If this fails, a Read, a Splice or the two in turn wait for data that is there: the
// short-read rule was not told of the Splice, or an edge was forgotten. The peer stops
// now and then until all of it was read.
func TestHuntWithSplice(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for end := time.Now().Add(*huntFor / 4); time.Now().Before(end) && !t.Failed(); {
			src, from := pair(t, g)
			dst, to := pair(t, g)
			var got atomic.Int64
			done := async(func() error {
				random := rand.New(rand.NewPCG(rand.Uint64(), 0))
				buf := make([]byte, 40)
				for {
					size := 1 + random.IntN(40)
					if random.IntN(2) == 0 {
						n, err := src.Read(buf[:size])
						got.Add(int64(n))
						if err != nil {
							return err
						}
						continue
					}
					n, handled, err := Splice(dst, src, int64(size))
					to.recv(int(n))
					got.Add(n)
					switch {
					case err != nil || !handled:
						return fmt.Errorf("Splice: %v, %v", handled, err)
					case n < int64(size):
						return io.EOF
					}
				}
			})
			sent := int64(0)
			for range 200 {
				n := 1 + rand.IntN(60)
				from.send(string(make([]byte, n)))
				sent += int64(n)
				if rand.IntN(4) == 0 {
					// A Splice may hold a part of its size back and wait for the rest.
					eventually(t, "nearly all was read", func() bool { return got.Load() > sent-40 })
				}
			}
			from.fin()
			if err := result(t, "reader", done); err != io.EOF || got.Load() != sent {
				t.Errorf("read %d bytes of %d, then %v", got.Load(), sent, err)
			}
			for _, c := range []io.Closer{src, dst} {
				c.Close()
			}
			from.close()
			to.close()
		}
	})
}

// If this fails, many buffers for a peer that is slow arrive otherwise than they were
// sent.
func TestWritevBulk(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		a, b := fdPair(t, g)
		ok(t, a.SetsockoptInt(syscall.SOL_SOCKET, syscall.SO_SNDBUF, 1))
		all := make([]byte, 2<<20)
		rand.NewChaCha8([32]byte{2}).Read(all)
		var v [][]byte
		for rest := all; len(rest) > 0; {
			n := min(len(rest), rand.IntN(2000))
			v, rest = append(v, slices.Clone(rest[:n])), rest[n:]
		}
		wrote := async(func() error {
			n, err := a.Writev(&v)
			if n != int64(len(all)) {
				t.Errorf("Writev = %d", n)
			}
			a.Shutdown(syscall.SHUT_WR)
			return err
		})
		got, err := io.ReadAll(b)
		ok(t, err)
		ok(t, result(t, "Writev", wrote))
		if !bytes.Equal(got, all) {
			t.Errorf("%d bytes arrived of %d, or not what was sent", len(got), len(all))
		}
	})
}

// If this fails, a Splice that is woken for nothing blocks in the kernel, where Close cannot
// wake it, because another program has cleared O_NONBLOCK meanwhile.
func TestSpliceDoesNotBlock(t *testing.T) {
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	src, _ := pair(t, g)
	dst, _ := pair(t, g)
	moved := async(func() error { _, _, err := Splice(dst, src, 1); return err })
	parked(t, g, 1, 0)
	src.MarkExposed()
	ok(t, syscall.SetNonblock(src.sysfd, false))
	c := watch(t, src.sysfd, nil)
	edge(src, 1) // Readable, which it is not
	eventually(t, "it waits again", func() bool { return c.of(sys.CallRead) > 0 })
	parked(t, g, 1, 0)
	ok(t, src.Close())
	require.ErrorIs(t, result(t, "Splice", moved), net.ErrClosed)
}

// If this fails, a Splice that goes on by writes, because another program has cleared O_NONBLOCK
// while it waited for room, forgets what it had moved before.
func TestSpliceCountsWhatItMovedBefore(t *testing.T) {
	const size = 1 << 19
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	src, from := pair(t, g)
	dst, to := pair(t, g)
	ok(t, dst.SetsockoptInt(syscall.SOL_SOCKET, syscall.SO_SNDBUF, 1<<14))
	ok(t, syscall.SetsockoptInt(to.sysfd, syscall.SOL_SOCKET, syscall.SO_RCVBUF, 1<<14))
	sent := async(func() error { // some of it, and the rest fails
		syscall.SendmsgN(from.sysfd, make([]byte, size), nil, nil, syscall.MSG_NOSIGNAL)
		return nil
	})
	var n int64
	moved := async(func() (err error) { n, _, err = Splice(dst, src, size); return err })
	eventually(t, "it waits for room", func() bool { return g.Stats().ParkedWriters == 1 })
	dst.MarkExposed()
	ok(t, syscall.SetNonblock(dst.sysfd, false))
	received := make(chan int)
	go func() {
		got, p := 0, make([]byte, 1<<16)
		for m := 1; m > 0; got += m {
			m, _ = syscall.Read(to.sysfd, p)
		}
		received <- got
	}()
	ok(t, result(t, "Splice", moved))
	ok(t, dst.Shutdown(syscall.SHUT_WR))
	require.EqualValues(t, n, result(t, "the peer", received))
	require.NotZero(t, n)
	ok(t, src.Close())
	ok(t, result(t, "the sender", sent))
}

// If this fails, a Splice whose source is closed while it writes asks the kernel about the
// number of the source's descriptor, which another file may have by then (HB-6), and the race
// detector reports it.
func TestSpliceAsksNoClosedSource(t *testing.T) {
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	src, from := pair(t, g)
	dst, to := pair(t, g)
	ok(t, dst.SetsockoptInt(syscall.SOL_SOCKET, syscall.SO_SNDBUF, 1<<14))
	ok(t, syscall.SetsockoptInt(to.sysfd, syscall.SOL_SOCKET, syscall.SO_RCVBUF, 1<<14))
	src.MarkExposed()
	sent := async(func() error { // some of it, and the rest fails
		syscall.SendmsgN(from.sysfd, make([]byte, 1<<19), nil, nil, syscall.MSG_NOSIGNAL)
		return nil
	})
	moved := async(func() error { _, _, err := Splice(dst, src, Unlimited); return err })
	eventually(t, "it waits for room", func() bool { return g.Stats().ParkedWriters == 1 })
	asked := watch(t, -1, nil)
	ok(t, result(t, "Close", async(src.Close)))
	received := async(func() error {
		p := make([]byte, 1<<16)
		for n := 1; n > 0; {
			n, _ = syscall.Read(to.sysfd, p)
		}
		return nil
	})
	require.ErrorIs(t, result(t, "Splice", moved), net.ErrClosed)
	require.Zero(t, asked.of(sys.CallFcntl))
	ok(t, dst.Shutdown(syscall.SHUT_WR))
	ok(t, result(t, "the peer", received))
	ok(t, result(t, "the sender", sent))
}
