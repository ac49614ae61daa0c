//go:build linux

package interop

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

var longAgo = time.Unix(1, 0)

// A blocker is an operation that blocks, on what it blocks.
type blocker struct {
	name string

	// setup returns an operation that will block.
	setup func(t *testing.T, g *netpoller.PollerGroup) blocked
}

type blocked struct {
	op          func() error
	setDeadline func(time.Time) error
	close       func() error
	parked      func() bool // op is

	// works checks that the operation is as good as new.
	works func(t *testing.T)
}

var blockers = []blocker{
	{"Read", func(t *testing.T, g *netpoller.PollerGroup) blocked {
		return blockedRead(t, g, net.Conn.SetReadDeadline)
	}},
	{"Read by SetDeadline", func(t *testing.T, g *netpoller.PollerGroup) blocked { return blockedRead(t, g, net.Conn.SetDeadline) }},
	{"Write", func(t *testing.T, g *netpoller.PollerGroup) blocked {
		return blockedWrite(t, g, net.Conn.SetWriteDeadline)
	}},
	{"Write by SetDeadline", func(t *testing.T, g *netpoller.PollerGroup) blocked { return blockedWrite(t, g, net.Conn.SetDeadline) }},
	{"Accept", blockedAccept},
}

func blockedRead(t *testing.T, g *netpoller.PollerGroup, set func(net.Conn, time.Time) error) blocked {
	c, peer := ends.Connect(t, ends.Pair{Server: ends.Ours(g), Client: ends.Net()})
	read := func() error {
		_, err := c.Read(make([]byte, 16))
		return err
	}
	return blocked{
		op:          read,
		setDeadline: func(at time.Time) error { return set(c, at) },
		close:       c.Close,
		parked:      func() bool { return g.Stats().ParkedReaders == 1 },
		works: func(t *testing.T) {
			_, err := peer.Write([]byte("x"))
			require.NoError(t, err)
			require.NoError(t, read())
		},
	}
}

func blockedWrite(t *testing.T, g *netpoller.PollerGroup, set func(net.Conn, time.Time) error) blocked {
	c, peer := ends.Connect(t, ends.Pair{Server: ends.Ours(g), Client: ends.Net()})
	chunk := bytes.Repeat([]byte("y"), 1<<16)
	return blocked{
		op: func() error {
			for {
				if _, err := c.Write(chunk); err != nil {
					return err
				}
			}
		},
		setDeadline: func(at time.Time) error { return set(c, at) },
		close:       c.Close,
		parked:      func() bool { return g.Stats().ParkedWriters == 1 },
		works: func(t *testing.T) {
			go io.Copy(io.Discard, peer)
			n, err := c.Write(chunk)
			require.NoError(t, err)
			require.Equal(t, len(chunk), n)
		},
	}
}

func blockedAccept(t *testing.T, g *netpoller.PollerGroup) blocked {
	l := ends.Listen(t, ends.Ours(g))
	accept := func() error {
		c, err := l.Accept()
		if err == nil {
			c.Close()
		}
		return err
	}
	return blocked{
		op:          accept,
		setDeadline: l.(*netpoller.TCPListener).SetDeadline,
		close:       l.Close,
		parked:      func() bool { return g.Stats().ParkedReaders == 1 },
		works: func(t *testing.T) {
			ends.Dial(t, ends.Net(), l.Addr().String())
			require.NoError(t, accept())
		},
	}
}

// forEachBlocker runs body with every operation that can block, in every group.
func forEachBlocker(t *testing.T, body func(t *testing.T, b blocked)) {
	ends.ForEachGroup(t, func(t *testing.T, g *netpoller.PollerGroup) {
		for _, b := range blockers {
			t.Run(b.name, func(t *testing.T) { body(t, b.setup(t, g)) })
		}
	})
}

// start runs the operation and returns once it is parked.
func (b blocked) start(t *testing.T) (result <-chan error) {
	t.Helper()
	c := make(chan error, 1)
	go func() { c <- b.op() }()
	ends.Eventually(t, "the operation is parked", b.parked)
	return c
}

// mustTimeOut checks that the operation failed because of its deadline.
func mustTimeOut(t *testing.T, err error) {
	t.Helper()
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	var timeout net.Error
	require.True(t, errors.As(err, &timeout) && timeout.Timeout(), "%v is no timeout", err)
}

