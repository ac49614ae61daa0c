package timer

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
)

// A firing is one call of Due.
type firing struct {
	name string
	seq  uint64
	now  int64
}

// A log is what its owners have heard, all in one list.
type log struct{ fired []firing }

type named struct {
	log  *log
	name string
	then func(seq uint64, now int64) // called by Due, if set
}

func (n *named) Due(seq uint64, now int64) {
	n.log.fired = append(n.log.fired, firing{n.name, seq, now})
	if n.then != nil {
		n.then(seq, now)
	}
}

func (l *log) entry(name string) *Entry { return &Entry{Owner: &named{log: l, name: name}} }

func (l *log) names() (names []string) {
	for _, f := range l.fired {
		names = append(names, f.name)
	}
	return names
}

func newHeap() *Heap { return New(func() {}) }

// requireHeap asserts what is always true of a heap that nobody is at work on.
func requireHeap(t *testing.T, h *Heap) {
	t.Helper()
	posted := map[*Entry]bool{}
	for e := h.inbox.Load(); e != &bottom; e = e.link.Load() {
		posted[e] = true
		require.LessOrEqual(t, h.Next(), e.when.load(), "Next is later than an entry in the inbox")
	}
	for i, p := range h.places {
		require.Equal(t, i+1, p.entry.pos, "an entry that does not know its place cannot be moved")
		if i > 0 {
			require.False(t, p.before(&h.places[(i-1)/4]), "entry %d is earlier than its parent", i)
		}
		require.LessOrEqual(t, h.Next(), p.when, "Next is later than an entry in its place")
		if when := p.entry.when.load(); when != p.when && when != Never {
			require.True(t, posted[p.entry], "an entry that was moved and not posted is forgotten")
		}
	}
}

// If this failed, an idle reactor would wake up for nothing, or never sleep.
func TestEmptyHeapMustBeDueNever(t *testing.T) {
	h := newHeap()
	require.Equal(t, int64(Never), h.Next())
	require.Zero(t, h.RunDue(math.MaxInt64))
	require.Zero(t, h.Len())
	h.Disarm(&Entry{})
	require.Zero(t, h.Len())
}

// If this failed, deadlines would come in the wrong order.
func TestRunDueMustFireInOrder(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	var l log
	h := newHeap()
	var want []int64
	for range 1000 {
		when := rng.Int64N(200) - 100
		want = append(want, when)
		seq := h.Arm(&Entry{Owner: &named{log: &l}}, when)
		require.EqualValues(t, len(want), seq)
	}
	requireHeap(t, h)
	whens := map[uint64]int64{}
	for i, when := range want {
		whens[uint64(i+1)] = when
	}
	for now := int64(-101); now < 100+7; now += 7 {
		before := len(l.fired)
		n := h.RunDue(now)
		require.Equal(t, n, len(l.fired)-before)
		requireHeap(t, h)
		require.Greater(t, h.Next(), now)
	}
	require.Zero(t, h.Len())
	require.True(t, slices.IsSortedFunc(l.fired, func(a, b firing) int {
		return cmp.Or(cmp.Compare(whens[a.seq], whens[b.seq]), cmp.Compare(a.seq, b.seq))
	}))
}

// If this failed, equal deadlines would come in an order that nobody can predict.
func TestTiesMustFireInTheOrderOfArming(t *testing.T) {
	var l log
	h := newHeap()
	a, b, c, d := l.entry("a"), l.entry("b"), l.entry("c"), l.entry("d")
	h.Arm(a, 5)
	h.Arm(b, 5)
	h.Arm(c, 9)
	h.Arm(d, 5)
	h.Arm(c, 5) // after d
	h.Arm(a, 5) // again: after all
	requireHeap(t, h)
	require.Equal(t, 4, h.RunDue(5))
	require.Equal(t, []string{"b", "d", "c", "a"}, l.names())
}

// If this failed, an entry would be in the heap twice and fire twice.
func TestArmMustMoveAnEntryThatIsArmed(t *testing.T) {
	for _, when := range []int64{1, 5, 9} {
		var l log
		h := newHeap()
		e := l.entry("moved")
		h.Arm(l.entry("other"), 5)
		h.Arm(e, 5)
		seq := h.Arm(e, when)
		require.Equal(t, 2, h.Len())
		requireHeap(t, h)
		require.Equal(t, 2, h.RunDue(9))
		require.Contains(t, l.fired, firing{"moved", seq, 9})
		armed, fired := h.Counts()
		require.EqualValues(t, 3, armed)
		require.EqualValues(t, 2, fired)
	}
}

// If this failed, a deadline would come after it was taken back.
func TestDisarmedEntryMustNotFire(t *testing.T) {
	var l log
	h := newHeap()
	e := l.entry("gone")
	h.Arm(e, 5)
	h.Arm(l.entry("stays"), 6)
	h.Disarm(e)
	h.Disarm(e)
	requireHeap(t, h)
	require.Zero(t, h.RunDue(5))
	require.EqualValues(t, 6, h.Next())
	require.Equal(t, 1, h.RunDue(10))
	require.Equal(t, []string{"stays"}, l.names())
	require.Zero(t, e.pos)
}

