package polldesc

import (
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/timer"
)

// newTimed returns an open descriptor and the heap it keeps its deadlines in. The
// tests are the clock: time is what they pass as now.
func newTimed() (*PollDesc, *timer.Heap) {
	heap := timer.New(func() {})
	return NewCache(heap, testEnv).Alloc(), heap
}

func armings(h *timer.Heap) uint64 {
	armed, _ := h.Counts()
	return armed
}

// If this failed, who sets a deadline while the connection is closed would set it for the
// next one.
func TestDeadlineOfAnEarlierLife(t *testing.T) {
	c := newTestCache()
	pd := c.Alloc()
	gen := pd.Token().Gen
	reuse(t, c, pd)
	require.ErrorIs(t, pd.SetDeadline(gen, Read, Write, -1, 1), net.ErrClosed)
	require.NoError(t, pd.Prepare(Read))
	require.NoError(t, pd.Prepare(Write))
}

// If this failed, a goroutine would sleep on though its time is up.
func TestDeadlineGoneByMustWakeWhoeverIsParked(t *testing.T) {
	const now = 100
	for _, at := range []int64{-1, 1, now} {
		pd, heap := newTimed()
		r, w := goWait(t, pd, Read), goWait(t, pd, Write)
		require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Write, at, now))
		require.ErrorIs(t, ended(t, r), os.ErrDeadlineExceeded, "deadline %d", at)
		require.ErrorIs(t, ended(t, w), os.ErrDeadlineExceeded, "deadline %d", at)
		require.Zero(t, heap.Len(), "nothing is left to wait for")
	}
}

// If this failed, data that keeps coming would carry an operation past its deadline.
func TestDeadlineGoneByMustFailEvenIfReady(t *testing.T) {
	pd, _ := newTimed()
	require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Read, 1, 2))
	edge(t, pd, Readable)
	require.ErrorIs(t, pd.Prepare(Read), os.ErrDeadlineExceeded)
	require.ErrorIs(t, pd.Wait(Read), os.ErrDeadlineExceeded)
	require.NoError(t, pd.Prepare(Write), "the other side has no deadline")

	require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Read, 0, 3))
	require.NoError(t, pd.Wait(Read), "the edge was there all the time (U2)")
}

// If this failed, a descriptor that timed out once could never be used again.
func TestDeadlineMustBeUndoneBySettingIt(t *testing.T) {
	for _, at := range []int64{0, 10} {
		pd, _ := newTimed()
		require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Write, -1, 5))
		require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Write, at, 5))
		require.NoError(t, pd.Prepare(Read), "deadline %d", at)
		require.NoError(t, pd.Prepare(Write), "deadline %d", at)
		result := goWait(t, pd, Read)
		edge(t, pd, Readable)
		require.NoError(t, ended(t, result), "deadline %d", at)
	}
}

// If this failed, a deadline would not end a wait, or end it too early, or end the
// other side's.
func TestDeadlineMustWakeWhenItComes(t *testing.T) {
	pd, heap := newTimed()
	require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Read, 10, 1))
	r, w := goWait(t, pd, Read), goWait(t, pd, Write)
	require.EqualValues(t, 10, heap.Next())
	require.Zero(t, heap.RunDue(9))
	require.Equal(t, parked, pd.side[Read].word.g.Load())

	require.Equal(t, 1, heap.RunDue(10))
	require.ErrorIs(t, ended(t, r), os.ErrDeadlineExceeded)
	require.Equal(t, parked, pd.side[Write].word.g.Load())
	pd.Evict()
	require.ErrorIs(t, ended(t, w), net.ErrClosed)
}

