//go:build linux

package fd

import (
	"bytes"
	"errors"
	"math"
	"net"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/poller"
)

// cut cuts data into runs as long as lengths say, and the rest.
func cut(data, lengths []byte) (v [][]byte) {
	for _, n := range lengths {
		n := min(int(n), len(data))
		v = append(v, data[:n:n])
		data = data[n:]
	}
	return append(v, data)
}

// FuzzGather writes buffers to a kernel that takes as many bytes each time as it likes. If
// it failed, Buffers would lose bytes, or send some twice, when a write is cut short.
func FuzzGather(f *testing.F) {
	f.Add([]byte("hello, world"), []byte{5, 0, 0, 2}, []byte{1, 4, 0, 3}, false)
	f.Add([]byte(""), []byte{0, 0, 0}, []byte{}, true)
	f.Add([]byte("one run"), []byte{}, []byte{6, 1}, true)
	f.Add(bytes.Repeat([]byte("x"), 3000), bytes.Repeat([]byte{1}, 2900), []byte{255, 0, 255}, false)
	f.Fuzz(func(t *testing.T, data, lengths, takes []byte, packet bool) {
		fd := &FD{kind: KindStream}
		if packet {
			fd.kind = KindPacket
		}
		v := cut(slices.Clone(data), lengths)
		var sent []byte
		var iovs []sys.Iovec
		for {
			var size int
			iovs, size = fd.gather(iovs[:0], v)
			if len(iovs) == 0 {
				break
			}
			var run []byte
			for _, iov := range iovs {
				if iov.Len == 0 {
					t.Fatal("an empty run")
				}
				run = append(run, unsafe.Slice(iov.Base, int(iov.Len))...)
			}
			if len(run) != size || len(iovs) > sys.MaxIovecs {
				t.Fatalf("%d bytes in %d runs are said to be %d", len(run), len(iovs), size)
			}
			n := size
			if len(takes) > 0 {
				n, takes = min(size, int(takes[0])), takes[1:]
			}
			sent = append(sent, run[:n]...)
			left := slices.Concat(v...)
			consume(&v, int64(n))
			if !bytes.Equal(slices.Concat(v...), left[n:]) || len(v) > 0 && len(v[0]) == 0 {
				t.Fatalf("%d of %d bytes taken, and %d left in %d runs", n, len(left), len(slices.Concat(v...)), len(v))
			}
		}
		if !bytes.Equal(sent, data) {
			t.Errorf("%q, not %q", sent, data)
		}
	})
}

// FuzzWritev writes buffers into a socket that has room for few, while a peer reads as much
// at a time as it likes.
func FuzzWritev(f *testing.F) {
	f.Add([]byte("hello, world"), []byte{5, 0, 0, 2}, []byte{1, 4, 0, 3})
	f.Add([]byte(""), []byte{1}, []byte{1})
	f.Add(bytes.Repeat([]byte("0123456789"), 2000), []byte{255, 255, 0, 1, 255}, []byte{255, 1, 100})
	f.Fuzz(func(t *testing.T, data, lengths, reads []byte) {
		near, far := socketpair(t)
		defer syscall.Close(far)
		ok(t, syscall.SetsockoptInt(near, syscall.SOL_SOCKET, syscall.SO_SNDBUF, 1))
		fd := &FD{}
		fd.Own(near, KindStream)
		ok(t, fd.Init(poller.Default()))
		got := make(chan []byte)
		go func() {
			var all []byte
			buf := make([]byte, 1<<16)
			for {
				size := len(buf)
				if len(reads) > 0 {
					size, reads = 1+int(reads[0]), reads[1:]
				}
				n, err := syscall.Read(far, buf[:size])
				if n <= 0 || err != nil {
					break
				}
				all = append(all, buf[:n]...)
			}
			got <- all
		}()
		v := cut(slices.Clone(data), lengths)
		left := 0
		if len(data) == 0 {
			left = len(v) // as in package net: nothing is written, and nothing taken off
		}
		n, err := fd.Writev(&v)
		fd.Close()
		if all := <-got; err != nil || n != int64(len(data)) || len(v) != left || !bytes.Equal(all, data) {
			t.Errorf("%d bytes of %d written, %v, %d runs left; %d bytes read", n, len(data), err, len(v), len(all))
		}
	})
}

// socketpair returns a non-blocking Unix stream and its peer, which blocks.
func socketpair(t *testing.T) (near, far int) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	ok(t, err)
	ok(t, syscall.SetNonblock(fds[0], true))
	return fds[0], fds[1]
}

// FuzzDeadline sets a deadline of any time on a socket of ours and on one of package net's.
// If it failed, a deadline that has passed would not count, or one that has not would.
func FuzzDeadline(f *testing.F) {
	for _, sec := range []int64{0, 1, -1, 1 << 31, 1 << 33, 1 << 60, -1 << 60, math.MaxInt64, math.MinInt64, -62135596800} {
		f.Add(sec, int64(0), byte(0))
		f.Add(sec, int64(-1), byte(0))
	}
	for _, d := range []int64{0, 2e9, -2e9, math.MaxInt64, math.MinInt64} {
		f.Add(int64(0), d, byte(1))
		f.Add(int64(0), d, byte(2))
	}
	near, far, err := sysPair()
	if err != nil {
		f.Fatal(err)
	}
	ours := &FD{}
	ours.Own(near, KindStream)
	if err := ours.Init(poller.Default()); err != nil {
		f.Fatal(err)
	}
	file := os.NewFile(uintptr(far), "far")
	theirs, err := net.FileConn(file)
	file.Close()
	if err != nil {
		f.Fatal(err)
	}
	raw, err := theirs.(syscall.Conn).SyscallConn()
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { ours.Close(); theirs.Close() })
	f.Fuzz(func(t *testing.T, sec, nsec int64, form byte) {
		when := time.Unix(sec, nsec)
		if form%3 > 0 {
			when = time.Now().Add(time.Duration(nsec))
		}
		if form%3 > 1 {
			when = when.Round(0)
		}
		ok(t, ours.SetReadDeadline(when))
		ok(t, theirs.SetReadDeadline(when))
		if left := time.Until(when); !when.IsZero() && -time.Second < left && left < time.Minute {
			return // it may pass at any time
		}
		passed := func(err error) bool {
			if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Error(err)
			}
			return err != nil
		}
		done := func(uintptr) bool { return true }
		if got, want := passed(ours.RawRead(done)), passed(raw.Read(done)); got != want {
			t.Errorf("%v has passed: %t, and with package net %t", when, got, want)
		}
		at, now := deadlineAt(when)
		if want := !when.IsZero() && time.Until(when) <= 0; (at == -1) != want || at != -1 && at != 0 && at <= now || at == 0 != when.IsZero() {
			t.Errorf("%v is %d, and now is %d", when, at, now)
		}
	})
}

// sysPair returns two non-blocking ends.
func sysPair() (a, b int, err error) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	return fds[0], fds[1], err
}
