//go:build linux

package fd

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/poller"
)

// Short reads that do not mean that the stream was empty, and of which the process cannot
// know. With MemoryMayFault a Read asks the kernel after them, as it does in package net.

// eachMayFault runs f without the field and with it, for either wait strategy.
func eachMayFault(t *testing.T, f func(t *testing.T, g *poller.Group)) {
	for name, c := range map[string]poller.Config{
		"default": {}, "nested": {MemoryMayFault: true}, "thread": {MemoryMayFault: true, Strategy: poller.Thread},
	} {
		t.Run(name, func(t *testing.T) {
			g := poller.NewGroup(c)
			t.Cleanup(func() { g.Close() })
			f(t, g)
		})
	}
}

// rests reads the rest of what is there after a short read. Without the field that would
// wait forever, which the short read has decided.
func rests(t *testing.T, g *poller.Group, fd *FD, buf []byte, rest int) {
	t.Helper()
	if fd.sawEmpty == g.Config().MemoryMayFault {
		t.Fatalf("after a short read: sawEmpty %v", fd.sawEmpty)
	}
	if fd.sawEmpty {
		return
	}
	returns(t, "Reads of the rest", func() {
		for rest > 0 {
			n, err := fd.Read(buf)
			if err != nil || n == 0 || n > rest {
				t.Errorf("Read = %d, %v, with %d there", n, err, rest)
				return
			}
			rest -= n
		}
	})
}

// The kernel ends a read at a page that is not there, if it has copied some of the data.
func TestShortReadOfMemoryThatFaults(t *testing.T) {
	pages := 6 * os.Getpagesize()
	good := pages - os.Getpagesize()
	for name, memory := range map[string]func(t *testing.T) []byte{
		"protected page": func(t *testing.T) []byte {
			m := mapped(t, -1, pages, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS)
			ok(t, unix.Mprotect(m[good:], unix.PROT_NONE))
			return m
		},
		"file that is too short": func(t *testing.T) []byte {
			f, err := os.Create(filepath.Join(t.TempDir(), "short"))
			ok(t, err)
			defer f.Close()
			ok(t, f.Truncate(int64(good)))
			return mapped(t, int(f.Fd()), pages, unix.MAP_SHARED)
		},
	} {
		t.Run(name, func(t *testing.T) {
			eachMayFault(t, func(t *testing.T, g *poller.Group) {
				fd, far := pair(t, g)
				buf := memory(t)
				// Small messages, so that the kernel, which copies each of the runs that it
				// has put them together to as a whole or not at all, has several runs.
				message := string(make([]byte, good/50))
				for range 60 {
					far.send(message)
				}
				far.arrived()
				n, err := fd.Read(buf)
				if err != nil || n == 0 || n > good {
					t.Fatalf("Read = %d, %v, of which %d can be", n, err, good)
				}
				rests(t, g, fd, buf, 60*len(message)-n)
			})
		})
	}
}

func mapped(t *testing.T, file, size, flags int) []byte {
	t.Helper()
	m, err := unix.Mmap(file, 0, size, unix.PROT_READ|unix.PROT_WRITE, flags)
	ok(t, err)
	t.Cleanup(func() { unix.Munmap(m) })
	return m
}

// A program of a cgroup, or a process that has taken the descriptor (pidfd_getfd), sets an
// option, and nothing here tells.
func TestLowWaterMarkFromOutside(t *testing.T) {
	eachMayFault(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		ok(t, syscall.SetsockoptInt(fd.sysfd, syscall.SOL_SOCKET, syscall.SO_RCVLOWAT, 1000))
		far.send(string(make([]byte, 1500)))
		far.arrived()
		buf := make([]byte, 4096)
		if n, err := fd.Read(buf); n != 1500 || err != nil {
			t.Fatalf("Read = %d, %v", n, err)
		}
		far.send("below")
		far.arrived()
		rests(t, g, fd, buf, len("below"))
	})
}

// If this fails, a Read that waits costs other system calls than documented: one where the
// last one showed the stream empty, and with MemoryMayFault two, as in package net.
func TestSystemCallsOfAReadThatWaits(t *testing.T) {
	eachMayFault(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		want := 1
		if g.Config().MemoryMayFault {
			want = 2
		}
		for i := range 10 {
			c := watch(t, fd.sysfd, nil)
			read := async(func() error { _, err := fd.Read(make([]byte, 8)); return err })
			parked(t, g, 1, 0)
			far.send("x")
			ok(t, result(t, "Read", read))
			if n := c.of(sys.CallRead); i > 0 && n != want {
				t.Errorf("%d calls, want %d", n, want)
			}
		}
	})
}
