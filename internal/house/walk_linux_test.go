package house

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/sys"
)

// The tests here are the "Try it" commands of docs: what a page claims about a run,
// its test shows and checks.

// A walk is a connection of ours on a group of its own, with package net's at the other
// end, and a count of the system calls made for it.
type walk struct {
	*testing.T
	group *netpoller.PollerGroup
	conn  *netpoller.TCPConn
	peer  *net.TCPConn

	reads, writes atomic.Int32
}

func newWalk(t *testing.T, config netpoller.PollerConfig) *walk {
	w := &walk{T: t, group: netpoller.NewPollerGroup(config)}
	t.Cleanup(func() { w.group.Close() })
	lc := netpoller.ListenConfig{Poller: w.group}
	ln, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(sys.SetFault(func(call sys.Call, _ int) error {
		switch call { // of w.conn, which is the only connection of ours
		case sys.CallRead:
			w.reads.Add(1)
		case sys.CallWrite:
			w.writes.Add(1)
		}
		return nil
	}))
	peer, err := net.Dial("tcp", ln.Addr().String())
	require.NoError(t, err)
	w.peer = peer.(*net.TCPConn)
	t.Cleanup(func() { peer.Close() })
	c, err := ln.Accept()
	require.NoError(t, err)
	w.conn = c.(*netpoller.TCPConn)
	t.Cleanup(func() { c.Close() })
	require.NoError(t, ln.Close())
	w.settle()
	return w
}

// settle waits until the reactor has nothing to do.
func (w *walk) settle() (s netpoller.PollerStats) {
	for still := 0; still < 20; time.Sleep(time.Millisecond) {
		now := w.group.Stats()
		if still++; now != s {
			s, still = now, 0
		}
	}
	return s
}

// parked waits until a goroutine is parked in Read.
func (w *walk) parked() {
	require.Eventually(w, func() bool { return w.group.Stats().ParkedReaders == 1 },
		nettest.Patience, time.Millisecond)
	w.settle()
}

// read reads in the background what the peer will send.
func (w *walk) read() (got chan string) {
	got = make(chan string, 1)
	go func() {
		p := make([]byte, 64)
		n, err := w.conn.Read(p)
		got <- fmt.Sprintf("%q, %v", p[:n], err)
	}()
	return got
}

// If this fails, docs/one-read.md is wrong about what a Read costs.
func TestSecondReadAsksTheKernelOnce(t *testing.T) {
	w := newWalk(t, netpoller.PollerConfig{})
	last := w.settle()
	row := func(what string) (s netpoller.PollerStats) {
		s = w.settle()
		t.Logf("%-28s %8d %8d %8d %8d", what, w.reads.Load(), s.Events-last.Events, s.Wakeups-last.Wakeups, s.ParkedReaders)
		return s
	}
	t.Logf("%-28s %8s %8s %8s %8s", "", "recvfrom", "events", "wakeups", "parked")
	row("accepted")
	for _, what := range []string{"first", "second"} {
		got := w.read()
		w.parked()
		row(what + " Read parks")
		_, err := io.WriteString(w.peer, "hello")
		require.NoError(t, err)
		require.Equal(t, `"hello", <nil>`, <-got)
		row(what + " Read returns")
	}
	s := w.settle()
	require.EqualValues(t, 3, w.reads.Load(), "EAGAIN and data, then only data")
	require.EqualValues(t, 2, s.Wakeups-last.Wakeups)
	require.EqualValues(t, 2, s.Events-last.Events)
}

// If this fails, docs/deadlines.md is wrong about what a deadline before every Read
// costs.
func TestLaterDeadlineIsAStore(t *testing.T) {
	w := newWalk(t, netpoller.PollerConfig{})
	const requests = 1000
	armed := func(deadline func(i int) time.Time) uint64 {
		before := w.settle()
		for i := range requests {
			require.NoError(t, w.conn.SetReadDeadline(deadline(i)))
			_, err := io.WriteString(w.peer, "x")
			require.NoError(t, err)
			_, err = w.conn.Read(make([]byte, 8))
			require.NoError(t, err)
		}
		return w.settle().TimersArmed - before.TimersArmed
	}
	n := armed(func(int) time.Time { return time.Now().Add(time.Minute) })
	t.Logf("%d deadlines, each later than the last:   %4d armed", requests, n)
	require.EqualValues(t, 1, n)
	base := time.Now().Add(time.Minute / 2)
	n = armed(func(i int) time.Time { return base.Add(-time.Duration(i+1) * 10 * time.Millisecond) })
	t.Logf("%d deadlines, each earlier than the last: %4d armed", requests, n)
	require.EqualValues(t, requests, n)
	require.Equal(t, 1, w.settle().Timers)
}

func BenchmarkSetReadDeadline(b *testing.B) {
	for _, side := range []struct {
		name   string
		listen func(network, address string) (net.Listener, error)
	}{{"net", net.Listen}, {"netpoller", netpoller.Listen}} {
		ln, err := side.listen("tcp", "127.0.0.1:0")
		require.NoError(b, err)
		defer ln.Close()
		peer, err := net.Dial("tcp", ln.Addr().String())
		require.NoError(b, err)
		defer peer.Close()
		c, err := ln.Accept()
		require.NoError(b, err)
		defer c.Close()

		b.Run("later/"+side.name, func(b *testing.B) {
			for b.Loop() {
				c.SetReadDeadline(time.Now().Add(time.Minute))
			}
		})
		t := time.Now().Add(time.Minute / 2)
		b.Run("earlier/"+side.name, func(b *testing.B) {
			for b.Loop() {
				t = t.Add(-time.Nanosecond)
				c.SetReadDeadline(t)
			}
		})
		b.Run("set and clear/"+side.name, func(b *testing.B) {
			for b.Loop() {
				c.SetReadDeadline(time.Now().Add(time.Minute))
				c.SetReadDeadline(time.Time{})
			}
		})
	}
}

