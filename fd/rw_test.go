//go:build linux

package fd

import (
	"bytes"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/poller"
)

// If this failed, not even the simplest exchange would work.
func TestReadWrite(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for name, pair := range map[string]func(testing.TB, *poller.Group) (*FD, *peer){"tcp": pair, "unix": unixPair} {
			t.Run(name, func(t *testing.T) {
				fd, far := pair(t, g)
				far.send("hello")
				reads(t, fd, 100, "hello")
				got := async(func() error { reads(t, fd, 100, "again"); return nil })
				parked(t, g, 1, 0)
				far.send("again")
				result(t, "Read", got)
				if n, err := fd.Write([]byte("world")); n != 5 || err != nil {
					t.Fatalf("Write = %d, %v", n, err)
				}
				if got := far.recv(5); got != "world" {
					t.Fatalf("peer received %q", got)
				}
			})
		}
	})
}

// Package net answers a Read of no bytes at once, and a Write of none too; code that
// relies on it would hang (golang/go#15735).
func TestZeroLength(t *testing.T) {
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	fd, far := pair(t, g)
	for _, p := range [][]byte{nil, {}} {
		returns(t, "Read of nothing", func() {
			if n, err := fd.Read(p); n != 0 || err != nil {
				t.Errorf("Read = %d, %v", n, err)
			}
		})
		if n, err := fd.Write(p); n != 0 || err != nil {
			t.Errorf("Write = %d, %v", n, err)
		}
	}
	far.send("x")
	reads(t, fd, 10, "x")
	returns(t, "Read of nothing after a short read", func() {
		if n, err := fd.Read(nil); n != 0 || err != nil {
			t.Errorf("Read = %d, %v", n, err)
		}
	})
	far.fin()
	readsEOF(t, fd)
	if n, err := fd.Read(nil); n != 0 || err != nil {
		t.Errorf("Read of nothing at the end = %d, %v", n, err)
	}
}

// A Read or Write that gave up at a signal, or at a wake-up for nothing, would fail
// programs at random; the data must come all the same.
func TestInterruptedCalls(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		c := watch(t, fd.sysfd, func() func(sys.Call) error {
			r, w := firstFail(sys.CallRead, 5, syscall.EINTR), firstFail(sys.CallWrite, 5, syscall.EINTR)
			return func(call sys.Call) error {
				if err := r(call); err != nil {
					return err
				}
				return w(call)
			}
		}())
		far.send("hello")
		reads(t, fd, 5, "hello")
		if n, err := fd.Write([]byte("world")); n != 5 || err != nil {
			t.Fatalf("Write = %d, %v", n, err)
		}
		if got := far.recv(5); got != "world" {
			t.Fatalf("peer received %q", got)
		}
		if c.of(sys.CallRead) != 6 || c.of(sys.CallWrite) != 6 {
			t.Errorf("%d reads and %d writes, want 6 and 6", c.of(sys.CallRead), c.of(sys.CallWrite))
		}
	})
}

// After EAGAIN an operation must wait for an edge, not report EAGAIN and not ask again
// and again.
func TestWouldBlock(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		r := watch(t, fd.sysfd, firstFail(sys.CallRead, 1, syscall.EAGAIN))
		got := async(func() error { reads(t, fd, 100, "hello"); return nil })
		parked(t, g, 1, 0)
		far.send("hello")
		result(t, "Read", got)
		if n := r.of(sys.CallRead); n < 2 || n > 3 {
			t.Errorf("%d reads", n)
		}

		fd, far = pair(t, g)
		w := watch(t, fd.sysfd, firstFail(sys.CallWrite, 1, syscall.EAGAIN))
		wrote := async(func() error { _, err := fd.Write([]byte("world")); return err })
		eventually(t, "first write", func() bool { return w.of(sys.CallWrite) > 0 })
		far.send("x") // an edge, which reports that there is room too
		ok(t, result(t, "Write", wrote))
		if got := far.recv(5); got != "world" {
			t.Fatalf("peer received %q", got)
		}
	})
}

