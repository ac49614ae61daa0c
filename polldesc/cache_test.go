package polldesc

import (
	"fmt"
	"math"
	"net"
	"reflect"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/timer"
)

// If this failed, two processors that serve two connections would take a cache line from
// each other all the time.
func TestNeighborsShareNoCacheLine(t *testing.T) {
	if strconv.IntSize != 64 {
		t.Skip("on 32 bits they do")
	}
	const lines = 128
	require.EqualValues(t, lines, reflect.TypeFor[PollDesc]().Size())
	c := newTestCache()
	for range 3 * slabSize {
		pd := c.Alloc()
		require.Zero(t, reflect.ValueOf(pd).Pointer()%lines)
	}
}

func newTestCache() *Cache { return NewCache(timer.New(func() {}), testEnv) }

// reuse ends pd's life and begins the next in the same slot.
func reuse(t *testing.T, c *Cache, pd *PollDesc) {
	t.Helper()
	pd.Evict()
	c.Free(pd)
	if next := c.Alloc(); next != pd {
		t.Fatalf("slot %d was given out instead of %d", next.slot, pd.slot)
	}
}

func setGen(pd *PollDesc, gen uint32) {
	_, f := pd.info.load()
	pd.info.w.Store(uint64(gen)<<32 | uint64(f))
}

// If this failed, a descriptor would have the wake-up descriptor's name, and its events
// would be swallowed.
func TestGenerationMustWrapToOne(t *testing.T) {
	c := newTestCache()
	pd := c.Alloc()
	setGen(pd, math.MaxUint32-1)
	reuse(t, c, pd)
	require.EqualValues(t, uint32(math.MaxUint32), pd.Token().Gen)
	require.NoError(t, pd.Prepare(Read))
	last := pd.Token()

	reuse(t, c, pd)
	require.EqualValues(t, 1, pd.Token().Gen)
	require.NoError(t, pd.Prepare(Read))
	for _, gen := range []uint32{WakeToken.Gen, last.Gen} {
		_, ok := pd.Edge(gen, Readable|RDHUP)
		require.False(t, ok, "generation %d", gen)
	}
	require.False(t, pd.Exceptional())
}

// If this failed, part of the generation would be lost on the way, and an event of
// exactly so many lives ago would pass for one of now.
func TestTokenMustBeStaleAfterAnyNumberOfReuses(t *testing.T) {
	c := newTestCache()
	pd := c.Alloc()
	stale := pd.Token()
	check := func(reuses uint32) {
		woken, ok := pd.Edge(TokenOf(stale.Words()).Gen, Readable|Writable|HUP)
		require.False(t, ok, "after %d reuses", reuses)
		require.Zero(t, woken)
		require.False(t, pd.Exceptional(), "after %d reuses", reuses)
		require.Equal(t, idle, pd.side[Read].word.g.Load(), "after %d reuses", reuses)
	}
	const most = 1<<12 + 1
	for n := uint32(1); n <= most; n++ {
		reuse(t, c, pd)
		check(n)
	}
	for k := 12; k < 32; k++ {
		for _, n := range []uint32{1<<k - 1, 1 << k, 1<<k + 1} {
			setGen(pd, stale.Gen+n-1)
			reuse(t, c, pd)
			require.Equal(t, stale.Gen+n, pd.Token().Gen)
			check(n)
		}
	}
}

// If this failed, an event in the poller's hand would name another descriptor than the
// one it was registered for.
func TestSlotMustBeOneDescriptorForEver(t *testing.T) {
	c := newTestCache()
	const n = 3*slabSize + 1
	seen := map[Token]bool{}
	var pds []*PollDesc
	for i := range n {
		pd := c.Alloc()
		require.Equal(t, i+1, c.Open())
		require.False(t, seen[pd.Token()], "two descriptors have one name")
		require.NotEqual(t, WakeToken, pd.Token())
		seen[pd.Token()] = true
		pds = append(pds, pd)
	}
	for _, pd := range pds {
		require.Same(t, pd, c.Get(pd.Token().Slot), "slabs made later must not move it")
		slot := pd.slot
		pd.Evict()
		c.Free(pd)
		require.Same(t, pd, c.Get(slot))
	}
	require.Zero(t, c.Open())
	for range n {
		pd := c.Alloc()
		require.False(t, seen[pd.Token()], "a name was given out twice")
		require.Same(t, pd, c.Get(pd.slot))
	}
	require.Len(t, *c.slabs.Load(), 4, "freed slots are used before new ones are made")
}

// If this failed, a descriptor would begin its life with what happened in the last.
func TestAllocMustBeginAfresh(t *testing.T) {
	c := newTestCache()
	pd := c.Alloc()
	require.NoError(t, pd.SetDeadline(pd.Token().Gen, Read, Write, -1, 1))
	edge(t, pd, Readable|Writable|RDHUP|HUP|ERR|PRI)
	reuse(t, c, pd)

	require.False(t, pd.Exceptional())
	_, f := pd.info.load()
	require.Zero(t, f)
	for m := Read; m <= Write; m++ {
		require.NoError(t, pd.Prepare(m))
		result := goWait(t, pd, m)
		edge(t, pd, Readable<<m)
		require.NoError(t, ended(t, result))
	}
}