// If this fails, a goroutine that waits in Read, Write or Accept is not woken by a
// deadline that another one sets, or the connection is spoilt by it.
func TestDeadlineWakesParked(t *testing.T) {
	for name, deadlines := range map[string]func() []time.Time{
		"in the past": func() []time.Time { return []time.Time{longAgo} },
		"to come":     func() []time.Time { return []time.Time{time.Now().Add(20 * time.Millisecond)} },
		"earlier than before": func() []time.Time {
			now := time.Now()
			return []time.Time{now.Add(time.Hour), now.Add(20 * time.Millisecond)}
		},
		"later than before": func() []time.Time {
			now := time.Now()
			return []time.Time{now.Add(20 * time.Millisecond), now.Add(40 * time.Millisecond)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			forEachBlocker(t, func(t *testing.T, b blocked) {
				for range 3 { // also a second time, on what the first one left
					result := b.start(t)
					at := deadlines()
					for _, d := range at {
						require.NoError(t, b.setDeadline(d))
					}
					mustTimeOut(t, ends.Receive(t, "the deadline", result))
					assert.False(t, time.Now().Before(at[len(at)-1]), "it woke before its time")
					mustTimeOut(t, b.op()) // until the deadline is cleared
					require.NoError(t, b.setDeadline(time.Time{}))
				}
				b.works(t)
			})
		})
	}
}

// If this fails, a deadline that was cleared, or one of the other side, ends an
// operation all the same.
func TestDeadlineOfNobody(t *testing.T) {
	ends.ForEachGroup(t, func(t *testing.T, g *netpoller.PollerGroup) {
		c, peer := ends.Connect(t, ends.Pair{Server: ends.Ours(g), Client: ends.Net()})
		result := make(chan error, 1)
		go func() {
			_, err := io.ReadFull(c, make([]byte, 2))
			result <- err
		}()
		ends.Parked(t, g, 1, 0)
		fired := g.Stats().TimersFired
		require.NoError(t, c.SetReadDeadline(time.Now().Add(10*time.Millisecond)))
		require.NoError(t, c.SetReadDeadline(time.Time{}))
		require.NoError(t, c.SetWriteDeadline(time.Now().Add(20*time.Millisecond)))
		ends.Eventually(t, "both timers fire", func() bool { return g.Stats().TimersFired >= fired+2 })

		_, err := c.Write([]byte("z"))
		mustTimeOut(t, err)
		_, err = peer.Write([]byte("a"))
		require.NoError(t, err)
		require.NoError(t, c.SetWriteDeadline(longAgo))
		_, err = peer.Write([]byte("b"))
		require.NoError(t, err)
		require.NoError(t, ends.Receive(t, "the Read", result))
	})
}

// If this fails, a Read after its deadline returns data that it should have refused,
// a Write sends some, or an Accept takes a connection.
func TestPastDeadlineRefuses(t *testing.T) {
	ends.ForEachGroup(t, func(t *testing.T, g *netpoller.PollerGroup) {
		l := ends.Listen(t, ends.Ours(g))
		client := ends.Dial(t, ends.Net(), l.Addr().String())
		server, err := l.Accept()
		require.NoError(t, err)
		defer server.Close()
		ends.Dial(t, ends.Net(), l.Addr().String()) // one that waits to be accepted

		// Once the other end's Read of this returns, the data is there.
		_, err = client.Write([]byte("data"))
		require.NoError(t, err)
		_, err = io.ReadFull(server, make([]byte, 2))
		require.NoError(t, err)

		for _, at := range []time.Time{longAgo, time.Now().Add(-1), {}} {
			require.NoError(t, server.SetDeadline(at))
			require.NoError(t, l.(*netpoller.TCPListener).SetDeadline(at))
			if at.IsZero() {
				break
			}
			n, err := server.Read(make([]byte, 2))
			mustTimeOut(t, err)
			assert.Zero(t, n)
			n, err = server.Write([]byte("no"))
			mustTimeOut(t, err)
			assert.Zero(t, n)
			c, err := l.Accept()
			mustTimeOut(t, err)
			assert.Nil(t, c)
		}

		// With the deadline cleared everything is where it was.
		rest := make([]byte, 2)
		_, err = io.ReadFull(server, rest)
		require.NoError(t, err)
		assert.Equal(t, "ta", string(rest))
		_, err = server.Write([]byte("yes"))
		require.NoError(t, err)
		got := make([]byte, 3)
		_, err = io.ReadFull(client, got)
		require.NoError(t, err)
		assert.Equal(t, "yes", string(got))
		c, err := l.Accept()
		require.NoError(t, err)
		c.Close()
	})
}