// Other errors must arrive as they are, with what was written before counted once.
func TestFailingCalls(t *testing.T) {
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	fd, _ := pair(t, g)
	watch(t, fd.sysfd, func(call sys.Call) error {
		if call == sys.CallRead {
			return syscall.ENOBUFS
		}
		return nil
	})
	readsErr(t, fd, syscall.ENOBUFS)

	fd, far := pair(t, g)
	small(t, fd, far)
	writes := 0
	watch(t, fd.sysfd, func(call sys.Call) error {
		if call != sys.CallWrite {
			return nil
		}
		if writes++; writes == 2 {
			return syscall.EPIPE
		}
		return nil
	})
	n, err := fd.Write(make([]byte, 1<<20))
	if n <= 0 || n >= 1<<20 || err != syscall.EPIPE {
		t.Fatalf("Write = %d, %v, want some and EPIPE", n, err)
	}
	ok(t, fd.Close())
	if rest := drain(t, far); rest != n {
		t.Errorf("Write reported %d bytes, the peer got %d", n, rest)
	}
}

// small gives a connection small buffers, though not so small that it crawls.
func small(t testing.TB, fd *FD, far *peer) {
	t.Helper()
	ok(t, fd.SetsockoptInt(syscall.SOL_SOCKET, syscall.SO_SNDBUF, 16<<10))
	ok(t, syscall.SetsockoptInt(far.sysfd, syscall.SOL_SOCKET, syscall.SO_RCVBUF, 16<<10))
}

// drain reads to the end and counts.
func drain(t testing.TB, far *peer) (n int) {
	t.Helper()
	buf := make([]byte, 1<<16)
	for {
		m, err := syscall.Read(far.sysfd, buf)
		ok(t, err)
		if m == 0 {
			return n
		}
		n += m
	}
}

// A byte lost, doubled or reordered would change the checksum; one reported and not
// sent, the count.
func TestBulk(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for _, c := range []struct {
			name         string
			size, buffer int
		}{
			{"default buffer", 64 << 20, 0},
			{"small buffer", 64 << 20, 64 << 10},
			{"smallest buffer", 256 << 10, 1},
		} {
			t.Run(c.name, func(t *testing.T) {
				a, b := fdPair(t, g)
				if c.buffer != 0 {
					ok(t, a.SetsockoptInt(syscall.SOL_SOCKET, syscall.SO_SNDBUF, c.buffer))
				}
				sent := make(chan [32]byte, 1)
				go func() { sent <- sendBulk(t, a, c.size) }()
				got, n := receiveBulk(t, b)
				if n != c.size || got != result(t, "sender", sent) {
					t.Errorf("%d bytes arrived of %d, or not what was sent", n, c.size)
				}
			})
		}
	})
}

// sendBulk writes in chunks of any size, then the end.
func sendBulk(t *testing.T, fd *FD, size int) (sum [32]byte) {
	h := sha256.New()
	random := rand.NewChaCha8([32]byte{1})
	for chunk := make([]byte, 400_000); size > 0; {
		p := chunk[:min(size, 1+rand.N(len(chunk)))]
		random.Read(p)
		h.Write(p)
		if n, err := fd.Write(p); n != len(p) || err != nil {
			t.Errorf("Write = %d, %v, want %d", n, err, len(p))
			break
		}
		size -= len(p)
	}
	if err := fd.Shutdown(syscall.SHUT_WR); err != nil {
		t.Error(err)
	}
	return [32]byte(h.Sum(nil))
}

// receiveBulk reads to the end, in pieces of any size, now and then after a pause.
func receiveBulk(t *testing.T, fd *FD) (sum [32]byte, total int) {
	h := sha256.New()
	for buf := make([]byte, 1<<17); ; {
		n, err := fd.Read(buf[:1+rand.N(len(buf))])
		h.Write(buf[:n])
		total += n
		if err != nil {
			if err != io.EOF {
				t.Errorf("Read: %v", err)
			}
			return [32]byte(h.Sum(nil)), total
		}
		if rand.N(100) == 0 {
			time.Sleep(time.Millisecond) // the sender runs out of room
		}
	}
}

// A Write cut short by its deadline must report what the kernel took and no more.
func TestPartialWriteIsReported(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		small(t, fd, far)
		var n int
		wrote := async(func() (err error) {
			n, err = fd.Write(bytes.Repeat([]byte("x"), 8<<20))
			return err
		})
		parked(t, g, 0, 1)
		ok(t, fd.SetWriteDeadline(longAgo))
		if err := result(t, "Write", wrote); err != os.ErrDeadlineExceeded {
			t.Fatalf("Write: %v", err)
		}
		ok(t, fd.Close())
		if got := drain(t, far); got != n || n == 0 {
			t.Errorf("Write reported %d bytes, the peer got %d", n, got)
		}
	})
}

