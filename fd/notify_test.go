//go:build linux

package fd

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"net"
	"os"
	"reflect"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/poller"
)

// notified returns a channel that is told of the notification.
func notified(fd *FD) (told chan struct{}, stop func() bool) {
	told = make(chan struct{}, 2)
	return told, fd.NotifyReadable(func() { told <- struct{}{} })
}

// If this fails, data that came after a Read which waited, and before the notification, is never
// told of: the notification forgets its edge.
func TestNotifyOfDataThatIsThere(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		read := async(func() error { _, err := fd.Read(make([]byte, 1)); return err }) // the whole buffer: there may be more
		parked(t, g, 1, 0)
		far.send("x")
		require.NoError(t, result(t, "Read", read))
		before := g.Stats().Events
		far.send("y")
		eventually(t, "the edge", func() bool { return g.Stats().Events > before })
		told, _ := notified(fd)
		result(t, "the notification", told)
		reads(t, fd, 8, "y")
	})
}

// If this fails, statistics say nothing of how late notifications come.
func TestNotifyLag(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		told, _ := notified(fd)
		parked(t, g, 1, 0)
		far.send("x")
		result(t, "the notification", told)
		require.EqualValues(t, 1, g.Stats().WakeLag.Count())
	})
}

// If this fails, a notification does not come for something that
// ends a Read, or is told twice.
func TestNotifyOfEverything(t *testing.T) {
	for name, c := range map[string]struct {
		happen func(fd *FD, far *peer)
		after  func(t *testing.T, fd *FD)
	}{
		"data":     {func(_ *FD, far *peer) { far.send("x") }, func(t *testing.T, fd *FD) { reads(t, fd, 8, "x") }},
		"end":      {func(_ *FD, far *peer) { far.fin() }, func(t *testing.T, fd *FD) { readsEOF(t, fd) }},
		"end here": {func(fd *FD, _ *peer) { fd.Shutdown(syscall.SHUT_RD) }, func(t *testing.T, fd *FD) { readsEOF(t, fd) }},
		"reset":    {func(_ *FD, far *peer) { far.reset() }, nil},
		"deadline in the past": {func(fd *FD, _ *peer) { fd.SetReadDeadline(longAgo) },
			func(t *testing.T, fd *FD) { readsErr(t, fd, os.ErrDeadlineExceeded) }},
		"deadline to come": {func(fd *FD, _ *peer) { fd.SetReadDeadline(time.Now().Add(time.Millisecond)) },
			func(t *testing.T, fd *FD) { readsErr(t, fd, os.ErrDeadlineExceeded) }},
		"Close": {func(fd *FD, _ *peer) { fd.Close() }, func(t *testing.T, fd *FD) { readsErr(t, fd, net.ErrClosed) }},
	} {
		for when, before := range map[string]bool{"before": true, "after": false} {
			t.Run(name+" "+when, func(t *testing.T) {
				eachWait(t, func(t *testing.T, g *poller.Group) {
					fd, far := pair(t, g)
					if before {
						c.happen(fd, far)
					}
					told, stop := notified(fd)
					if !before {
						parked(t, g, 1, 0)
						require.Empty(t, told)
						c.happen(fd, far)
					}
					result(t, name, told)
					require.False(t, stop(), "it was called")
					if c.after != nil {
						c.after(t, fd)
					}
					fd.Close()
					require.Empty(t, told, "called twice")
				})
			})
		}
	}
}

// If this fails, a notification that was stopped is delivered, or goes on owning the
// reading side, or takes data.
func TestNotifyStop(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		told, stop := notified(fd)
		parked(t, g, 1, 0)
		require.True(t, stop())
		require.False(t, stop())
		far.send("x")
		reads(t, fd, 8, "x")
		require.Empty(t, told)

		// After a short read it begins without asking the kernel.
		_, stop = notified(fd)
		parked(t, g, 1, 0)
		require.True(t, stop())
		told, _ = notified(fd)
		far.send("y")
		result(t, "data", told)
		reads(t, fd, 8, "y")
	})
}

// If this fails, a notification cannot be renewed by the function that it calls, or holds
// a goroutine meanwhile, or misses an edge.
func TestNotifyAgain(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		const messages = 200
		fd, far := pair(t, g)
		got := make(chan string, messages)
		var again func()
		again = func() {
			b := make([]byte, 100)
			n, err := fd.Read(b)
			if err != nil {
				close(got)
				return
			}
			got <- string(b[:n])
			fd.NotifyReadable(again)
		}
		fd.NotifyReadable(again)
		for range messages {
			far.send("m")
			require.Equal(t, "m", result(t, "a message", got))
		}
		far.fin()
		result(t, "the end", got)
	})
}

