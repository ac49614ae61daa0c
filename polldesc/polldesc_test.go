package polldesc

import (
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

// If this failed, an edge between EAGAIN and Wait would be lost.
func TestWaitMustReturnForAnEdgeSincePrepare(t *testing.T) {
	pd := newTestDesc()
	require.NoError(t, pd.Prepare(Read))
	require.Zero(t, edge(t, pd, Readable))
	require.NoError(t, pd.Wait(Read))
}

// If this failed, every operation after a busy one would make a system call too many.
func TestPrepareMustForgetEarlierEdges(t *testing.T) {
	pd := newTestDesc()
	edge(t, pd, Readable)
	edge(t, pd, Readable)
	require.NoError(t, pd.Prepare(Read))
	result := goWait(t, pd, Read)
	require.Equal(t, 1, edge(t, pd, Readable))
	require.NoError(t, ended(t, result))
}

// If this failed, two edges would be two wake-ups, and the second would find nothing.
func TestEdgesMustCoalesce(t *testing.T) {
	pd := newTestDesc()
	for range 3 {
		edge(t, pd, Readable)
	}
	require.NoError(t, pd.Wait(Read))
	result := goWait(t, pd, Read)
	edge(t, pd, Readable)
	require.NoError(t, ended(t, result))
}

// If this failed, one side's edge would wake the other, or an edge for both only one.
func TestEdgeMustWakeTheSidesItNames(t *testing.T) {
	for _, c := range []struct {
		e             Events
		reader, write bool
	}{
		{Readable, true, false},
		{Writable, false, true},
		{Readable | Writable, true, true},
		{RDHUP | HUP | ERR | PRI, false, false},
	} {
		pd := newTestDesc()
		r, w := goWait(t, pd, Read), goWait(t, pd, Write)
		woken := 0
		for _, wakes := range []bool{c.reader, c.write} {
			if wakes {
				woken++
			}
		}
		require.Equal(t, woken, edge(t, pd, c.e), "events %b", c.e)
		for _, side := range []struct {
			wakes  bool
			m      Mode
			result <-chan error
		}{{c.reader, Read, r}, {c.write, Write, w}} {
			if side.wakes {
				require.NoError(t, ended(t, side.result))
				continue
			}
			require.Equal(t, parked, pd.side[side.m].word.g.Load(), "events %b", c.e)
		}
		pd.Evict()
	}
}

// If this failed, a FIN would be forgotten, or readiness taken for one; and package fd
// would wait for an edge that never comes, or never use the short-read rule.
func TestExceptionalMustRememberFacts(t *testing.T) {
	for e, want := range map[Events]bool{
		Readable | Writable: false, RDHUP: true, HUP: true, ERR: true, PRI: true, Readable | RDHUP: true,
	} {
		pd := newTestDesc()
		require.False(t, pd.Exceptional())
		edge(t, pd, e)
		require.Equal(t, want, pd.Exceptional(), "events %b", e)
		edge(t, pd, Readable)
		require.NoError(t, pd.Prepare(Read))
		require.Equal(t, want, pd.Exceptional(), "events %b", e)
	}
}

// If this failed, a fact would take the place of another, of an error or of the
// generation.
func TestFactsMustAddUp(t *testing.T) {
	pd := newTestDesc()
	token := pd.Token()
	require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Read, -1, 1))
	require.NoError(t, pd.SetDeadline(pd.Token().Gen, Write, Write, -1, 1))
	want := readExpired | writeExpired
	for e, f := range map[Events]flags{RDHUP: seenRDHUP, HUP: seenHUP, ERR: seenERR, PRI: seenPRI} {
		edge(t, pd, e)
		want |= f
		require.Equal(t, want, pd.info.flags())
	}
	require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Write, 0, 1))
	require.Equal(t, seen, pd.info.flags())
	pd.Evict()
	edge(t, pd, HUP)
	require.Equal(t, seen|closing, pd.info.flags())
	require.Equal(t, token, pd.Token())
}

// If this failed, a closed descriptor would be used again, or a goroutine be left in it.
func TestEvictMustEndEveryOperation(t *testing.T) {
	pd := newTestDesc()
	r, w := goWait(t, pd, Read), goWait(t, pd, Write)
	pd.Evict()
	require.ErrorIs(t, ended(t, r), net.ErrClosed)
	require.ErrorIs(t, ended(t, w), net.ErrClosed)

	edge(t, pd, Readable|Writable)
	pd.Evict() // again is nothing
	for m := Read; m <= Write; m++ {
		require.ErrorIs(t, pd.Prepare(m), net.ErrClosed)
		require.ErrorIs(t, pd.Wait(m), net.ErrClosed)
	}
	require.ErrorIs(t, pd.SetDeadline(pd.Token().Gen, Read, Write, 0, 1), net.ErrClosed)
}

// If this failed, a caller would take a closed connection for a slow one.
func TestClosedMustWinOverExpired(t *testing.T) {
	pd := newTestDesc()
	require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Write, -1, 1))
	require.ErrorIs(t, pd.Wait(Read), os.ErrDeadlineExceeded)
	pd.Evict()
	require.ErrorIs(t, pd.Wait(Read), net.ErrClosed)
	require.ErrorIs(t, pd.Prepare(Write), net.ErrClosed)
}
