package polldesc

import (
	"net"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/timer"
)

// A stool is a Seat made of a channel. It fails the test if the rules for one are broken.
type stool struct {
	t      *testing.T
	claim  Claim
	token  chan struct{}
	sits   bool
	given  int
	closed bool
}

func (s *stool) Sit() bool { return s.sits }

func (s *stool) Take() { <-s.token }

func (s *stool) Give() {
	if s.closed || !s.claim.MayTake() {
		s.t.Error("a token for nobody")
	}
	s.given++
	s.token <- struct{}{}
}

func (s *stool) Close() {
	if s.closed || len(s.token) > 0 {
		s.t.Error("closed twice, or with a token")
	}
	s.closed = true
}

// newStools returns a cache, and the seats that it will get, in their order.
func newStools(t *testing.T) (c *Cache, all *[]*stool) {
	all = new([]*stool)
	env := testEnv
	env.NewSeat = func(c Claim) Seat {
		s := &stool{t: t, claim: c, token: make(chan struct{}, 1), sits: true}
		*all = append(*all, s)
		return s
	}
	return NewCache(timer.New(func() {}), env), all
}

// wakeTimes parks a reader and wakes it by e, n times.
func wakeTimes(t *testing.T, pd *PollDesc, n int, e Events) {
	t.Helper()
	for range n {
		result := goWait(t, pd, Read)
		require.Equal(t, 1, edge(t, pd, Readable|e))
		require.NoError(t, ended(t, result))
	}
}

// If this failed, owners would sit that have not earned it, or stand for ever.
func TestSeatIsEarned(t *testing.T) {
	c, all := newStools(t)
	pd := c.Alloc()
	wakeTimes(t, pd, earned, Quiet)
	require.Empty(t, *all)
	wakeTimes(t, pd, 1, Quiet)
	require.Len(t, *all, 1)
	seat := (*all)[0]
	require.Equal(t, 1, seat.given)

	wakeTimes(t, pd, 2, Quiet)
	require.Equal(t, 3, seat.given)
	wakeTimes(t, pd, 1, 0)
	require.Equal(t, 4, seat.given, "it was in the seat when much happened")
	wakeTimes(t, pd, earned, Quiet)
	require.Equal(t, 4, seat.given, "and had to earn it again")
	wakeTimes(t, pd, 1, Quiet)
	require.Equal(t, 5, seat.given)

	seat.sits = false
	wakeTimes(t, pd, 3, Quiet)
	require.Equal(t, 5, seat.given, "the seat was not to be sat in")
	seat.sits = true
	wakeTimes(t, pd, 1, Quiet)
	require.Equal(t, 6, seat.given)
	require.Len(t, *all, 1)

	wakeTimes(t, c.Alloc(), earned+1, Quiet)
	require.Len(t, *all, 2, "each has its own")
}

// If this failed, an owner would not be woken in its seat by all that wakes it elsewhere.
func TestSeatCarriesEveryToken(t *testing.T) {
	c, all := newStools(t)
	pd := c.Alloc()
	wakeTimes(t, pd, earned+1, Quiet)
	seat := (*all)[0]
	for _, by := range []struct {
		name string
		wake func()
		want error
	}{
		{"edge", func() { edge(t, pd, Readable) }, nil},
		{"deadline", func() { require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Read, 1, 2)) }, os.ErrDeadlineExceeded},
		{"interrupt", func() { pd.Interrupt(Read) }, ErrInterrupted},
		{"evict", pd.Evict, net.ErrClosed},
	} {
		require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Read, 0, 2))
		pd.Uninterrupt(Read)
		pd.side[Read].seating.set(pd.side[Read].seating.seated(), earned)
		given := seat.given
		result := goWait(t, pd, Read)
		by.wake()
		require.ErrorIs(t, ended(t, result), by.want, by.name)
		require.Equal(t, given+1, seat.given, by.name)
	}
}

// If this failed, a seat would outlive its descriptor, or be the next one's.
func TestSeatEndsWithDescriptor(t *testing.T) {
	c, all := newStools(t)
	pd := c.Alloc()
	wakeTimes(t, pd, earned+1, Quiet)
	pd.Evict()
	c.Free(pd)
	require.True(t, (*all)[0].closed)

	require.Same(t, pd, c.Alloc())
	wakeTimes(t, pd, earned, Quiet)
	require.Len(t, *all, 1)
	wakeTimes(t, pd, 1, Quiet)
	require.Len(t, *all, 2)
}

// If this failed, an owner that gets no seat would not wait at all, or ask each time.
func TestNoSeat(t *testing.T) {
	asked := 0
	env := testEnv
	env.NewSeat = func(Claim) Seat { asked++; return nil }
	c := NewCache(timer.New(func() {}), env)
	pd := c.Alloc()
	wakeTimes(t, pd, 3*(earned+1), Quiet)
	require.Equal(t, 3, asked)
	require.Zero(t, testing.AllocsPerRun(100, func() {
		pd.side[Read].seating.set(pd.side[Read].seating.seated(), earned)
		pd.side[Read].choose(c)
	}), "to ask in vain must not allocate")

	wakeTimes(t, NewCache(timer.New(func() {}), testEnv).Alloc(), earned+1, Quiet)
}

// If this failed, a subscription would wait in a seat that its owner has left.
func TestSubscriptionDoesNotSit(t *testing.T) {
	c, all := newStools(t)
	pd := c.Alloc()
	wakeTimes(t, pd, earned+1, Quiet)
	resumed := make(chan bool)
	resume := func() { resumed <- pd.Resumed(Read) }
	parked, err := pd.Subscribe(Read, &resume)
	require.NoError(t, err)
	require.True(t, parked)
	edge(t, pd, Readable|Quiet)
	require.True(t, <-resumed)
	require.Equal(t, 1, (*all)[0].given)
}
