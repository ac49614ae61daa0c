package polldesc

import (
	"math"
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/timer"
)

// A spot is a Parker made of a channel. It fails the test if the rules for one are broken.
type spot struct {
	t      *testing.T
	side   *Side
	permit chan struct{}
	given  int
}

func (s *spot) Park() { <-s.permit }

func (s *spot) Unpark() {
	if s.side != nil && s.side.Parked() {
		s.t.Error("a permit for an owner that is parked still")
	}
	s.given++
	s.permit <- struct{}{}
}

// A turner is a Policy. It chooses a spot for a side when it is told to, and counts the calls.
type turner struct {
	t                    *testing.T
	spots                []*spot // of the sides that have got one, in their order
	spare                bool    // choose a spot
	woken, ran, released int
	begun                []int // what each call was told
}

func (p *turner) Choose(s *Side, begun int) *Parker {
	p.begun = append(p.begun, begun)
	if !p.spare {
		return nil
	}
	if s.Spare == nil {
		sp := &spot{t: p.t, side: s, permit: make(chan struct{}, 1)}
		p.spots = append(p.spots, sp)
		parker := Parker(sp)
		s.Spare = &parker
	}
	return s.Spare
}

func (p *turner) Woken(*Side) { p.woken++ }

func (p *turner) Running(*Side) { p.ran++ }

func (p *turner) Release(s *Side) {
	if s.Spare != nil && len((*s.Spare).(*spot).permit) > 0 {
		p.t.Error("released with a permit")
	}
	s.Spare = nil
	p.released++
}

func newTurner(t *testing.T) (*Cache, *turner) {
	p := &turner{t: t}
	env := testEnv
	env.Policy = p
	return NewCache(timer.New(func() {}), env), p
}

// wakeTimes parks a reader and wakes it by an edge, n times.
func wakeTimes(t *testing.T, pd *PollDesc, n int) {
	t.Helper()
	for range n {
		result := goWait(t, pd, Read)
		require.Equal(t, 1, edge(t, pd, Readable))
		require.NoError(t, ended(t, result))
	}
}

// If this failed, owners would park elsewhere than the policy says.
func TestPolicyChoosesEachTime(t *testing.T) {
	c, p := newTurner(t)
	pd := c.Alloc()
	wakeTimes(t, pd, 2)
	require.Empty(t, p.spots)
	p.spare = true
	wakeTimes(t, pd, 2)
	require.Len(t, p.spots, 1)
	require.Equal(t, 2, p.spots[0].given)
	p.spare = false
	wakeTimes(t, pd, 2)
	require.Equal(t, 2, p.spots[0].given)
	p.spare = true
	wakeTimes(t, pd, 1)
	require.Equal(t, 3, p.spots[0].given)
	require.Equal(t, 7, p.woken, "told of each wake-up")
	require.Equal(t, 7, p.ran, "told of each turn")

	wakeTimes(t, c.Alloc(), 1)
	require.Len(t, p.spots, 2, "each side has its own")
}

// If this failed, the policy would take an owner that has read many packets for one that
// computes.
func TestPolicyKnowsWhatTheOwnerRunning(t *testing.T) {
	c, p := newTurner(t)
	pd := c.Alloc()
	for _, n := range []int{0, 3, 0, math.MaxUint8 + 1} {
		require.NoError(t, pd.Prepare(Write))
		for range n {
			require.NoError(t, pd.Prepare(Read))
		}
		wakeTimes(t, pd, 1)
	}
	require.Equal(t, []int{0, 3, 0, math.MaxUint8}, p.begun)
}

// If this failed, an owner would not be woken in another parker by all that wakes it on its
// channel, or the policy would count what is no edge.
func TestParkerTakesEveryPermit(t *testing.T) {
	c, p := newTurner(t)
	p.spare = true
	pd := c.Alloc()
	wakeTimes(t, pd, 1)
	for _, by := range []struct {
		name  string
		wake  func()
		want  error
		edges int
	}{
		{"edge", func() { edge(t, pd, Readable) }, nil, 1},
		{"deadline", func() { require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Read, 1, 2)) }, os.ErrDeadlineExceeded, 0},
		{"interrupt", func() { pd.Interrupt(Read) }, ErrInterrupted, 0},
		{"evict", pd.Evict, net.ErrClosed, 0},
	} {
		require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Read, 0, 2))
		pd.Uninterrupt(Read)
		given, woken := p.spots[0].given, p.woken
		result := goWait(t, pd, Read)
		by.wake()
		require.ErrorIs(t, ended(t, result), by.want, by.name)
		require.Equal(t, given+1, p.spots[0].given, by.name)
		require.Equal(t, woken+by.edges, p.woken, by.name)
	}
}

// If this failed, a parker would outlive its descriptor, or be the next one's.
func TestParkerEndsWithDescriptor(t *testing.T) {
	c, p := newTurner(t)
	p.spare = true
	pd := c.Alloc()
	wakeTimes(t, pd, 1)
	pd.Evict()
	c.Free(pd)
	require.Equal(t, 2, p.released, "both sides")
	require.Nil(t, pd.side[Read].parker.Load())

	require.Same(t, pd, c.Alloc())
	wakeTimes(t, pd, 1)
	require.Len(t, p.spots, 2)
}

// If this failed, choosing would allocate for each wait.
func TestChoosingDoesNotAllocate(t *testing.T) {
	c, p := newTurner(t)
	pd := c.Alloc()
	for _, p.spare = range []bool{false, true} {
		require.Zero(t, testing.AllocsPerRun(100, func() { pd.choose(Read) }))
	}
}

// If this failed, a subscription would park where its owner parked before.
func TestSubscriptionHasItsOwnParker(t *testing.T) {
	c, p := newTurner(t)
	p.spare = true
	pd := c.Alloc()
	wakeTimes(t, pd, 1)
	resumed := make(chan bool)
	parked, err := pd.Subscribe(Read, starter(func() { resumed <- pd.Resumed(Read) }))
	require.NoError(t, err)
	require.True(t, parked)
	edge(t, pd, Readable)
	require.True(t, <-resumed)
	require.Equal(t, 1, p.spots[0].given)
	wakeTimes(t, pd, 1)
	require.Equal(t, 2, p.spots[0].given)
}

// If this failed, a second owner would panic as it should, and the first would never be woken:
// its permit would go where the second one wanted to park.
func TestSecondOwnerLeavesTheParker(t *testing.T) {
	for name, second := range map[string]func(pd *PollDesc){
		"Wait":      func(pd *PollDesc) { pd.Wait(Read) },
		"Subscribe": func(pd *PollDesc) { pd.Subscribe(Read, starter(func() {})) },
	} {
		panics := func(t *testing.T, pd *PollDesc) {
			first := pd.side[Read].parker.Load()
			require.Panics(t, func() { second(pd) })
			require.Same(t, first, pd.side[Read].parker.Load())
		}
		t.Run(name+" during Wait", func(t *testing.T) {
			c, p := newTurner(t)
			pd := c.Alloc()
			result := goWait(t, pd, Read)
			p.spare = true
			panics(t, pd)
			pd.Evict()
			require.ErrorIs(t, ended(t, result), net.ErrClosed)
		})
		t.Run(name+" during Subscribe", func(t *testing.T) {
			pd := newTestDesc()
			resumed := make(chan error, 1)
			parked, err := pd.Subscribe(Read, starter(func() { resumed <- nil }))
			require.NoError(t, err)
			require.True(t, parked)
			panics(t, pd)
			edge(t, pd, Readable)
			require.NoError(t, ended(t, resumed))
		})
	}
}
