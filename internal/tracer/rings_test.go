package tracer

import (
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// If this fails, a reader sees parts of two events as one, or events are neither kept nor counted.
func TestRingsUnderLoad(t *testing.T) {
	for _, size := range []int{1, 1 << 10} { // with one place in each ring, writers meet all the time
		t.Run(strconv.Itoa(size), func(t *testing.T) { ringsUnderLoad(t, size) })
	}
}

func ringsUnderLoad(t *testing.T, size int) {
	const writers, each = 8, 200_000
	r := New(size, WithoutCalls, 0)
	done := make(chan bool)
	var reader, all sync.WaitGroup
	reader.Go(func() {
		for {
			events, _ := r.Snapshot()
			for _, e := range events {
				check(t, e)
			}
			for range 1000 { // of the event that is the next to be overwritten, or being it
				ring := &r.ring[0]
				if e, ok := ring.get(ring.next.Load() - 1); ok {
					check(t, e)
				}
			}
			select {
			case <-done:
				return
			default:
			}
		}
	})
	for w := range writers {
		all.Go(func() {
			for i := range each {
				r.ring[0].put(event(int64(w*each + i)))
			}
		})
	}
	all.Wait()
	close(done)
	reader.Wait()
	events, lost := r.Snapshot()
	require.EqualValues(t, writers*each, uint64(len(events))+lost)
}

// event returns an event all of which is made from n, and check checks that.
func event(n int64) Event {
	return Event{Time: n, Reactor: uint16(n), Kind: Kind(n % int64(Recv)), Side: uint8(n % 3), Was: uint8(n % 4), Is: uint8(n % 4),
		Slot: uint32(n), Gen: uint32(2 * n), Arg: -n}
}

func check(t *testing.T, e Event) {
	t.Helper()
	if n := -e.Arg; e.Slot != uint32(n) || e.Gen != uint32(2*n) || e.Kind != Kind(n%int64(Recv)) || e.Reactor != uint16(n) {
		t.Errorf("parts of several events: %+v", e)
	}
}

// If this fails, old events hide new ones, or the number of those lost is wrong.
func TestOldestAreOverwritten(t *testing.T) {
	r := New(shards*4, WithoutCalls, 0)
	for i := range 100 {
		r.ring[0].put(Event{Time: int64(i)})
	}
	events, lost := r.Snapshot()
	require.Len(t, events, 4)
	require.EqualValues(t, 96, lost)
	require.EqualValues(t, 96, events[0].Time)
}

// If this fails, a program has room for many events, and a connection that is busy alone for few of
// them; or a reader is shown the time before the first event that is complete.
func TestRingsFillAlike(t *testing.T) {
	const n = 1 << 12
	for _, step := range []int64{1, 16, 40, 1000, 1 << 20} { // clocks that differ in how fine they are
		r := New(n, WithoutCalls, 0)
		require.True(t, r.Start())
		for i := range int64(10 * n) {
			Record(Event{Time: i * step, Slot: 7, Gen: 1, Kind: Armed, Arg: i})
		}
		r.Stop()
		events, lost := r.Snapshot()
		require.Greater(t, len(events), n*3/4, "%d ns", step)
		require.EqualValues(t, 10*n, uint64(len(events))+lost)
		for i, e := range events {
			require.EqualValues(t, 10*n-len(events)+i, e.Arg, "there is a gap")
		}
	}
}

// If this fails, an event is written over another one that is still being written, or over a
// later one.
func TestPutGivesUp(t *testing.T) {
	r := New(1, WithoutCalls, 0) // one place a ring
	at := &r.ring[0].entries[0]
	for place, seq := range []uint64{1, 2*0 + 1, 2*5 + 1, 2*5 + 2} { // of a writer before, and of later ones
		at.seq.Store(seq)
		require.EqualValues(t, place, r.ring[0].next.Load())
		r.ring[0].put(Event{Arg: 7})
		require.Equal(t, seq, at.seq.Load())
		require.Zero(t, at.arg.Load())
	}
	events, lost := r.Snapshot()
	require.Empty(t, events)
	require.EqualValues(t, 4, lost)
}

// If this fails, two traces record at once, or a stopped one does.
func TestStartAndStop(t *testing.T) {
	a, b := New(1, WithoutCalls, 0), New(1, WithCalls, 0)
	require.False(t, On())
	Record(Event{Kind: Open}) // nobody keeps it
	require.True(t, a.Start())
	require.True(t, On())
	require.False(t, b.Start())
	b.Stop() // which does not stop a
	require.True(t, On())
	Record(Event{Kind: Recv}) // no system calls
	Record(Event{Kind: Open, Slot: 1})
	a.Stop()
	require.False(t, On())
	Record(Event{Kind: Open, Slot: 2})
	events, lost := a.Snapshot()
	require.Zero(t, lost)
	require.Equal(t, []Event{{Kind: Open, Slot: 1}}, events)
	require.True(t, b.Start())
	defer b.Stop()
	Record(Event{Kind: Recv})
	events, _ = b.Snapshot()
	require.Len(t, events, 1)
}

// If this fails, a program that traces works for the collector.
func TestRecordAllocatesNothing(t *testing.T) {
	r := New(100, WithCalls, 0)
	require.True(t, r.Start())
	defer r.Stop()
	require.Zero(t, testing.AllocsPerRun(1000, func() { Record(event(7)) }))
}

// If this fails, a reader sees transitions in an order in which no word changes.
func TestOrderIsThatOfTheWord(t *testing.T) {
	for range 1000 {
		var want []Event
		words := map[sideKey]uint8{}
		for slot := range uint32(2) {
			want = append(want, Event{Time: -1, Kind: Open, Slot: slot, Gen: 1, Side: Both})
		}
		for i := range 40 {
			k := sideKey{slot: rand.Uint32N(2), gen: 1, side: uint8(rand.IntN(2))}
			kind, is := O1, uint8(0)
			switch was := words[k]; {
			case was == 0 && rand.IntN(2) == 0:
				kind, is = O3, 2
			case was == 0 && rand.IntN(2) == 0:
				kind, is = O1, 0
			case was == 2 && rand.IntN(2) == 0:
				kind, is = O4, 3
			default:
				kind, is = E1+Kind(was), 1
				if was == 1 {
					kind, is = O2, 0
				}
			}
			want = append(want, Event{Time: int64(i), Kind: kind, Slot: k.slot, Gen: k.gen, Side: k.side, Was: words[k], Is: is})
			words[k] = is
		}
		got := slices.Clone(want)
		for i := 3; i < len(got); i += 2 + rand.IntN(3) { // an actor noted its step late
			a, b := &got[i-1], &got[i]
			if a.Was != b.Was {
				*a, *b = *b, *a
				a.Time, b.Time = b.Time, a.Time
			}
		}
		order(got)
		state := map[sideKey]uint8{}
		for _, e := range got[2:] {
			k := sideKey{e.Reactor, e.Side, e.Slot, e.Gen}
			require.Equal(t, state[k], e.Was, "%v", got)
			state[k] = e.Is
		}
	}
}

// If this fails, a reader is shown an owner that is woken before it parks.
func TestSnapshotIsInOrder(t *testing.T) {
	r := New(1<<10, WithoutCalls, 0)
	r.ring[0].put(Event{Time: 1, Kind: O3, Was: 0, Is: 2})
	r.ring[0].put(Event{Time: 2, Kind: E4, Was: 3, Is: 1})
	r.ring[0].put(Event{Time: 3, Kind: O4, Was: 2, Is: 3})
	events, _ := r.Snapshot()
	require.Equal(t, []Event{{Time: 1, Kind: O3, Was: 0, Is: 2}, {Time: 2, Kind: O4, Was: 2, Is: 3}, {Time: 3, Kind: E4, Was: 3, Is: 1}}, events)
}

// If this fails, a row of the table has another name here, or none.
func TestNamesAreTheRows(t *testing.T) {
	source, err := os.ReadFile("../../polldesc/state.go")
	require.NoError(t, err)
	rows := regexp.MustCompile(`(?m)^//\t([OEU]\d)( \w+)? `).FindAllStringSubmatch(string(source), -1)
	require.Len(t, rows, int(U4)+1)
	action := map[byte]string{'E': " edge", 'U': " cancel"}
	for i, row := range rows {
		name := row[1] + row[2]
		if row[2] == "" {
			name += action[row[1][0]]
		}
		require.Equal(t, name, Names[i])
		require.True(t, Kind(i).IsTransition())
	}
	for _, name := range Names {
		require.NotEmpty(t, name)
	}
}
