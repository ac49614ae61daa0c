//go:build linux

package fd

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/poller"
)

// socketOf names what is behind a descriptor's number, or is "" if nothing is.
func socketOf(sysfd int) string {
	name, _ := os.Readlink(fmt.Sprintf("/proc/self/fd/%d", sysfd))
	return name
}

// A goroutine that Close forgot would be parked forever (golang/go#27752,
// golang/go#13049); a descriptor that outlives Close keeps its port and its peer.
func TestCloseWakesEveryone(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		small(t, fd, far)
		sysfd := fd.sysfd
		socket := socketOf(sysfd)
		const each = 4 // one of them parked, the others wait for its lock
		errs := make(chan error, 2*each)
		for range each {
			go func() { _, err := fd.Read(make([]byte, 10)); errs <- err }()
			go func() { _, err := fd.Write(make([]byte, 8<<20)); errs <- err }()
		}
		parked(t, g, 1, 1)
		var err error
		returns(t, "Close", func() { err = fd.Close() })
		ok(t, err)
		if socketOf(sysfd) == socket {
			t.Error("Close returned before the descriptor was closed")
		}
		for range 2 * each {
			if err := result(t, "Read or Write", errs); err != net.ErrClosed {
				t.Errorf("after Close: %v", err)
			}
		}
		parked(t, g, 0, 0)
		if n := g.Stats().Open; n != 0 {
			t.Errorf("%d descriptors registered after Close", n)
		}
	})
}

// An Accept that sleeps through Close would keep a server from ending.
func TestCloseWakesAccept(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		l := listener(t, g)
		got := async(func() error { _, _, err := l.Accept(); return err })
		parked(t, g, 1, 0)
		returns(t, "Close", func() { ok(t, l.Close()) })
		if err := result(t, "Accept", got); err != net.ErrClosed {
			t.Errorf("Accept: %v", err)
		}
	})
}

// Close must wake an Accept that would block in the kernel, also where a process may not ask
// whether the socket listens.
func TestCloseWakesAcceptThatMayNotAsk(t *testing.T) {
	for _, errno := range []syscall.Errno{syscall.EPERM, syscall.EINVAL} {
		eachWait(t, func(t *testing.T, g *poller.Group) {
			l := listener(t, g)
			ok(t, l.RawControl(func(sysfd uintptr) { ok(t, syscall.SetNonblock(int(sysfd), false)) }))
			watch(t, l.sysfd, firstFail(sys.CallGetsockopt, 1<<40, errno))
			got := async(func() error { _, _, err := l.Accept(); return err })
			parked(t, g, 1, 0)
			returns(t, "Close", func() { ok(t, l.Close()) })
			if err := result(t, "Accept", got); err != net.ErrClosed {
				t.Errorf("Accept: %v", err)
			}
		})
	}
}

// listener returns an FD that listens.
func listener(t testing.TB, g *poller.Group) *FD {
	t.Helper()
	sysfd := listening(t, 128)
	ok(t, syscall.SetNonblock(sysfd, true))
	return newFD(t, g, sysfd, KindTCP)
}

// Only one of several may close the number, or it closes a stranger's.
func TestCloseFromManyGoroutines(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for range 100 {
			fd, far := pair(t, g)
			reading := async(func() error { _, err := fd.Read(make([]byte, 10)); return err })
			var closed atomic.Int32
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					switch err := fd.Close(); err {
					case nil:
						closed.Add(1)
					case net.ErrClosed:
					default:
						t.Errorf("Close: %v", err)
					}
				})
			}
			returns(t, "Close", wg.Wait)
			if closed.Load() != 1 {
				t.Errorf("closed %d times", closed.Load())
			}
			if err := result(t, "Read", reading); err != net.ErrClosed {
				t.Errorf("Read: %v", err)
			}
			far.close()
		}
	})
}