// If this fails, a Read returns before its deadline.
func TestDeadlineIsNeverEarly(t *testing.T) {
	for name, wait := range map[string]netpoller.PollerStrategy{"nested": netpoller.PollerNested, "thread": netpoller.PollerThread} {
		t.Run(name, func(t *testing.T) {
			w := newWalk(t, netpoller.PollerConfig{Strategy: wait})
			var late []time.Duration
			for range 101 {
				deadline := time.Now().Add(3 * time.Millisecond)
				require.NoError(t, w.conn.SetReadDeadline(deadline))
				_, err := w.conn.Read(make([]byte, 8))
				late = append(late, time.Since(deadline))
				require.ErrorIs(t, err, os.ErrDeadlineExceeded)
			}
			slices.Sort(late)
			t.Logf("late by %v (least), %v (median), %v (9 of 10)", late[0], late[50], late[90])
			require.GreaterOrEqual(t, late[0], time.Duration(0))
		})
	}
}

// If this fails, docs/close.md is wrong: a goroutine stays parked, or its descriptor open.
func TestCloseEndsTheReadAndFreesTheSlot(t *testing.T) {
	w := newWalk(t, netpoller.PollerConfig{})
	row := func(what string) netpoller.PollerStats {
		s := w.settle()
		t.Logf("%-12s open %d, parked readers %d, deadlines in the heap %d", what, s.Open, s.ParkedReaders, s.Timers)
		return s
	}
	require.NoError(t, w.conn.SetReadDeadline(time.Now().Add(time.Hour)))
	got := w.read()
	w.parked()
	row("Read parks")
	require.NoError(t, w.conn.Close())
	t.Logf("Read returns %s", <-got)
	s := row("Close is back")
	require.Zero(t, s.Open+s.ParkedReaders+s.Timers)
}

// If one of these fails, docs/reference/divergences.md is out of date.
func TestDivergencesAreAsWritten(t *testing.T) {
	t.Run("a File is named by its socket", func(t *testing.T) {
		l, err := netpoller.Listen("tcp4", "127.0.0.1:0")
		require.NoError(t, err)
		defer l.Close()
		theirs, err := net.Listen("tcp4", "127.0.0.1:0")
		require.NoError(t, err)
		defer theirs.Close()
		for _, l := range []net.Listener{theirs, l} {
			f, err := l.(interface{ File() (*os.File, error) }).File()
			require.NoError(t, err)
			defer f.Close()
			network, _, _ := strings.Cut(f.Name(), ":")
			t.Logf("%-22T %s", l, network)
			require.Equal(t, map[bool]string{true: "tcp4", false: "tcp"}[l == theirs], network)
		}
	})
	t.Run("net.Buffers writes one buffer after another", func(t *testing.T) {
		w := newWalk(t, netpoller.PollerConfig{})
		b := net.Buffers{[]byte("a"), []byte("b"), []byte("c")}
		ours := netpoller.Buffers(slices.Clone(b))
		_, err := b.WriteTo(w.conn)
		require.NoError(t, err)
		t.Logf("net.Buffers:       3 buffers, %d calls of sendto", w.writes.Load())
		require.EqualValues(t, 3, w.writes.Swap(0))
		_, err = ours.WriteTo(w.conn)
		require.NoError(t, err)
		t.Logf("netpoller.Buffers: 3 buffers, %d call of sendmsg", w.writes.Load())
		require.EqualValues(t, 1, w.writes.Load())
	})
	t.Run("copies stay in the kernel among our own", func(t *testing.T) {
		w := newWalk(t, netpoller.PollerConfig{})
		other := newWalk(t, netpoller.PollerConfig{})
		file, err := os.Create(filepath.Join(t.TempDir(), "copy"))
		require.NoError(t, err)
		defer file.Close()
		for _, to := range []struct {
			name string
			w    io.Writer
		}{{"one of ours", other.conn}, {"one of net's", other.peer}, {"a file", file}} {
			_, err := io.WriteString(w.peer, "hello")
			require.NoError(t, err)
			var reads atomic.Int32
			restore := sys.SetFault(func(call sys.Call, _ int) error {
				if call == sys.CallRead {
					reads.Add(1)
				}
				return nil
			})
			n, err := io.Copy(to.w, io.LimitReader(w.conn, 5))
			restore()
			require.NoError(t, err)
			require.EqualValues(t, 5, n)
			t.Logf("to %-13s recvfrom %d", to.name+":", reads.Load())
			require.Equal(t, to.w != other.conn, reads.Load() > 0)
		}
	})
	t.Run("a type assertion to *net.TCPConn fails", func(t *testing.T) {
		w := newWalk(t, netpoller.PollerConfig{})
		var c net.Conn = w.conn
		_, ok := c.(*net.TCPConn)
		t.Logf("%T is a *net.TCPConn: %v", c, ok)
		require.False(t, ok)
	})
	t.Run("DefaultResolver is ours to assign", func(t *testing.T) {
		defer func(r *net.Resolver) { netpoller.DefaultResolver = r }(netpoller.DefaultResolver)
		var asked atomic.Bool // a lookup that is given up goes on for a while
		netpoller.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			asked.Store(true)
			return nil, io.EOF
		}}
		netpoller.Dial("tcp", "name.invalid:1")
		t.Logf("set another: asked %v", asked.Load())
		require.True(t, asked.Load())
	})
}