// If this failed, a slot that is nobody's could be used, or EvictAll would close it
// for the owner to come.
func TestFreeSlotMustBeClosedUntilAlloc(t *testing.T) {
	c := newTestCache()
	pd := c.Alloc()
	never := c.Get(pd.slot + 1) // never open yet, as the others of its slab
	pd.Evict()
	c.Free(pd)
	for _, free := range []*PollDesc{pd, never} {
		require.ErrorIs(t, free.Prepare(Read), net.ErrClosed)
		require.ErrorIs(t, free.Wait(Write), net.ErrClosed)
		require.ErrorIs(t, free.SetDeadline(free.Token().Gen, Read, Write, 9, 1), net.ErrClosed)
	}
	c.EvictAll()
	require.NoError(t, c.Alloc().Prepare(Read))
	require.NoError(t, c.Alloc().Prepare(Read))
}

// If this failed, a goroutine would sleep on in a descriptor that has another owner.
func TestFreeMustRefuseADescriptorInUse(t *testing.T) {
	c := newTestCache()
	pd := c.Alloc()
	result := goWait(t, pd, Write)
	require.PanicsWithValue(t, "polldesc: free of a descriptor that a goroutine waits for", func() { c.Free(pd) })
	pd.Evict()
	require.ErrorIs(t, ended(t, result), net.ErrClosed)
	c.Free(pd)
}

// If this failed, closing a poller would leave goroutines behind, or the statistics
// would not show them.
func TestEvictAllMustWakeAllWhoWait(t *testing.T) {
	c := newTestCache()
	const n = slabSize + 3
	var results []<-chan error
	for i := range n {
		pd := c.Alloc()
		results = append(results, goWait(t, pd, Read))
		if i%2 == 0 {
			results = append(results, goWait(t, pd, Write))
		}
	}
	readers, writers := c.Waiting()
	require.Equal(t, n, readers)
	require.Equal(t, (n+1)/2, writers)

	c.EvictAll()
	for _, r := range results {
		require.ErrorIs(t, ended(t, r), net.ErrClosed)
	}
	readers, writers = c.Waiting()
	require.Zero(t, readers+writers)
}

// If this failed, an event would come back from the kernel under another name
// (golang/go#72900).
func TestTokenMustComeBackAsItWent(t *testing.T) {
	halves := []uint32{0, 1, 2, 1<<16 - 1, 1 << 16, math.MaxInt32, math.MaxInt32 + 1, math.MaxUint32 - 1, math.MaxUint32}
	for k := range 32 {
		halves = append(halves, 1<<k)
	}
	seen := map[[2]int32]Token{}
	for _, slot := range halves {
		for _, gen := range halves {
			token := Token{Slot: slot, Gen: gen}
			lo, hi := token.Words()
			require.Equal(t, token, TokenOf(lo, hi))
			if other, ok := seen[[2]int32{lo, hi}]; ok {
				require.Equal(t, other, token, "two tokens have one encoding")
			}
			seen[[2]int32{lo, hi}] = token
		}
	}
	lo, hi := WakeToken.Words()
	require.Equal(t, [2]int32{0, 0}, [2]int32{lo, hi})
}

// If this failed, a busy connection would feed the garbage collector.
func TestWarmDescriptorMustNotAllocate(t *testing.T) {
	if nettest.UnderRace() {
		t.Skip("the race detector allocates")
	}
	heap := timer.New(func() {})
	c := NewCache(heap, testEnv)
	pd := c.Alloc()
	gen := pd.Token().Gen
	now := int64(1)
	parks := make(chan struct{})
	go func() {
		for range parks {
			if pd.Wait(Write) != nil {
				return
			}
		}
	}()
	for name, f := range map[string]func(){
		"Prepare, Edge, Wait": func() {
			_ = pd.Prepare(Read)
			pd.Edge(gen, Readable)
			_ = pd.Wait(Read)
		},
		"Wait that parks": func() {
			parks <- struct{}{}
			for !pd.side[Write].word.waiting() {
				runtime.Gosched()
			}
			pd.Edge(gen, Writable)
		},
		"SetDeadline, later": func() {
			now++
			_ = pd.SetDeadline(pd.Token().Gen, Read, Write, now+1000, now)
		},
		"SetReadDeadline, earlier": func() {
			_ = pd.SetDeadline(pd.Token().Gen, Read, Read, now+1000, now)
			_ = pd.SetDeadline(pd.Token().Gen, Read, Read, now+10, now)
			_ = pd.SetDeadline(pd.Token().Gen, Read, Read, 0, now)
		},
		"RunDue": func() {
			now++
			_ = pd.SetDeadline(pd.Token().Gen, Read, Write, now+1, now)
			now += 2
			heap.RunDue(now)
			_ = pd.SetDeadline(pd.Token().Gen, Read, Write, 0, now)
		},
		"Alloc, Free": func() {
			other := c.Alloc()
			other.Evict()
			c.Free(other)
		},
	} {
		f()
		require.Zero(t, testing.AllocsPerRun(1000, f), name)
	}
	close(parks)
}

func ExampleToken_Words() {
	lo, hi := Token{Slot: 7, Gen: math.MaxUint32}.Words()
	fmt.Println(lo, hi, TokenOf(lo, hi))
	// Output: 7 -1 {7 4294967295}
}

func BenchmarkPrepareEdgeWait(b *testing.B) {
	pd := newTestDesc()
	gen := pd.Token().Gen
	for b.Loop() {
		_ = pd.Prepare(Read)
		pd.Edge(gen, Readable)
		_ = pd.Wait(Read)
	}
}

func BenchmarkSetDeadlineLater(b *testing.B) {
	pd := newTestDesc()
	for now := int64(1); b.Loop(); now++ {
		_ = pd.SetDeadline(pd.Token().Gen, Read, Write, now+1e9, now)
	}
}

func BenchmarkAllocFree(b *testing.B) {
	c := newTestCache()
	for b.Loop() {
		pd := c.Alloc()
		pd.Evict()
		c.Free(pd)
	}
}