// A number that was given away while f uses it would let f act on a stranger's socket
// (HB-6).
func TestCloseWaitsForReferences(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for name, use := range map[string]func(fd *FD, f func(uintptr)) error{
			"RawControl": func(fd *FD, f func(uintptr)) error { return fd.RawControl(f) },
			"RawRead": func(fd *FD, f func(uintptr)) error {
				return fd.RawRead(func(sysfd uintptr) bool { f(sysfd); return true })
			},
			"RawWrite": func(fd *FD, f func(uintptr)) error {
				return fd.RawWrite(func(sysfd uintptr) bool { f(sysfd); return true })
			},
		} {
			t.Run(name, func(t *testing.T) {
				fd, _ := pair(t, g)
				socket := socketOf(fd.sysfd)
				inside, leave := make(chan bool), make(chan bool)
				using := async(func() error {
					return use(fd, func(sysfd uintptr) {
						inside <- true
						<-leave
						if socketOf(int(sysfd)) != socket {
							t.Error("the number is no longer this socket's")
						}
					})
				})
				result(t, name, inside)
				closing := async(fd.Close)
				eventually(t, "closed to newcomers", func() bool {
					return fd.RawControl(func(uintptr) {}) == net.ErrClosed
				})
				for range 100 {
					runtime.Gosched()
				}
				if len(closing) != 0 {
					t.Error("Close returned while the descriptor was in use")
				}
				close(leave)
				ok(t, result(t, name, using))
				ok(t, result(t, "Close", closing))
			})
		}
	})
}

// Every call after Close must say so, and must not reach a number that is -1 or a
// stranger's.
func TestEverythingFailsAfterClose(t *testing.T) {
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	fd, _ := pair(t, g)
	ok(t, fd.Close())
	for name, f := range map[string]func() error{
		"Read":             func() error { _, err := fd.Read(make([]byte, 1)); return err },
		"Read of nothing":  func() error { _, err := fd.Read(nil); return err },
		"Write":            func() error { _, err := fd.Write([]byte("x")); return err },
		"Write of nothing": func() error { _, err := fd.Write(nil); return err },
		"Accept":           func() error { _, _, err := fd.Accept(); return err },
		"SetDeadline":      func() error { return fd.SetDeadline(longAgo) },
		"SetReadDeadline":  func() error { return fd.SetReadDeadline(longAgo) },
		"SetWriteDeadline": func() error { return fd.SetWriteDeadline(longAgo) },
		"Shutdown":         func() error { return fd.Shutdown(syscall.SHUT_WR) },
		"Dup":              func() error { _, err := fd.Dup(); return err },
		"RawControl":       func() error { return fd.RawControl(nil) },
		"RawRead":          func() error { return fd.RawRead(nil) },
		"RawWrite":         func() error { return fd.RawWrite(nil) },
		"SetsockoptInt":    func() error { return fd.SetsockoptInt(0, 0, 0) },
		"SetsockoptLinger": func() error { return fd.SetsockoptLinger(0, 0, nil) },
		"GetsockoptInt":    func() error { _, err := fd.GetsockoptInt(0, 0); return err },
		"Close":            fd.Close,
	} {
		if err := f(); err != net.ErrClosed {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// An FD that never came to Init, because its setup failed, must still close its socket.
func TestCloseBeforeInit(t *testing.T) {
	near, far := tcpPair(t)
	defer syscall.Close(far)
	var fd FD
	fd.Own(near, KindTCP)
	socket := socketOf(near)
	ok(t, fd.Close())
	if socketOf(near) == socket {
		t.Error("still open")
	}
	if err := fd.Close(); err != net.ErrClosed {
		t.Errorf("second Close: %v", err)
	}
	if err := fd.SetDeadline(time.Now()); err != net.ErrClosed {
		t.Errorf("SetDeadline: %v", err)
	}
}

// A Group that is closed fails the operations on its descriptors at once, and leaves
// the descriptors to their owners.
func TestGroupCloseFailsOperations(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		small(t, fd, far)
		l := listener(t, g)
		errs := make(chan error, 4)
		go func() { _, err := fd.Read(make([]byte, 10)); errs <- err }()
		go func() { _, err := fd.Write(make([]byte, 8<<20)); errs <- err }()
		go func() { _, _, err := l.Accept(); errs <- err }()
		go func() {
			errs <- socketFD(t).Connect(context.Background(), fullListener(t), g)
		}()
		parked(t, g, 2, 2)
		returns(t, "Group.Close", func() { g.Close() })
		for range cap(errs) {
			if err := result(t, "operation", errs); err != net.ErrClosed {
				t.Errorf("after Group.Close: %v", err)
			}
		}
		readsErr(t, fd, net.ErrClosed)
		if err := fd.SetDeadline(longAgo); err != net.ErrClosed {
			t.Errorf("SetDeadline: %v", err)
		}
		ok(t, fd.Close())
		ok(t, l.Close())
	})
}

// A Close that races with everything else must neither hang, nor leak, nor let a call
// through to a number that is no longer its own: the canary at the other end of the
// next socket would get what it never sent.
func TestCloseRaces(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for range 300 {
			fd, far := pair(t, g)
			var wg sync.WaitGroup
			for _, f := range []func() error{
				func() error { _, err := fd.Read(make([]byte, 10)); return err },
				func() error { _, err := fd.Write([]byte("x")); return err },
				func() error { return fd.SetDeadline(longAgo) },
				func() error { return fd.RawControl(func(uintptr) {}) },
				func() error { fd.Close(); return nil },
			} {
				wg.Go(func() { f() })
			}
			near, canary := tcpPair(t) // may get the number
			returns(t, "calls and Close", wg.Wait)
			syscall.Shutdown(near, syscall.SHUT_WR)
			if n, err := syscall.Read(canary, make([]byte, 10)); n != 0 || err != nil {
				t.Errorf("a stranger wrote to the next socket: %d, %v", n, err)
			}
			syscall.Close(near)
			syscall.Close(canary)
			far.reset()
		}
		if s := g.Stats(); s.Open != 0 || s.ParkedReaders != 0 || s.ParkedWriters != 0 || s.Timers != 0 {
			t.Errorf("left behind: %+v", s)
		}
	})
}

