//go:build linux

package fd

import (
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
	"github.com/a57b2d82/netpoller/poller"
)

// The short-read rule is worth one system call a request, and a mistake in it is a
// connection that hangs although data is there. Each of these tests puts something
// behind a short read that a plain edge would not announce.

// steps are the moments between which the poller may report, or not yet.
var reported = map[string]func(t testing.TB, g *poller.Group, before uint64){
	"at once": func(testing.TB, *poller.Group, uint64) {},
	"first": func(t testing.TB, g *poller.Group, before uint64) {
		eventually(t, "event", func() bool { return g.Stats().Events > before })
	},
}

// The kernel ends a read at an urgent byte, with more behind it: the reader must get
// the rest all the same, with the byte in its place or beside the stream.
func TestShortReadAtUrgentByte(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for when, wait := range reported {
			for inline, rest := range []string{"after", "!after"} {
				t.Run(fmt.Sprintf("%s/inline=%d", when, inline), func(t *testing.T) {
					fd, far := pair(t, g)
					ok(t, fd.SetsockoptInt(syscall.SOL_SOCKET, unix.SO_OOBINLINE, inline))
					for range 3 {
						before := g.Stats().Events
						far.send("before")
						far.urgent("!")
						far.send("after")
						far.arrived()
						wait(t, g, before)
						reads(t, fd, 100, "before")
						reads(t, fd, 100, rest)
					}
					far.urgent("!")
					if inline == 1 {
						reads(t, fd, 100, "!")
					}
					far.send("plain")
					reads(t, fd, 100, "plain")
					far.fin()
					readsEOF(t, fd)
				})
			}
		}
	})
}

// All of it may be there before the descriptor is registered.
func TestShortReadOfWhatCameBeforeInit(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for range 50 {
			near, sysfd := tcpPair(t)
			far := newPeer(t, sysfd)
			far.send("before")
			far.urgent("!")
			far.send("after")
			fd := newFD(t, g, near, KindTCP)
			reads(t, fd, 100, "before")
			reads(t, fd, 100, "after")
			far.fin()
			readsEOF(t, fd)
			ok(t, fd.Close())
		}
	})
}

// A FIN shares its edge with the data before it.
func TestShortReadThenEOF(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for when, wait := range reported {
			t.Run(when, func(t *testing.T) {
				for range 100 {
					fd, far := pair(t, g)
					before := g.Stats().Events
					far.send("hello")
					far.fin()
					wait(t, g, before)
					reads(t, fd, 100, "hello")
					readsEOF(t, fd)
					ok(t, fd.Close())
				}
			})
		}
	})
}

// So does a RST.
func TestShortReadThenReset(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for range 200 {
			fd, far := pair(t, g)
			far.send("hello")
			reset := async(func() error { far.reset(); return nil })
			var err error
			returns(t, "Reads", func() {
				for n := 0; err == nil; {
					if n, err = fd.Read(make([]byte, 100)); n > 0 && err != nil {
						t.Errorf("Read = %d, %v", n, err)
					}
				}
			})
			if err != syscall.ECONNRESET {
				t.Fatalf("Read: %v", err)
			}
			<-reset
			ok(t, fd.Close())
		}
	})
}

// Data that comes after a short read and before the next Read is announced by an edge of
// its own, and must be found by it, however it came.
func TestBetweenShortReadAndRead(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for when, wait := range reported {
			for name, c := range map[string]struct {
				step func(far *peer)
				want string
				err  error
			}{
				"data":            {func(far *peer) { far.send("more") }, "more", nil},
				"data twice":      {func(far *peer) { far.send("mo"); far.send("re") }, "more", nil},
				"FIN":             {func(far *peer) { far.fin() }, "", io.EOF},
				"data and FIN":    {func(far *peer) { far.send("more"); far.fin() }, "more", io.EOF},
				"RST":             {func(far *peer) { far.reset() }, "", syscall.ECONNRESET},
				"urgent":          {func(far *peer) { far.urgent("!"); far.send("more") }, "more", nil},
				"data and urgent": {func(far *peer) { far.send("mo"); far.urgent("!"); far.send("re") }, "more", nil},
			} {
				t.Run(when+"/"+name, func(t *testing.T) {
					fd, far := pair(t, g)
					far.send("hello")
					reads(t, fd, 100, "hello")
					if !fd.sawEmpty {
						t.Fatal("a short read of plain data does not count")
					}
					before := g.Stats().Events
					c.step(far)
					wait(t, g, before)
					readsAll(t, fd, c.want, c.err)
				})
			}
		}
	})
}