// If this fails, an edge that announces nothing is taken for data.
func TestNotifySpuriousEdge(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		told, _ := notified(fd)
		for range 20 {
			parked(t, g, 1, 0)
			edge(fd, 1) // Readable
		}
		parked(t, g, 1, 0)
		require.Empty(t, told)
		far.send("x")
		result(t, "data", told)
	})
}

// soon returns a context that ends within a millisecond.
func soon() context.Context {
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(rand.N(time.Millisecond), cancel)
	return ctx
}

// If this fails, a second notification never ends, or is refused although the first one has
// come, was stopped, or ended with its descriptor.
func TestNotifyTwice(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		told, stop := notified(fd)
		panicked := make(chan any, 1)
		go func() {
			defer func() { panicked <- recover() }()
			fd.NotifyReadable(func() {})
		}()
		require.Equal(t, "NotifyReadable: another notification waits: let it come, or call its stop, first",
			result(t, "the second", panicked))
		require.Empty(t, told)
		require.True(t, stop())

		told, _ = notified(fd)
		far.send("x")
		result(t, "data", told)
		reads(t, fd, 8, "x")

		told, _ = notified(fd)
		fd.Close()
		result(t, "Close", told)
		fd.notified.Store(true) // as between Close and the end of the first
		again, _ := notified(fd)
		result(t, "a notification of a closed descriptor", again)
	})
}

// If this fails, an operation that waits for its turn ignores its context, or the end of one
// context takes the turn of another operation.
func TestContextEndsTheWaitForATurn(t *testing.T) {
	ops := map[string]func(fd *FD, ctx context.Context) error{
		"ReadContext":  func(fd *FD, ctx context.Context) error { _, err := fd.ReadContext(ctx, make([]byte, 1)); return err },
		"WaitReadable": (*FD).WaitReadable,
	}
	first := map[string]func(fd *FD) (end func()){
		"a Read": func(fd *FD) func() {
			ctx, cancel := context.WithCancel(context.Background())
			go fd.WaitReadable(ctx)
			return cancel
		},
		"a notification": func(fd *FD) func() {
			_, stop := notified(fd)
			return func() { stop() }
		},
	}
	for holder, hold := range first {
		for name, op := range ops {
			t.Run(name+" behind "+holder, func(t *testing.T) {
				eachWait(t, func(t *testing.T, g *poller.Group) {
					fd, far := pair(t, g)
					end := hold(fd)
					parked(t, g, 1, 0)
					const n = 3 // of which the second gives up
					var got [n]chan error
					var cancel [n]func()
					for i := range n {
						var ctx context.Context
						ctx, cancel[i] = context.WithCancel(context.Background())
						got[i] = make(chan error, 1)
						go func() { got[i] <- op(fd, ctx) }()
						eventually(t, "it waits", func() bool { return count(fd.mu.state.Load(), read) == i+1 })
					}
					cancel[1]()
					require.ErrorIs(t, result(t, "given up", got[1]), context.Canceled)
					require.Equal(t, n-1, count(fd.mu.state.Load(), read))
					far.send("xyz")
					end()
					require.NoError(t, result(t, "the first", got[0]))
					require.NoError(t, result(t, "the last", got[2]))

					end = hold(fd)
					defer end()
					ctx, cancelLast := context.WithCancel(context.Background())
					cancelLast()
					fd.Close()
					require.ErrorIs(t, op(fd, ctx), net.ErrClosed, "Close comes first")
				})
			})
		}
	}
}

// If this fails, notifications, reads, stops, deadlines and Close go wrong together:
// something is told twice or never, or a byte is lost.
func TestNotifyRaces(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for range 300 {
			fd, far := pair(t, g)
			var told, stopped atomic.Int32
			var all sync.WaitGroup
			const notifications = 4
			all.Go(func() {
				for range notifications {
					done := make(chan struct{})
					stop := fd.NotifyReadable(func() { told.Add(1); close(done) })
					if rand.IntN(2) == 0 && stop() {
						stopped.Add(1)
						continue
					}
					<-done
				}
			})
			all.Go(func() { fd.ReadContext(soon(), make([]byte, 1)) })
			all.Go(func() { fd.SetReadDeadline(time.Now().Add(rand.N(time.Millisecond))) })
			all.Go(func() { far.send("x") })
			all.Go(func() { time.Sleep(rand.N(time.Millisecond)); fd.Close() })
			returns(t, "all of them", all.Wait)
			require.EqualValues(t, notifications, told.Load()+stopped.Load())
			far.close()
		}
	})
}

