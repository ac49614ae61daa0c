package polldesc

import (
	"errors"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/timer"
)

// These tests run the real functions in real goroutines, for the race detector and
// for what the search leaves out. They assert totals: nothing lost, nothing
// twice.

// A stream stands for a socket: what there is to transfer on either side.
type stream struct {
	pd    *PollDesc
	units [2]atomic.Int64
}

// take is the system call. It reports false for EAGAIN.
func (s *stream) take(m Mode) bool {
	for {
		n := s.units[m].Load()
		if n == 0 {
			return false
		}
		if s.units[m].CompareAndSwap(n, n-1) {
			return true
		}
	}
}

// transfer is one Read or Write of package fd.
func (s *stream) transfer(m Mode) error {
	if err := s.pd.Prepare(m); err != nil {
		return err
	}
	for !s.take(m) {
		if err := s.pd.Wait(m); err != nil {
			return err
		}
	}
	return nil
}

// transferAll takes n units and counts the deadlines that came in between.
func (s *stream) transferAll(t *testing.T, m Mode, n int) (timeouts int) {
	for n > 0 {
		switch err := s.transfer(m); {
		case err == nil:
			n--
		case errors.Is(err, os.ErrDeadlineExceeded):
			timeouts++
			runtime.Gosched()
		default:
			t.Errorf("%d units before the end: %v", n, err)
			return timeouts
		}
	}
	return timeouts
}

// requireQuiet asserts that no wake-up is left over.
func requireQuiet(t *testing.T, pd *PollDesc) {
	t.Helper()
	for m := range pd.side {
		if p := pd.side[m].channel; p != nil {
			require.Zero(t, len((*p).(channel).permit), "a permit that nobody takes would wake the next owner")
		}
		require.LessOrEqual(t, pd.side[m].word.g.Load(), ready, "nobody waits any more")
	}
}

func rounds(n int) int {
	if testing.Short() {
		return n / 10
	}
	return n
}

// If this failed, an edge would be lost, or wake the same wait twice.
func TestRaceEdges(t *testing.T) {
	n := rounds(100_000)
	s := &stream{pd: newTestDesc()}
	var owners sync.WaitGroup
	for m := Read; m <= Write; m++ {
		owners.Go(func() { s.transferAll(t, m, n) })
	}
	rng := rand.New(rand.NewPCG(1, 2))
	gen := s.pd.Token().Gen
	wakes := 0
	for left := [2]int{n, n}; left[Read]+left[Write] > 0; {
		var e Events
		for m := Read; m <= Write; m++ {
			if batch := min(left[m], rng.IntN(3)); batch > 0 {
				s.units[m].Add(int64(batch)) // HB-2: data, then event
				left[m] -= batch
				e |= Readable << m
			}
		}
		woken, ok := s.pd.Edge(gen, e)
		require.True(t, ok)
		wakes += woken
		if rng.IntN(4) == 0 {
			runtime.Gosched()
		}
	}
	owners.Wait()
	require.Zero(t, s.units[Read].Load()+s.units[Write].Load())
	require.LessOrEqual(t, wakes, 2*n, "more wake-ups than there was to transfer")
	requireQuiet(t, s.pd)
}

// If this failed, a wake-up would be sent to nobody, or a goroutine park that nobody
// wakes: each park is ended by one edge or one cancellation, counted on both ends.
func TestRaceEveryParkHasOneWake(t *testing.T) {
	n := rounds(50_000)
	pd := newTestDesc()
	gen := pd.Token().Gen
	parks, edges, cancelled := 0, 0, 0
	var done atomic.Bool
	var owner sync.WaitGroup
	owner.Go(func() {
		s := &pd.side[Read]
		p := pd.choose(Read)
		for parks < n { // Wait, with a count
			if s.word.consume() == actCall || s.word.announce() == actRecheck {
				continue
			}
			s.publish(p)
			if s.word.commit() == actPark {
				parks++
				(*p).Park()
			}
			s.word.collect()
		}
		done.Store(true)
	})
	var canceller sync.WaitGroup
	canceller.Go(func() {
		for !done.Load() {
			pd.mu.Lock()
			toWake := wakes(0)
			if pd.side[Read].word.cancel() == parked {
				toWake = 1 << Read
				cancelled++
			}
			pd.mu.Unlock()
			pd.wake(toWake)
			runtime.Gosched()
		}
	})
	for !done.Load() {
		woken, _ := pd.Edge(gen, Readable)
		edges += woken
		runtime.Gosched()
	}
	owner.Wait()
	canceller.Wait()
	require.Equal(t, n, parks)
	require.Equal(t, n, edges+cancelled)
	requireQuiet(t, pd)
}