// If this fails, Close leaves a goroutine waiting in Read, Write or Accept forever, or
// tells it something else than net.ErrClosed.
func TestCloseWakesParked(t *testing.T) {
	forEachBlocker(t, func(t *testing.T, b blocked) {
		result := b.start(t)
		require.NoError(t, b.setDeadline(time.Now().Add(time.Hour)))
		require.NoError(t, b.close())
		require.ErrorIs(t, ends.Receive(t, "Close", result), net.ErrClosed)
		require.ErrorIs(t, b.op(), net.ErrClosed)
		require.ErrorIs(t, b.setDeadline(longAgo), net.ErrClosed)
		require.ErrorIs(t, b.close(), net.ErrClosed)
	})
}

// If this fails, Close, or a deadline, wakes one of several that wait for the same side
// and forgets the others.
func TestAllWaitersWake(t *testing.T) {
	const each = 16
	for name, c := range map[string]struct {
		end  func(net.Conn) error
		want error
	}{
		"Close":       {net.Conn.Close, net.ErrClosed},
		"SetDeadline": {func(c net.Conn) error { return c.SetDeadline(longAgo) }, os.ErrDeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			ends.ForEachGroup(t, func(t *testing.T, g *netpoller.PollerGroup) {
				conn, _ := ends.Connect(t, ends.Pair{Server: ends.Ours(g), Client: ends.Net()})
				results := make(chan error, 2*each)
				for range each {
					go func() {
						_, err := conn.Read(make([]byte, 1))
						results <- err
					}()
					go func() {
						for {
							if _, err := conn.Write(make([]byte, 1<<16)); err != nil {
								results <- err
								return
							}
						}
					}()
				}
				ends.Parked(t, g, 1, 1) // the others queue for their turn
				require.NoError(t, c.end(conn))
				for i := range 2 * each {
					require.ErrorIs(t, ends.Receive(t, fmt.Sprint("waiter ", i), results), c.want)
				}
			})
		})
	}
}

// If this fails, a deadline that comes at the same time as the data loses, doubles or
// invents a byte, or spoils the connection.
func TestDeadlineRacesData(t *testing.T) {
	const messages = 300
	ends.ForEachGroup(t, func(t *testing.T, g *netpoller.PollerGroup) {
		c, peer := ends.Connect(t, ends.Pair{Server: ends.Ours(g), Client: ends.Ours(g)})
		var writer sync.WaitGroup
		writer.Go(func() {
			for i := range messages {
				_, err := peer.Write([]byte{byte(i)})
				assert.NoError(t, err)
				time.Sleep(time.Duration(i%7) * 50 * time.Microsecond)
			}
		})
		timeouts := 0
		for i, tries := 0, 0; i < messages; tries++ {
			// In the past, sooner than the data, at the same time or later.
			require.NoError(t, c.SetReadDeadline(time.Now().Add(time.Duration(tries%11)*30*time.Microsecond)))
			var buf [8]byte
			n, err := c.Read(buf[:])
			for _, b := range buf[:n] {
				require.Equal(t, byte(i), b)
				i++
			}
			if err != nil {
				mustTimeOut(t, err)
				require.Zero(t, n)
				timeouts++
			}
		}
		writer.Wait()
		t.Logf("%d messages, %d timeouts", messages, timeouts)
	})
}

// If this fails, a deadline that is set, or a Close that comes, just when a Read is
// about to park is overlooked, and the Read waits forever.
func TestDeadlineRacesPark(t *testing.T) {
	rounds := 100_000
	if testing.Short() || ends.Race {
		rounds /= 10
	}
	ends.ForEachGroup(t, func(t *testing.T, g *netpoller.PollerGroup) {
		c, _ := ends.Connect(t, ends.Pair{Server: ends.Ours(g), Client: ends.Net()})
		results := make(chan error)
		var round atomic.Int64 // both sides watch it, so that they start together
		go func() {
			for i := range int64(rounds) {
				for round.Load() <= i {
					runtime.Gosched()
				}
				_, err := c.Read(make([]byte, 1))
				results <- err
			}
		}()
		for i := range int64(rounds) {
			round.Store(i + 1)
			for range i % 6000 { // up to some microseconds; a Read needs fewer to park
				round.Load()
			}
			if i == int64(rounds)-1 {
				require.NoError(t, c.Close())
				require.ErrorIs(t, ends.Receive(t, "Close", results), net.ErrClosed)
				return
			}
			require.NoError(t, c.SetReadDeadline(longAgo))
			require.ErrorIs(t, ends.Receive(t, "the deadline", results), os.ErrDeadlineExceeded)
			require.NoError(t, c.SetReadDeadline(time.Time{}))
		}
	})
}