// If this failed, an operation would begin, or park, after its deadline, because the reactor
// had no processor to tell that it has passed.
func TestDeadlineNobodyHasPublished(t *testing.T) {
	now := int64(1)
	env := testEnv
	env.Now = func() int64 { return now }
	heap := timer.New(func() {})
	pd := NewCache(heap, env).Alloc()
	gen := pd.Token().Gen
	for _, limit := range []func(m Mode, at int64){
		func(m Mode, at int64) { require.NoError(t, pd.SetDeadline(gen, m, m, at, now)) },
		func(m Mode, at int64) { pd.Limit(m, at, now) },
	} {
		for m := Read; m <= Write; m++ {
			now = 1
			limit(m, 10)
			require.NoError(t, pd.Prepare(m))
			now = 9
			require.NoError(t, pd.Prepare(m))
			edge(t, pd, Readable<<m)
			require.NoError(t, pd.Wait(m))
			now = 10
			require.ErrorIs(t, pd.Prepare(m), os.ErrDeadlineExceeded)
			edge(t, pd, Readable<<m)
			require.ErrorIs(t, pd.Wait(m), os.ErrDeadlineExceeded)
			require.NoError(t, pd.Prepare(1-m), "the other side has no deadline")
			require.Zero(t, pd.info.flags(), "nothing is published")

			limit(m, 20)
			require.NoError(t, pd.Wait(m), "the edge is still there")
			require.NoError(t, pd.Prepare(m))
			limit(m, 0)
			now = 1000
			require.NoError(t, pd.Prepare(m))
		}
	}
	require.NoError(t, pd.SetDeadline(gen, Read, Write, 2000, now))
	now = 2000
	pd.Evict()
	require.ErrorIs(t, pd.Prepare(Read), net.ErrClosed)
	pd.cache.Free(pd)
	require.Same(t, pd, pd.cache.Alloc())
	require.NoError(t, pd.Prepare(Read), "a deadline of the life before")
}

// If this failed, a timeout set for every operation, the usual case, would cost a heap
// operation and a wake-up of the poller each time.
func TestLaterDeadlineMustNotTouchTheHeap(t *testing.T) {
	pd, heap := newTimed()
	require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Read, 10, 1))
	for at := int64(11); at <= 1000; at++ {
		require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Read, at, at-10))
	}
	require.EqualValues(t, 1, armings(heap))
	require.EqualValues(t, 10, heap.Next())

	// The arming looks again when it comes due.
	result := goWait(t, pd, Read)
	heap.RunDue(10)
	require.Equal(t, parked, pd.side[Read].word.g.Load(), "nothing has expired yet")
	require.EqualValues(t, 1000, heap.Next())
	require.EqualValues(t, 2, armings(heap))
	heap.RunDue(1000)
	require.ErrorIs(t, ended(t, result), os.ErrDeadlineExceeded)
}

// If this failed, clearing a deadline would cost a heap operation, or leave something
// behind that fires forever.
func TestClearedDeadlineMustNotTouchTheHeap(t *testing.T) {
	pd, heap := newTimed()
	require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Write, 10, 1))
	require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Write, 0, 2))
	require.EqualValues(t, 1, armings(heap))
	require.Equal(t, 1, heap.Len())

	heap.RunDue(10)
	require.NoError(t, pd.Prepare(Read))
	require.Zero(t, heap.Len())
}

// If this failed, a deadline would be as late as the one that it replaced.
func TestEarlierDeadlineMustMoveTheArming(t *testing.T) {
	pd, heap := newTimed()
	require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Read, 10, 1))
	require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Read, 5, 1))
	require.EqualValues(t, 5, heap.Next())
	require.Equal(t, 1, heap.Len())

	heap.RunDue(5)
	require.ErrorIs(t, pd.Prepare(Read), os.ErrDeadlineExceeded)
}

// If this failed, SetDeadline would cost twice what it has to.
func TestEqualDeadlinesMustShareAnEntry(t *testing.T) {
	for name, set := range map[string]func(pd *PollDesc){
		"at once": func(pd *PollDesc) {
			_ = pd.SetDeadline(pd.Token().Gen, Read, Write, 10, 1)
		},
		"one by one": func(pd *PollDesc) {
			_ = pd.SetDeadline(pd.Token().Gen, Write, Write, 10, 1)
			_ = pd.SetDeadline(pd.Token().Gen, Read, Read, 10, 1)
		},
	} {
		pd, heap := newTimed()
		set(pd)
		require.Equal(t, 1, heap.Len(), name)
		require.EqualValues(t, 1, armings(heap), name)

		r, w := goWait(t, pd, Read), goWait(t, pd, Write)
		require.Equal(t, 1, heap.RunDue(10), name)
		require.ErrorIs(t, ended(t, r), os.ErrDeadlineExceeded, name)
		require.ErrorIs(t, ended(t, w), os.ErrDeadlineExceeded, name)
	}
}

