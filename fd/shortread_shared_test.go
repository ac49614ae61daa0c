//go:build linux

package fd

import (
	"bytes"
	"sync"
	"syscall"
	"testing"

	"github.com/a57b2d82/netpoller/poller"
)

// The short-read rule where the FD is not alone with its socket.

// RawRead takes the edge that the rule would wait for; the Read after it must ask.
func TestRawReadBetweenReads(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for range 50 {
			fd, far := pair(t, g)
			far.send("hello")
			reads(t, fd, 100, "hello")
			before := g.Stats().Events
			far.send("more")
			eventually(t, "event", func() bool { return g.Stats().Events > before })
			peek := make([]byte, 100)
			var n int
			returns(t, "RawRead", func() {
				ok(t, fd.RawRead(func(sysfd uintptr) bool {
					var err error
					n, _, err = syscall.Recvfrom(int(sysfd), peek, syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
					return err != syscall.EAGAIN
				}))
			})
			if string(peek[:n]) != "more" {
				t.Fatalf("peeked at %q", peek[:n])
			}
			reads(t, fd, 100, "more")
			ok(t, fd.Close())
		}
	})
}

// Another process may receive the urgent byte, and with it the fact that there was one:
// epoll says nothing of it any more, but reads still end there.
func TestUrgentByteTakenBySomeoneElse(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for name, take := range map[string]func(fd *FD, recv func(sysfd uintptr)){
			"RawControl": func(fd *FD, recv func(sysfd uintptr)) { ok(t, fd.RawControl(recv)) },
			"RawRead": func(fd *FD, recv func(sysfd uintptr)) {
				ok(t, fd.RawRead(func(sysfd uintptr) bool { recv(sysfd); return true }))
			},
			"RawWrite": func(fd *FD, recv func(sysfd uintptr)) {
				ok(t, fd.RawWrite(func(sysfd uintptr) bool { recv(sysfd); return true }))
			},
			"Dup": func(fd *FD, recv func(sysfd uintptr)) {
				dup, err := fd.Dup()
				ok(t, err)
				recv(uintptr(dup))
				syscall.Close(dup)
			},
		} {
			t.Run(name, func(t *testing.T) {
				for range 200 {
					fd, far := pair(t, g)
					far.send("before")
					take(fd, func(sysfd uintptr) {
						far.urgent("!")
						far.send("after")
						eventually(t, "urgent byte", func() bool { // often before the poller sees it
							n, _, _ := syscall.Recvfrom(int(sysfd), make([]byte, 1), syscall.MSG_OOB)
							return n == 1
						})
					})
					reads(t, fd, 100, "before")
					reads(t, fd, 100, "after")
					ok(t, fd.Close())
				}
			})
		}
	})
}

// Another process may read from the same socket. Then readiness comes to nothing, but
// what is left must not be forgotten.
func TestReadsBySomeoneElse(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		dup, err := fd.Dup()
		ok(t, err)
		defer syscall.Close(dup)
		steal := func(n int) (string, error) {
			buf := make([]byte, n)
			n, _, err := syscall.Recvfrom(dup, buf, syscall.MSG_DONTWAIT)
			return string(buf[:max(n, 0)]), err
		}
		for range 100 {
			far.send("hello")
			reads(t, fd, 100, "hello")
			far.send("stolen")
			eventually(t, "stolen", func() bool { s, _ := steal(100); return s == "stolen" })
			far.send("half and half")
			eventually(t, "half of it stolen", func() bool { s, _ := steal(5); return s == "half " })
			reads(t, fd, 100, "and half")
		}
		// At random, with two of us and one of them: all arrives, once.
		var got bytes.Buffer
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				for buf := make([]byte, 64); ; {
					n, err := fd.Read(buf)
					mu.Lock()
					got.Write(buf[:n])
					mu.Unlock()
					if err != nil {
						return
					}
				}
			})
		}
		wg.Go(func() {
			for {
				s, err := steal(7)
				if err == nil && s == "" {
					return
				}
				mu.Lock()
				got.WriteString(s)
				mu.Unlock()
			}
		})
		for range 2000 {
			far.send("0123456789")
		}
		far.fin()
		returns(t, "readers", wg.Wait)
		if got.Len() != 20_000 {
			t.Errorf("%d bytes arrived of 20000", got.Len())
		}
	})
}