// If this fails, a context does not end an operation, or ends a later one, or the
// operation disturbs the deadline or loses data.
func TestContextEndsOperations(t *testing.T) {
	big := make([]byte, 32<<20)
	ops := map[string]func(fd *FD, ctx context.Context) error{
		"ReadContext":  func(fd *FD, ctx context.Context) error { _, err := fd.ReadContext(ctx, make([]byte, 8)); return err },
		"WriteContext": func(fd *FD, ctx context.Context) error { _, err := fd.WriteContext(ctx, big); return err },
		"WaitReadable": (*FD).WaitReadable,
		"WaitWritable": func(fd *FD, ctx context.Context) error {
			_, err := fd.WriteContext(ctx, big) // until there is no more room
			return errors.Join(err, fd.WaitWritable(ctx))
		},
	}
	for name, op := range ops {
		t.Run(name, func(t *testing.T) {
			eachWait(t, func(t *testing.T, g *poller.Group) {
				fd, far := pair(t, g)
				done, cancel := context.WithCancel(context.Background())
				ended := async(func() error { return op(fd, done) })
				eventually(t, "it waits", func() bool { s := g.Stats(); return s.ParkedReaders+s.ParkedWriters == 1 })
				cancel()
				require.ErrorIs(t, result(t, name, ended), context.Canceled)
				require.ErrorIs(t, op(fd, done), context.Canceled, "at once")

				late, cancel := context.WithTimeout(context.Background(), time.Millisecond)
				defer cancel()
				require.ErrorIs(t, op(fd, late), context.DeadlineExceeded)

				require.NoError(t, fd.SetDeadline(longAgo))
				require.ErrorIs(t, op(fd, context.Background()), os.ErrDeadlineExceeded, "the deadline is in force")
				require.NoError(t, fd.SetDeadline(time.Time{}))

				far.send("x")
				reads(t, fd, 8, "x")
				fd.Close()
				require.ErrorIs(t, op(fd, context.Background()), net.ErrClosed)
			})
		})
	}
}

// If this fails, a context that is canceled at any moment loses data, leaves the side
// interrupted, or interrupts the next operation.
func TestContextRaces(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		const size = 4000
		fd, far := pair(t, g)
		var sender sync.WaitGroup
		defer sender.Wait()
		sender.Go(func() {
			for range size {
				far.send("x")
				if rand.IntN(8) == 0 {
					time.Sleep(rand.N(50 * time.Microsecond))
				}
			}
		})
		b := make([]byte, 16)
		for got := 0; got < size; {
			ctx, cancel := context.WithTimeout(context.Background(), rand.N(100*time.Microsecond))
			n, err := fd.ReadContext(ctx, b)
			got += n
			if err != nil {
				require.ErrorIs(t, err, context.DeadlineExceeded)
			}
			cancel()
			if rand.IntN(4) == 0 && got < size {
				n, err := fd.Read(b[:1]) // which nothing may interrupt
				require.NoError(t, err)
				got += n
			}
		}
	})
}

// If this fails, WaitReadable takes something, or does not see what is there.
func TestWaitReadableTakesNothing(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		far.send("ab")
		for range 3 {
			require.NoError(t, fd.WaitReadable(context.Background()))
		}
		reads(t, fd, 1, "a")
		require.NoError(t, fd.WaitReadable(context.Background()), "there is more")
		reads(t, fd, 8, "b")
		waited := async(func() error { return fd.WaitReadable(context.Background()) })
		parked(t, g, 1, 0)
		far.fin()
		require.NoError(t, result(t, "the end", waited))
		readsEOF(t, fd)
		require.NoError(t, fd.WaitReadable(context.Background()))
	})
}

// If this fails, a peer that has gone is taken for one that is there, or the other way
// round, or data is lost by asking.
func TestPeerClosed(t *testing.T) {
	for name, leave := range map[string]func(far *peer){
		"half-close": (*peer).fin, "reset": (*peer).reset, "close": (*peer).close,
	} {
		t.Run(name, func(t *testing.T) {
			eachWait(t, func(t *testing.T, g *poller.Group) {
				fd, far := pair(t, g)
				require.False(t, fd.PeerClosed())
				far.send("x")
				far.arrived()
				require.False(t, fd.PeerClosed())
				reads(t, fd, 8, "x")
				far.send("y")
				far.arrived()
				leave(far)
				eventually(t, "it is seen", fd.PeerClosed)
				require.True(t, fd.PeerClosed())
				if name != "reset" {
					reads(t, fd, 8, "y")
					readsEOF(t, fd)
				}
				fd.Close()
				require.True(t, fd.PeerClosed())
			})
		})
	}
}

