package search

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
)

// A litmus program is four goroutines at most that do a few random operations each, and those
// that they start. The result of a schedule is what all of them read, and the values at the end.
type litmus struct {
	rng   *rand.Rand
	kinds []int // of operations: few, so that they meet
	ends  map[string]bool
	race  bool // in some schedule
	crowd bool // some schedule has too many goroutines
}

// shared is what the goroutines of a program have in common.
type shared struct {
	words   [2]Uint32
	bits    Uint64
	flag    Bool
	node    Pointer[Uint32]
	nodes   [2]Uint32
	mu      [2]Mutex
	rw      RWMutex
	permits *Chan
	clock   Var
	plain   [2]int
	results map[string]string // by goroutine
}

func (s *shared) note(g string, v any) { s.results[g] += fmt.Sprint(v, " ") }

// goroutine returns what a goroutine does: n operations, one after the other. Some of them have
// operations inside: what is done under a lock, or by a goroutine that is started.
func (l *litmus) goroutine(s *shared, g string, n, depth int) func() {
	var all []func()
	for range n {
		all = append(all, l.operation(s, g, depth))
	}
	return func() {
		for _, op := range all {
			op()
		}
	}
}

func (l *litmus) operation(s *shared, g string, depth int) func() {
	i, v, kind := l.rng.IntN(2), uint32(l.rng.IntN(2)), l.kinds[l.rng.IntN(len(l.kinds))]
	w, read := &s.words[i], func() { s.note(g, s.words[i].Load()) }
	inside := func() {}
	if kind < 5 && depth < 2 {
		if kind < 2 {
			g += fmt.Sprint(".", l.rng.IntN(1000)) // another goroutine
		}
		inside = l.goroutine(s, g, 1+l.rng.IntN(2), depth+1)
	}
	return []func(){
		func() { Go(inside) },
		func() {
			if w.Add(1) == v+1 {
				Go(inside)
			}
		},
		func() { s.mu[i].Lock(); inside(); s.mu[i].Unlock() },
		func() { s.rw.Lock(); inside(); s.rw.Unlock() },
		func() { s.rw.RLock(); inside(); s.rw.RUnlock() },
		read,
		read,
		func() { w.Store(v) },
		func() { s.note(g, w.Swap(v)) },
		func() { // what follows a failure is another operation
			if !w.CompareAndSwap(v, v+1) {
				s.note(g, s.words[0].Load())
			}
		},
		func() { s.note(g, s.bits.Or(1<<i)) },
		func() { s.note(g, s.bits.And(^uint64(1<<i))) },
		func() { s.note(g, s.flag.Swap(v == 0)) },
		func() { s.note(g, s.flag.CompareAndSwap(v == 0, v != 0)) },
		func() { // to what is made inside of the schedule
			made := new(Uint32)
			if old := s.node.Load(); s.node.CompareAndSwap(old, made) && old != nil {
				s.note(g, old.Add(1))
			}
		},
		func() {
			if old := s.node.Swap(&s.nodes[i]); old != nil {
				s.note(g, old.Load())
			}
		},
		func() { s.permits.Send() },
		func() { s.permits.Receive(); read() },
		func() { s.clock.Update(func(now uint64) uint64 { return (now + 1) % 3 }) },
		func() { // what changes nothing is a read
			s.note(g, s.clock.Update(func(now uint64) uint64 { return now - min(now, 1) }))
		},
		func() { // what was true need not stay so
			s.note(g, s.clock.Await(func(now uint64) bool { return now == uint64(i+1) }, func(now uint64) uint64 { return now - uint64(v) }))
		},
		func() { s.note(g, s.clock.Load()) },
		func() { *W(&s.plain[i]) = 1; s.flag.Store(true) },
		func() {
			if s.flag.Load() {
				_ = *R(&s.plain[i])
			}
		},
	}[kind]
}

func (l *litmus) setup(seed uint64) func(*Run) {
	return func(r *Run) {
		l.rng = rand.New(rand.NewPCG(seed, 7))
		l.kinds = l.rng.Perm(24)[:5]
		s := &shared{permits: MakeChan(9), results: map[string]string{}}
		if l.rng.IntN(2) == 0 {
			s.permits.Send()
		}
		n := 2 + l.rng.IntN(3)
		for g := range n {
			name := fmt.Sprint("g", g)
			r.Go(name, l.goroutine(s, name, 1+l.rng.IntN(6-n), 0))
		}
		r.Check(func() string {
			nodes := []uint32{s.nodes[0].Load(), s.nodes[1].Load(), 0}
			if node := s.node.Load(); node != nil {
				nodes[2] = node.Load() + 1
			}
			l.ends[fmt.Sprint(s.results, s.words[0].Load(), s.words[1].Load(), s.bits.Load(), s.flag.Load(), nodes, s.clock.Load(), Peek(s.permits))] = true
			return ""
		})
	}
}

// explore returns what the schedules of a program come to. One that blocks for good is an end
// too; the search goes on after it. If some schedule has a data race, or too many goroutines, that
// is the only end: it breaks off, and what would have come is not known.
func explore(seed uint64, e *Explorer) (ends []string) {
	l := &litmus{ends: map[string]bool{}}
	e.goOn = func(wrong string) {
		l.race = l.race || strings.Contains(wrong, race)
		l.crowd = l.crowd || strings.Contains(wrong, crowd)
		// Which goroutines sleep, and for what, is the end. Names of objects, and the order
		// in which goroutines were started, are those of the schedule.
		var who []string
		for part := range strings.SplitSeq(wrong, "; ") {
			name, _, _ := strings.Cut(strings.TrimPrefix(part, "asleep forever: "), " of ")
			who = append(who, name)
		}
		slices.Sort(who)
		l.ends[strings.Join(who, "; ")] = true
	}
	if e.Explore(&Scenario{Setup: l.setup(seed)}, 0); l.race {
		return []string{race}
	}
	if l.crowd {
		return []string{crowd}
	}
	return slices.Sorted(maps.Keys(l.ends))
}

const (
	race  = "data race"
	crowd = "too many goroutines"
)

// If this failed, the reduction would leave out what may happen, and a search that finds
// nothing would say nothing. A program with too many schedules is compared with some of them.
func TestReductionLeavesNothingOut(t *testing.T) {
	programs, limit := uint64(1000), 3000
	switch {
	case nettest.UnderRace(): // the detector sees coroutines, one at a time, and takes ten times as long
		programs, limit = 100, 300
	case testing.Short():
		programs, limit = 200, 1000
	}
	var whole, long, races, reduced, all int
	for seed := range programs {
		r, a := &Explorer{Limit: limit}, &Explorer{Mode: All, Limit: limit}
		got, want := explore(seed, r), explore(seed, a)
		switch racy := slices.Contains(got, race); {
		case r.Cut:
			long++
		case !a.Cut:
			require.Equal(t, want, got, "program %d", seed)
			whole, reduced, all = whole+1, reduced+r.Schedules, all+a.Schedules
			if racy {
				races++
			}
		case !racy && !slices.Contains(got, crowd):
			require.Subset(t, got, want, "program %d", seed)
			require.Subset(t, got, explore(seed, &Explorer{Mode: Bounded, Preemptions: 2, Limit: limit}), "program %d", seed)
		}
	}
	t.Logf("%d programs, %d of them with all their schedules, %d too long: %d schedules, reduced to %d", programs, whole, long, all, reduced)
	require.Less(t, long, int(programs)/10)
	require.Greater(t, whole, int(programs)/2)
	require.Greater(t, races, int(programs)/50)
	require.Less(t, reduced, all/5, "there is no reduction")
}