// If this fails, a call that is over keeps its side or its reference: Close waits for it.
func TestEveryCallLetsGo(t *testing.T) {
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	p, to, batch := make([]byte, 1), new(sys.RawAddr), sys.NewBatch(0, 0)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	done := func(uintptr) bool { return true }
	for name, f := range map[string]func(*FD) error{
		"Shutdown":         func(fd *FD) error { return fd.Shutdown(syscall.SHUT_WR) },
		"PeerClosed":       func(fd *FD) error { fd.PeerClosed(); return nil },
		"Dup":              func(fd *FD) error { dup, err := fd.Dup(); syscall.Close(dup); return err },
		"RawControl":       func(fd *FD) error { return fd.RawControl(func(uintptr) {}) },
		"RawRead":          func(fd *FD) error { return fd.RawRead(done) },
		"RawWrite":         func(fd *FD) error { return fd.RawWrite(done) },
		"SetsockoptInt":    func(fd *FD) error { return fd.SetsockoptInt(0, 0, 0) },
		"SetsockoptLinger": func(fd *FD) error { return fd.SetsockoptLinger(0, 0, new(syscall.Linger)) },
		"GetsockoptInt":    func(fd *FD) error { _, err := fd.GetsockoptInt(0, 0); return err },
		"Read":             func(fd *FD) error { _, err := fd.Read(p); return err },
		"Write":            func(fd *FD) error { _, err := fd.Write(p); return err },
		"Accept":           func(fd *FD) error { _, _, err := fd.Accept(); return err },
		"ReadFrom":         func(fd *FD) error { _, err := fd.ReadFrom(p, to); return err },
		"WriteTo":          func(fd *FD) error { _, err := fd.WriteTo(p, to); return err },
		"ReadMsg":          func(fd *FD) error { _, _, _, err := fd.ReadMsg(p, nil, 0, to); return err },
		"WriteMsg":         func(fd *FD) error { _, _, err := fd.WriteMsg(p, nil, nil); return err },
		"ReadBatch":        func(fd *FD) error { _, err := fd.ReadBatch(batch, 0); return err },
		"WriteBatch":       func(fd *FD) error { _, err := fd.WriteBatch(batch, 0); return err },
		"Writev":           func(fd *FD) error { _, err := fd.Writev(&[][]byte{p}); return err },
		"SendFile":         func(fd *FD) error { _, _, err := fd.SendFile(-1, 1); return err },
		"Splice":           func(fd *FD) error { _, _, err := Splice(fd, fd, 1); return err },
		"ReadContext":      func(fd *FD) error { _, err := fd.ReadContext(canceled, p); return err },
		"WriteContext":     func(fd *FD) error { _, err := fd.WriteContext(canceled, p); return err },
		"WaitReadable":     func(fd *FD) error { return fd.WaitReadable(t.Context()) },
		"WaitWritable":     func(fd *FD) error { return fd.WaitWritable(t.Context()) },
	} {
		fd, _ := pair(t, g)
		ok(t, fd.SetDeadline(longAgo)) // so that nothing waits, and what begins fails
		err := f(fd)
		returns(t, "Close after "+name, func() { ok(t, fd.Close()) })
		t.Logf("%s: %v", name, err)
	}
}