// If this failed, the reactor would sleep past a deadline that is earlier than the one
// it knows of.
func TestNewEarliestEntryMustWake(t *testing.T) {
	wakes, earliest := 0, int64(0)
	var l log
	var h *Heap
	h = New(func() {
		require.Equal(t, earliest, h.Next(), "the reactor looks, and sleeps on")
		wakes++
	})
	a, b := l.entry("a"), l.entry("b")
	for _, step := range []struct {
		name string
		do   func()
		wake int
		next int64
	}{
		{"the first", func() { h.Arm(a, 50) }, 1, 50},
		{"a later one", func() { h.Arm(b, 60) }, 0, 50},
		{"an equal one", func() { h.Arm(b, 50) }, 0, 50},
		{"moved to be the earliest", func() { h.Arm(b, 40) }, 1, 40},
		{"the earliest, earlier still", func() { h.Arm(b, 30) }, 1, 30},
		{"the earliest moves later", func() { h.Arm(b, 70) }, 0, 30},
		{"a look in vain", func() { h.RunDue(30) }, 0, 50},
		{"the earliest is disarmed", func() { h.Disarm(a) }, 0, 50},
		{"the earliest runs", func() { h.RunDue(70) }, 0, Never},
		{"the first again", func() { h.Arm(a, 80) }, 1, 80},
		{"a time in the past", func() { h.Arm(b, -1) }, 1, -1},
	} {
		before := wakes
		earliest = step.next
		step.do()
		requireHeap(t, h)
		require.Equal(t, step.wake, wakes-before, step.name)
		require.Equal(t, step.next, h.Next(), step.name)
	}
}

// If this failed, an owner could meet another's entry in the heap that is about to
// fire, and disarm it in vain.
func TestDueEntriesMustLeaveBeforeTheFirstOwnerHears(t *testing.T) {
	var l log
	h := newHeap()
	e, f, later := l.entry("e"), l.entry("f"), l.entry("later")
	for _, x := range []*Entry{e, f} {
		x.Owner.(*named).then = func(uint64, int64) {
			require.Equal(t, 1, h.Len(), "only what is not due is left")
			require.EqualValues(t, 100, h.Next())
		}
	}
	h.Arm(e, 1)
	h.Arm(f, 2)
	h.Arm(later, 100)
	require.Equal(t, 2, h.RunDue(50))
}

// If this failed, an owner that arms again and again could keep the reactor forever.
func TestArmedInDueMustWaitForTheNextRun(t *testing.T) {
	var l log
	h := newHeap()
	e := l.entry("again")
	e.Owner.(*named).then = func(_ uint64, now int64) { h.Arm(e, now-1) }
	h.Arm(e, 1)
	for run := 1; run <= 5; run++ {
		require.Equal(t, 1, h.RunDue(10))
		require.Len(t, l.fired, run)
		require.EqualValues(t, run, l.fired[run-1].seq)
		require.EqualValues(t, 9, h.Next())
	}
}

// If this failed, an owner could not tell a deadline from one that it has replaced, or
// taken back, while it was on its way.
func TestDetachedEntryMustFireWithItsOldSeq(t *testing.T) {
	var l log
	h := newHeap()
	first, disarmed, rearmed := l.entry("first"), l.entry("disarmed"), l.entry("rearmed")
	var seq uint64
	first.Owner.(*named).then = func(uint64, int64) {
		h.Disarm(disarmed)
		seq = h.Arm(rearmed, 20)
	}
	h.Arm(first, 1)
	h.Arm(disarmed, 2)
	h.Arm(rearmed, 3)
	require.Equal(t, 3, h.RunDue(10))
	require.Equal(t, []firing{{"first", 1, 10}, {"disarmed", 2, 10}, {"rearmed", 3, 10}}, l.fired)
	require.Equal(t, 1, h.Len())
	require.Equal(t, 1, h.RunDue(20))
	require.Equal(t, firing{"rearmed", seq, 20}, l.fired[3])
}

// If this failed, memory of closed connections would live as long as the reactor.
func TestHeapMustLetGoOfEntries(t *testing.T) {
	h := newHeap()
	var l log
	var entries []*Entry
	for i := range 100 {
		e := l.entry("")
		h.Arm(e, int64(i))
		entries = append(entries, e)
	}
	for _, e := range entries[50:] {
		h.Disarm(e)
	}
	h.RunDue(100)
	require.Same(t, &bottom, h.inbox.Load())
	for _, e := range entries {
		require.Nil(t, e.link.Load())
	}
	for _, p := range h.places[:cap(h.places)] {
		require.Nil(t, p.entry)
	}
	for _, f := range h.due[:cap(h.due)] {
		require.Nil(t, f.entry)
	}
}

type nobody struct{}

func (nobody) Due(uint64, int64) {}

// If this failed, every deadline would be work for the garbage collector.
func TestWarmHeapMustNotAllocate(t *testing.T) {
	if nettest.UnderRace() {
		t.Skip("the race detector allocates")
	}
	h := newHeap()
	entries := make([]Entry, 100)
	now := int64(0)
	round := func() {
		for i := range entries {
			entries[i].Owner = nobody{}
			h.Arm(&entries[i], now+int64(i*7%100))
		}
		for i := range entries {
			h.Arm(&entries[i], now+int64(i*13%100))
		}
		h.Disarm(&entries[7])
		now += 100
		h.RunDue(now)
	}
	round()
	require.Zero(t, testing.AllocsPerRun(100, round))
	require.Zero(t, h.Len())
}

// A reactor would wake up for every deadline that nobody wants any more.
func TestDisarmedFirstMustLeaveWithTheNextRun(t *testing.T) {
	h := New(func() {})
	var due, disarmed, last Entry
	for _, e := range []*Entry{&due, &disarmed, &last} {
		e.Owner = nobody{}
	}
	h.Arm(&disarmed, 10)
	h.Arm(&last, 20)
	h.Arm(&due, 5)
	require.Equal(t, 1, h.RunDue(5))
	h.Disarm(&disarmed)
	h.Arm(&due, 6)
	require.Equal(t, 1, h.RunDue(6))
	require.EqualValues(t, 20, h.Next())
}