// If this failed, one side's deadline would be taken for the other's.
func TestDifferentDeadlinesMustNotShareAnEntry(t *testing.T) {
	pd, heap := newTimed()
	require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Read, 20, 1))
	require.NoError(t, pd.SetDeadline(pd.Token().Gen, Write, Write, 10, 1))
	require.Equal(t, 2, heap.Len())

	heap.RunDue(10)
	require.ErrorIs(t, pd.Prepare(Write), os.ErrDeadlineExceeded)
	require.NoError(t, pd.Prepare(Read))
	heap.RunDue(20)
	require.ErrorIs(t, pd.Prepare(Read), os.ErrDeadlineExceeded)
}

// If this failed, a side that shares an arming would lose it when the other side's
// deadline moves, and never time out.
func TestSharingMustFollowAnEarlierDeadline(t *testing.T) {
	for _, moves := range []Mode{Read, Write} {
		pd, heap := newTimed()
		require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Write, 20, 1))
		require.NoError(t, pd.SetDeadline(pd.Token().Gen, moves, moves, 10, 1))
		stays := 1 - moves
		require.Equal(t, pd.deadlines[moves].seq, pd.deadlines[stays].seq, "one arming for both")

		heap.RunDue(10)
		require.ErrorIs(t, pd.Prepare(moves), os.ErrDeadlineExceeded)
		require.NoError(t, pd.Prepare(stays))
		heap.RunDue(20)
		require.ErrorIs(t, pd.Prepare(stays), os.ErrDeadlineExceeded)
	}
}

// If this failed, a deadline that was replaced just when it came would end the new one.
func TestStaleDueMustChangeNothing(t *testing.T) {
	pd, heap := newTimed()
	require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Write, 20, 1))
	stale := pd.deadlines[Read].seq
	require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Write, 10, 1))
	now, armed := pd.deadlines[Read].seq, armings(heap)

	pd.Due(stale, 10) // late: by its own time, the new deadline has come too
	require.NoError(t, pd.Prepare(Read))
	require.NoError(t, pd.Prepare(Write))
	for m := range pd.side {
		require.Equal(t, now, pd.deadlines[m].seq, "the arming that guards it")
	}
	require.Equal(t, armed, armings(heap))
}

// If this failed, an arming that is told before its time, because its owner was just making
// it (HB-9), would end a wait early, or leave a side that nothing guards.
func TestEarlyDueMustChangeNothing(t *testing.T) {
	const early = 5
	times := []int64{0, 10, 20, 30}
	for _, first := range times { // of both, by one arming
		for _, r := range times {
			for _, w := range times {
				pd, heap := newTimed()
				pd.makeDeadlines()
				gen := pd.Token().Gen
				require.NoError(t, pd.SetDeadline(gen, Read, Write, first, 1))
				require.NoError(t, pd.SetDeadline(gen, Read, Read, r, 1))
				require.NoError(t, pd.SetDeadline(gen, Write, Write, w, 1))
				for _, seq := range []uint64{pd.deadlines[Read].seq, pd.deadlines[Write].seq} {
					if seq != 0 {
						pd.Due(seq, early)
					}
				}
				for now := int64(early); now <= 40; now++ {
					heap.RunDue(now)
					for m, at := range []int64{r, w} {
						want := at != 0 && at <= now
						require.Equal(t, want, pd.info.flags()&expired(Mode(m)) != 0,
							"%v of %d, %d, then %d, at %d", Mode(m), first, r, w, now)
					}
				}
				require.Zero(t, heap.Len())
			}
		}
	}
}