// If this failed, a deadline would lose an edge, an edge a deadline, or a deadline that
// was taken back would come nevertheless.
func TestRaceDeadlines(t *testing.T) {
	n := rounds(20_000)
	heap := timer.New(func() {})
	s := &stream{pd: NewCache(heap, testEnv).Alloc()}
	var now atomic.Int64
	now.Store(1)

	var owners, others sync.WaitGroup
	for m := Read; m <= Write; m++ {
		owners.Go(func() { s.transferAll(t, m, n) })
	}
	var done atomic.Bool
	others.Go(func() { // the reactor's timers
		for !done.Load() {
			heap.RunDue(now.Add(1))
			runtime.Gosched()
		}
	})
	for i := range 2 { // two who set deadlines
		others.Go(func() {
			rng := rand.New(rand.NewPCG(3, uint64(i)))
			for !done.Load() {
				clock := now.Load()
				at := []int64{0, -1, clock, clock + 1, clock + 10, clock + 100}[rng.IntN(6)]
				first := Mode(rng.IntN(2))
				last := first + Mode(rng.IntN(int(2-first)))
				if err := s.pd.SetDeadline(s.pd.Token().Gen, first, last, at, clock); err != nil {
					t.Error("SetDeadline: ", err)
				}
				runtime.Gosched()
			}
		})
	}
	gen := s.pd.Token().Gen
	for range n {
		s.units[Read].Add(1)
		s.units[Write].Add(1)
		s.pd.Edge(gen, Readable|Writable)
		runtime.Gosched()
	}
	owners.Wait()
	done.Store(true)
	others.Wait()
	require.Zero(t, s.units[Read].Load()+s.units[Write].Load())
	requireQuiet(t, s.pd)

	require.NoError(t, s.pd.SetDeadline(s.pd.Token().Gen, Read, Write, 0, now.Load()))
	require.NoError(t, s.pd.Prepare(Read))
	require.NoError(t, s.pd.Prepare(Write))
	heap.RunDue(now.Load() + 1000)
	require.Zero(t, heap.Len(), "what was armed and is not wanted has come due")
	require.NoError(t, s.pd.Prepare(Read))
}

// If this failed, closing a connection at an unlucky moment would leave a goroutine in
// it, or a wake-up for the slot's next owner.
func TestRaceEvict(t *testing.T) {
	heap := timer.New(func() {})
	c := NewCache(heap, testEnv)
	var now atomic.Int64
	now.Store(1)
	rng := rand.New(rand.NewPCG(5, 6))
	closed := 0
	n := rounds(1000)
	for range n {
		pd := c.Alloc()
		s := &stream{pd: pd}
		gen := pd.Token().Gen
		errs := make(chan error, 2)
		var others sync.WaitGroup
		for m := Read; m <= Write; m++ {
			go func() {
				for {
					if err := s.transfer(m); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
						errs <- err
						return
					}
					runtime.Gosched()
				}
			}()
		}
		units := rng.IntN(4)
		others.Go(func() {
			for range units {
				s.units[Read].Add(1)
				s.units[Write].Add(1)
				pd.Edge(gen, Readable|Writable)
			}
		})
		others.Go(func() {
			for pd.SetDeadline(pd.Token().Gen, Read, Write, now.Load()+2, now.Load()) == nil {
				heap.RunDue(now.Add(1))
				runtime.Gosched()
			}
		})
		for range rng.IntN(20) {
			runtime.Gosched()
		}
		others.Go(pd.Evict)
		pd.Evict()
		for range 2 {
			require.ErrorIs(t, ended(t, errs), net.ErrClosed)
			closed++
		}
		others.Wait()
		requireQuiet(t, pd)
		require.Zero(t, heap.Len())
		c.Free(pd)
	}
	require.Equal(t, 2*n, closed)
	require.Zero(t, c.Open())
}

// If this failed, an event for a connection that is gone would leave its mark on the
// one that has its slot, or wake a goroutine again and again.
func TestRaceReuse(t *testing.T) {
	n := rounds(5000)
	const owners = 4
	c := newTestCache()
	dead := make(chan Token, 64) // lives that are over
	type birth struct {
		s     *stream
		token Token
	}
	live := make(chan birth, owners)

	var poller, users sync.WaitGroup
	stale := 0
	poller.Go(func() {
		for dead, live := dead, live; dead != nil || live != nil; {
			select {
			case token, ok := <-dead:
				if !ok {
					dead = nil
					continue
				}
				woken, ok := c.Get(token.Slot).Edge(token.Gen, Readable|Writable|RDHUP|HUP|ERR|PRI)
				if ok || woken > 0 {
					t.Error("an event of an earlier life was taken for one of this")
				}
				stale++
			case b, ok := <-live:
				if !ok {
					live = nil
					continue
				}
				b.s.units[Read].Add(1) // from here on the life may end at any time
				c.Get(b.token.Slot).Edge(b.token.Gen, Readable)
			}
		}
	})
	for range owners {
		users.Go(func() {
			for range n {
				s := &stream{pd: c.Alloc()}
				token := s.pd.Token()
				live <- birth{s, token}
				if err := s.transfer(Read); err != nil {
					t.Error("Read: ", err)
				}
				if s.pd.Exceptional() {
					t.Error("a fact of an earlier life was recorded in this")
				}
				s.pd.Evict()
				c.Free(s.pd)
				dead <- token
			}
		})
	}
	users.Wait()
	close(dead)
	close(live)
	poller.Wait()
	require.Equal(t, owners*n, stale)
	require.Zero(t, c.Open())
	readers, writers := c.Waiting()
	require.Zero(t, readers+writers)
}