// If this fails, each connection on which nothing happens needs more memory. Only the
// notification and stop stay in memory; the goroutine comes with the data.
func TestMemoryOfANotification(t *testing.T) {
	if strconv.IntSize == 64 {
		require.LessOrEqual(t, int(reflect.TypeFor[notification]().Size()), 48, "a size class of the allocator")
	}
	eachWait(t, func(t *testing.T, g *poller.Group) {
		const n = 20
		var fds []*FD
		for range n + 1 { // AllocsPerRun calls once more
			fd, _ := pair(t, g)
			fds = append(fds, fd)
		}
		require.EqualValues(t, 2, testing.AllocsPerRun(n, func() {
			fds[0].NotifyReadable(func() {})
			fds = fds[1:]
		}))
		parked(t, g, n+1, 0)
	})
}

// If this fails, the hang-up that a socket reports while it is not connected, or that of a
// connection that it was before, is taken for its peer's.
func TestPeerClosedOfALaterConnection(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd := socketFD(t) // as one that comes as a file
		ok(t, fd.Register(g))
		l := listening(t, 1)
		defer syscall.Close(l)
		eventually(t, "the reactor has told", fd.pd.HungUp)
		require.True(t, fd.PeerClosed(), "there is none")
		for range 2 {
			if err := syscall.Connect(fd.sysfd, address(t, l)); err != syscall.EINPROGRESS {
				ok(t, err)
			}
			far, _, err := syscall.Accept(l)
			ok(t, err)
			polls(t, fd, unix.POLLOUT)
			require.False(t, fd.PeerClosed())
			syscall.Close(far)
			eventually(t, "it is seen", fd.PeerClosed)
			_, _, errno := syscall.Syscall(unix.SYS_CONNECT, uintptr(fd.sysfd), uintptr(unsafe.Pointer(new([16]byte))), 16)
			require.Zero(t, errno, "disconnect, by an address of no family")
		}
	})
}

// If this fails, a process that may not call poll is not told of a peer that is known to
// have gone.
func TestPeerClosedWithoutPoll(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := unregisteredPair(t, g)
		watch(t, fd.sysfd, firstFail(sys.CallPoll, math.MaxInt64, syscall.EPERM))
		require.False(t, fd.PeerClosed())
		far.fin()
		eventually(t, "the reactor has told", fd.PeerClosed)
	})
}

// If this fails, a notification takes the edge that announced its data, and the next Read waits
// for another one.
func TestNotifyTakesAStoredEdge(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		far.send("x")
		reads(t, fd, 8, "x") // a short read
		comes(t, g, func() { far.send("y") })
		told, _ := notified(fd)
		result(t, "data", told)
		reads(t, fd, 8, "y")
	})
}

// If this fails, the function is called before NotifyReadable has returned, in the goroutine
// of its caller, who may hold a lock that it wants.
func TestNotifyCallsElsewhere(t *testing.T) {
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	for name, happen := range map[string]func(fd *FD, far *peer){
		"data":   func(fd *FD, far *peer) { far.send("x"); far.arrived() },
		"closed": func(fd *FD, far *peer) { fd.Close() },
	} {
		fd, far := pair(t, g)
		happen(fd, far)
		returned, told := make(chan struct{}), make(chan struct{})
		returns(t, "NotifyReadable, "+name, func() {
			fd.NotifyReadable(func() { <-returned; close(told) })
		})
		close(returned)
		result(t, name, told)
	}
}

// If this fails, a context that is done already takes data, or sends some.
func TestDoneContextBeginsNothing(t *testing.T) {
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	done, cancel := context.WithCancel(t.Context())
	cancel()
	fd, far := pair(t, g)
	far.send("x")
	far.arrived()
	for range 100 {
		n, err := fd.ReadContext(done, make([]byte, 8))
		require.Zero(t, n)
		require.Equal(t, context.Canceled, err)
		n, err = fd.WriteContext(done, []byte("y"))
		require.Zero(t, n)
		require.Equal(t, context.Canceled, err)
	}
	reads(t, fd, 8, "x")
	_, err := fd.Write([]byte("z"))
	ok(t, err)
	require.Equal(t, "z", far.recv(1))
}

// If this fails, packets have an end.
func TestPeerClosedOfPackets(t *testing.T) {
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	udp, _, _ := udpPair(t, g)
	unix, far := unixgramPair(t, g)
	far.close()
	for _, fd := range []*FD{udp, unix} {
		fd.Shutdown(syscall.SHUT_RDWR)
		require.False(t, fd.PeerClosed())
	}
}