// If this failed, a deadline of a closed connection would reach the next one that has
// its slot, or keep the slot in the heap.
func TestEvictMustEmptyTheHeap(t *testing.T) {
	heap := timer.New(func() {})
	c := NewCache(heap, testEnv)
	pd := c.Alloc()
	require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Read, 20, 1))
	require.NoError(t, pd.SetDeadline(pd.Token().Gen, Write, Write, 10, 1))
	stale := [...]uint64{pd.deadlines[Read].seq, pd.deadlines[Write].seq}
	pd.Evict()
	require.Zero(t, heap.Len())
	require.Zero(t, heap.RunDue(heap.Next()), "a look in vain, the last")
	require.Equal(t, int64(timer.Never), heap.Next())

	c.Free(pd)
	require.Same(t, pd, c.Alloc())
	require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Write, 30, 1))
	for _, seq := range stale {
		pd.Due(seq, 25) // they were on their way already
	}
	require.NoError(t, pd.Prepare(Read))
	require.NoError(t, pd.Prepare(Write))
	require.EqualValues(t, 30, heap.Next())
	require.Equal(t, 1, heap.Len())
}

// If this failed, an owner's Due could not call back into the heap.
func TestDueMustArmAgainWhileTheHeapRuns(t *testing.T) {
	pd, heap := newTimed()
	require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Read, 10, 1))
	require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Read, 15, 1))
	require.Equal(t, 1, heap.RunDue(12))
	require.EqualValues(t, 15, heap.Next())
	require.Equal(t, 1, heap.RunDue(15))
	require.ErrorIs(t, pd.Prepare(Read), os.ErrDeadlineExceeded)
}

// If this failed, a wait would outlast its limit or its deadline, whichever comes first,
// or one of them would be forgotten when the other is taken away.
func TestLimitAndDeadlineMustBothCount(t *testing.T) {
	const limit, deadline = 10, 20
	pd, heap := newTimed()
	require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Read, deadline, 1))
	pd.Limit(Read, limit, 1)
	result := goWait(t, pd, Read)
	heap.RunDue(limit)
	require.ErrorIs(t, ended(t, result), os.ErrDeadlineExceeded, "the limit comes first")
	pd.Limit(Read, 0, limit)
	require.NoError(t, pd.Prepare(Read), "it was of that wait")

	pd.Limit(Read, deadline+1, limit)
	result = goWait(t, pd, Read)
	heap.RunDue(deadline)
	require.ErrorIs(t, ended(t, result), os.ErrDeadlineExceeded, "the deadline comes first")
	pd.Limit(Read, 0, deadline)
	require.ErrorIs(t, pd.Prepare(Read), os.ErrDeadlineExceeded, "it stays")

	pd.Limit(Read, deadline+10, deadline)
	require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Read, 0, deadline))
	result = goWait(t, pd, Read)
	require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Read, -1, deadline), "of a wait with a limit")
	require.ErrorIs(t, ended(t, result), os.ErrDeadlineExceeded)
	require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Read, 0, deadline))
	result = goWait(t, pd, Read)
	heap.RunDue(deadline + 10)
	require.ErrorIs(t, ended(t, result), os.ErrDeadlineExceeded, "the limit was there all the time")
	require.NoError(t, pd.Prepare(Write), "the other side has no limit")
}

// If this failed, a limit for every wait would cost the heap's lock each time.
func TestLaterLimitMustNotTouchTheHeap(t *testing.T) {
	pd, heap := newTimed()
	for now := int64(1); now <= 100; now++ {
		pd.Limit(Read, now+1000, now)
		pd.Limit(Read, 0, now)
	}
	require.EqualValues(t, 1, armings(heap))
	heap.RunDue(2000)
	require.Zero(t, heap.Len())

	pd.Evict()
	pd.Limit(Read, 3000, 2000)
	require.Zero(t, heap.Len(), "of a descriptor that is closing")
}