// readsAll reads until it has what it wants, then until the error, if there is to be one.
func readsAll(t testing.TB, fd *FD, want string, end error) {
	t.Helper()
	var got []byte
	var err error
	returns(t, "Reads of "+want, func() {
		for err == nil && (len(got) < len(want) || end != nil) {
			buf := make([]byte, 100)
			var n int
			n, err = fd.Read(buf)
			got = append(got, buf[:n]...)
		}
	})
	if string(got) != want || err != end {
		t.Fatalf("read %q, %v, want %q, %v", got, err, want, end)
	}
}

// The same at whatever moment it comes.
func TestRacesShortRead(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for name, end := range map[string]func(far *peer){
			"data":   func(far *peer) {},
			"FIN":    func(far *peer) { far.fin() },
			"RST":    func(far *peer) { far.reset() },
			"urgent": func(far *peer) { far.urgent("!"); far.send("@") },
		} {
			t.Run(name, func(t *testing.T) {
				for range 10 {
					fd, far := pair(t, g)
					var sending sync.WaitGroup
					for range 200 {
						sending.Go(func() {
							far.send("one")
							for range rand.N(1000) {
							}
							far.send("two")
						})
						readsAll(t, fd, "onetwo", nil)
						sending.Wait()
					}
					sending.Go(func() { far.send("x"); end(far) })
					buf := make([]byte, 100)
					returns(t, "Read until the end", func() {
						for last := byte(0); last != '@' && (name != "data" || last != 'x'); last = buf[0] {
							n, err := fd.Read(buf)
							if err != nil {
								break
							}
							buf[0] = buf[n-1]
						}
					})
					sending.Wait()
					ok(t, fd.Close())
				}
			})
		}
	})
}

// A Read that fills its buffer proves nothing: more may be there, with no edge to come.
func TestExactReadIsNotShort(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		for range 50 {
			before := g.Stats().Events
			far.send("helloworld!")
			eventually(t, "event", func() bool { return g.Stats().Events > before })
			reads(t, fd, 5, "hello")
			if fd.sawEmpty {
				t.Fatal("an exact read counts as short")
			}
			reads(t, fd, 5, "world")
			reads(t, fd, 2, "!")
			if !fd.sawEmpty {
				t.Fatal("a short read does not count")
			}
		}
	})
}

// The rule holds for TCP alone: a stream of package unix breaks a read off at
// descriptors that are passed, with more behind them.
func TestNoShortReadRuleForOtherStreams(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := unixPair(t, g)
		before := g.Stats().Events
		far.send("before")
		ok(t, syscall.Sendmsg(far.sysfd, []byte("passed"), syscall.UnixRights(far.sysfd), nil, 0))
		far.send("after")
		eventually(t, "event", func() bool { return g.Stats().Events > before })
		readsAll(t, fd, "beforepassedafter", nil)
		if fd.knownEmpty() {
			t.Error("a short read of a unix socket counts")
		}
	})
}