// Data that came before the end must be read before it is reported
// (golang/go#27752, and every poller that closes on the hang-up flag).
func TestDataThenEOF(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for name, pair := range map[string]func(testing.TB, *poller.Group) (*FD, *peer){"tcp": pair, "unix": unixPair} {
			t.Run(name, func(t *testing.T) {
				for _, size := range []int{1, 5, 100} {
					fd, far := pair(t, g)
					far.send("hello")
					far.close()
					var got []byte
					for {
						buf := make([]byte, size)
						var n int
						var err error
						returns(t, "Read", func() { n, err = fd.Read(buf) })
						got = append(got, buf[:n]...)
						if err == io.EOF {
							break
						}
						ok(t, err)
					}
					if string(got) != "hello" {
						t.Errorf("read %q before the end", got)
					}
					readsEOF(t, fd)
				}
			})
		}
	})
}

// A reset may discard data, but a reader must learn of it, once and then EOF, and a
// writer too.
func TestDataThenReset(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for range 200 {
			fd, far := pair(t, g)
			far.send("hello")
			far.reset()
			var got []byte
			var err error
			returns(t, "Reads", func() {
				for buf := make([]byte, 3); err == nil; {
					var n int
					n, err = fd.Read(buf)
					got = append(got, buf[:n]...)
				}
			})
			if !bytes.HasPrefix([]byte("hello"), got) || err != syscall.ECONNRESET {
				t.Fatalf("read %q, then %v, want a beginning and ECONNRESET", got, err)
			}
			readsEOF(t, fd)
			if n, err := fd.Write([]byte("x")); n != 0 || err != syscall.EPIPE {
				t.Fatalf("Write = %d, %v, want EPIPE", n, err)
			}
			fd.Close()
		}
	})
}

// A reset must reach the owners that are parked already, on both sides.
func TestResetWakesBothSides(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		small(t, fd, far)
		wrote := async(func() error { _, err := fd.Write(make([]byte, 8<<20)); return err })
		read := async(func() error { _, err := fd.Read(make([]byte, 10)); return err })
		parked(t, g, 1, 1)
		far.reset()
		errs := []error{result(t, "Write", wrote), result(t, "Read", read)}
		for _, err := range errs {
			if err != syscall.ECONNRESET && err != syscall.EPIPE && err != io.EOF {
				t.Errorf("after a reset: %v", errs)
			}
		}
	})
}

// Shutdown of our own reading side must end a parked Read.
func TestShutdownWakesReader(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, _ := pair(t, g)
		got := async(func() error { readsEOF(t, fd); return nil })
		parked(t, g, 1, 0)
		ok(t, fd.Shutdown(syscall.SHUT_RD))
		result(t, "Read", got)
		if _, err := fd.Write([]byte("still")); err != nil {
			t.Errorf("Write after SHUT_RD: %v", err)
		}
	})
}

// Without the lock of a side two readers would meet in one word ("double wait" in the
// runtime); with it each gets whole pieces, in turn, and none is lost.
func TestConcurrentReadersAndWriters(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		a, b := fdPair(t, g)
		const goroutines, each, size = 8, 200, 4
		var mu sync.Mutex
		seen := map[[size]byte]int{}
		var wg sync.WaitGroup
		for i := range goroutines {
			wg.Go(func() {
				for j := range each {
					if n, err := a.Write([]byte{byte(i), byte(j), 'x', 'y'}); n != size || err != nil {
						t.Errorf("Write = %d, %v", n, err)
					}
				}
			})
			wg.Go(func() {
				for range each {
					var p [size]byte
					if n, err := b.Read(p[:]); n != size || err != nil { // writes are whole
						t.Errorf("Read = %d, %v", n, err)
					}
					mu.Lock()
					seen[p]++
					mu.Unlock()
				}
			})
		}
		returns(t, "readers and writers", wg.Wait)
		if len(seen) != goroutines*each {
			t.Errorf("%d different messages arrived of %d", len(seen), goroutines*each)
		}
	})
}