// If this fails, Close has returned while its number was still open, or was about to be
// closed though it might have been reused by then.
func TestCloseReturnsWhenItIsGone(t *testing.T) {
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	for range 500 {
		fd, _ := pair(t, g)
		number := fd.Sysfd()
		socket := socketOf(number)
		inside, leave := make(chan bool), make(chan bool)
		used := async(func() error {
			return fd.RawControl(func(uintptr) { inside <- true; <-leave })
		})
		<-inside
		closed := async(fd.Close)
		eventually(t, "closed", func() bool { return fd.PeerClosed() })
		close(leave)
		ok(t, result(t, "Close", closed))
		require.NotEqual(t, socket, socketOf(number), "it is still open")
		require.Equal(t, -1, fd.Sysfd(), "and the race detector sees who wrote that")
		ok(t, result(t, "RawControl", used))
	}
}

// If this fails, a raw close(2) holds a processor while it waits for the peer (SO_LINGER) or
// frees full queues, or short connections are closed by ordinary calls, which keep the
// runtime's monitor awake.
func TestCloseIsRawOnlyWhereItIsShort(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for what, c := range map[string]struct {
			do   func(fd *FD, far *peer)
			want sys.Calls
		}{
			"nothing came": {func(*FD, *peer) {}, sys.RawCalls},
			"all was read": {func(fd *FD, far *peer) {
				far.send("request")
				reads(t, fd, 100, "request")
			}, sys.RawCalls},
			"the end was read": {func(fd *FD, far *peer) {
				far.close()
				_, err := fd.Read(make([]byte, 1))
				require.ErrorIs(t, err, io.EOF)
			}, sys.RawCalls},
			"some is unread": {func(fd *FD, far *peer) {
				far.send("request")
				reads(t, fd, 3, "req")
			}, sys.OrdinaryCalls},
			"some came later": {func(fd *FD, far *peer) {
				far.send("request")
				reads(t, fd, 100, "request")
				far.send("another")
				far.arrived()
			}, sys.OrdinaryCalls},
			"SetLinger": {func(fd *FD, _ *peer) {
				ok(t, fd.SetsockoptLinger(syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1, Linger: 1}))
			}, sys.OrdinaryCalls},
			"RawConn": {func(fd *FD, _ *peer) { ok(t, fd.RawControl(func(uintptr) {})) }, sys.OrdinaryCalls},
		} {
			fd, far := unregisteredPair(t, g)
			c.do(fd, far)
			require.Equal(t, c.want, fd.closeCalls(), what)
		}
		for kind, want := range map[string]sys.Calls{"tcp": sys.RawCalls, "stream": sys.OrdinaryCalls} {
			fd, _ := maybeTCP[kind](t, g)
			require.Equal(t, want, fd.closeCalls(), "perhaps TCP, and it is "+kind)
		}
		l := listener(t, g)
		require.Equal(t, sys.OrdinaryCalls, l.closeCalls(), "a listener")
		require.Equal(t, sys.RawCalls, acceptedFrom(t, g, l).closeCalls(), "a connection of it")
		l.MarkExposed()
		require.Equal(t, sys.OrdinaryCalls, acceptedFrom(t, g, l).closeCalls(), "a connection of an exposed listener")
	})
}

// If this fails, close(2) is a raw call though no call is to be one.
func TestNoRawCloseWhereMemoryMayFault(t *testing.T) {
	g := poller.NewGroup(poller.Config{MemoryMayFault: true})
	defer g.Close()
	fd, _ := unregisteredPair(t, g)
	require.Equal(t, sys.OrdinaryCalls, fd.closeCalls())
}

// acceptedFrom returns a connection that l accepts.
func acceptedFrom(t *testing.T, g *poller.Group, l *FD) *FD {
	t.Helper()
	far, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	ok(t, err)
	t.Cleanup(func() { syscall.Close(far) })
	ok(t, syscall.Connect(far, address(t, l.sysfd)))
	sysfd, _, err := l.Accept()
	ok(t, err)
	fd := new(FD)
	fd.InheritOptions(l)
	fd.Own(sysfd, KindTCP)
	ok(t, fd.Init(g))
	t.Cleanup(func() { fd.Close() })
	return fd
}