// After a FIN, a reset, an error or an urgent byte a short read proves nothing ever
// again, and neither does the end of the stream.
func TestFactsEndTheRule(t *testing.T) {
	g := poller.NewGroup(poller.Config{})
	defer g.Close()
	for _, fact := range []polldesc.Events{polldesc.RDHUP, polldesc.HUP, polldesc.ERR, polldesc.PRI} {
		fd, far := pair(t, g)
		edge(fd, polldesc.Readable|fact)
		for range 2 {
			far.send("hello")
			reads(t, fd, 100, "hello")
			if fd.sawEmpty {
				t.Errorf("a short read counts after %b", fact)
			}
		}
	}
	fd, far := pair(t, g)
	far.fin()
	readsEOF(t, fd)
	if fd.sawEmpty {
		t.Error("the end of the stream counts as a short read")
	}
	readsEOF(t, fd)
}

// One message must cost one read and one write on each side, and no read that finds
// nothing (golang/go#8891). This is what the rule is for.
func TestSystemCallsOfPingPong(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		a, b := fdPair(t, g)
		const rounds = 500
		exchange := func(rounds int) {
			buf := make([]byte, 100)
			answering := async(func() error {
				buf := make([]byte, 100)
				for range rounds {
					n, err := b.Read(buf)
					if err != nil {
						return err
					}
					if _, err := b.Write(buf[:n]); err != nil {
						return err
					}
				}
				return nil
			})
			for range rounds {
				_, err := a.Write([]byte("ping"))
				ok(t, err)
				n, err := a.Read(buf)
				ok(t, err)
				if string(buf[:n]) != "ping" {
					t.Fatalf("answer %q", buf[:n])
				}
			}
			ok(t, result(t, "answers", answering))
		}
		exchange(3)
		for name, fd := range map[string]*FD{"client": a, "server": b} {
			c := watch(t, fd.sysfd, nil)
			exchange(rounds)
			if r, w := c.of(sys.CallRead), c.of(sys.CallWrite); r != rounds || w != rounds {
				t.Errorf("%s: %d reads and %d writes for %d messages", name, r, w, rounds)
			}
		}
	})
}

// If this fails, an edge that comes between a system call and the wait after it is forgotten:
// the data that it announced waits for more.
func TestEdgeBetweenCallAndWait(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		first := true
		watch(t, fd.sysfd, func(call sys.Call) error {
			if call != sys.CallRead || !first {
				return nil
			}
			first = false // the call came before the data
			comes(t, g, func() { far.send("x") })
			return syscall.EAGAIN
		})
		reads(t, fd, 8, "x")
	})
}

// comes returns when the reactor has seen the edge of what f sends.
func comes(t testing.TB, g *poller.Group, f func()) {
	t.Helper()
	before := g.Stats().Events
	f()
	eventually(t, "an edge", func() bool { return g.Stats().Events > before })
}

// If this fails, a Read or a Splice at an urgent byte that says EAGAIN for a signal's sake, or
// for that of several, waits for more data than there is.
func TestReadAtUrgentByteIsMadeAgain(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		for _, signals := range []int64{1, 2, 10} {
			t.Run(fmt.Sprint(signals), func(t *testing.T) {
				fd, far := pair(t, g)
				to, _ := pair(t, g)
				far.urgent("u")
				eventually(t, "it is known", fd.pd.Exceptional)
				comes(t, g, func() { far.send("data") })
				watch(t, fd.sysfd, firstFail(sys.CallRead, signals, syscall.EAGAIN))
				reads(t, fd, 8, "data")
				far.urgent("u")
				comes(t, g, func() { far.send("data") })
				watch(t, fd.sysfd, firstFail(sys.CallRead, signals, syscall.EAGAIN))
				returns(t, "Splice", func() {
					n, _, err := Splice(to, fd, 4)
					ok(t, err)
					require.EqualValues(t, 4, n)
				})
			})
		}
	})
}

// If this fails, a Read after a Splice waits for data that the Splice has left.
func TestReadAfterSplice(t *testing.T) {
	eachWait(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		to, _ := pair(t, g)
		far.send("x")
		reads(t, fd, 8, "x") // a short read
		comes(t, g, func() { far.send("yz") })
		n, _, err := Splice(to, fd, 1)
		ok(t, err)
		require.EqualValues(t, 1, n)
		reads(t, fd, 8, "z")
	})
}
