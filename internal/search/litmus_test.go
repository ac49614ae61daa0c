package search

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A litmus program is three goroutines at most that do a few random operations each. What
// all of them read, and the values at the end, is what a schedule comes to.
type litmus struct {
	seed uint64
	ends map[string]bool
}

// shared is what the goroutines of a program have in common.
type shared struct {
	words   [2]Uint32
	mu      Mutex
	rw      RWMutex
	tokens  *Chan
	clock   Var
	results [maxGoroutines][]uint64 // by goroutine
}

func (s *shared) note(g int, v uint64) { s.results[g] = append(s.results[g], v) }

// operation returns one of the operations. g does it, and g+3 is a goroutine that it starts.
func (s *shared) operation(rng *rand.Rand, g int) func() {
	w, v := &s.words[rng.IntN(2)], uint32(rng.IntN(2))
	read := func() { s.note(g, uint64(w.Load())) }
	return []func(){
		read,
		read,
		func() { w.Store(v) },
		func() { s.note(g, uint64(w.Swap(v))) },
		func() { // what follows a failure is another operation
			if !w.CompareAndSwap(v, v+1) {
				s.note(g, uint64(s.words[0].Load()))
			}
		},
		func() { s.mu.Lock(); w.Store(w.Load() + 1); s.mu.Unlock() },
		func() { s.rw.Lock(); w.Store(w.Load() + 1); s.rw.Unlock() },
		func() { s.rw.RLock(); read(); s.rw.RUnlock() },
		func() { s.tokens.Send() },
		func() { s.tokens.Receive(); read() },
		func() { s.clock.Update(func(now uint64) uint64 { return now + 1 }) },
		func() { // what changes nothing is a read
			s.note(g, s.clock.Update(func(now uint64) uint64 { return now - min(now, 1) }))
		},
		func() {
			s.note(g, s.clock.Await(func(now uint64) bool { return now > 0 }, func(now uint64) uint64 { return now - 1 }))
		},
		func() {
			if w.Load() == v {
				Go(func() { w.Store(7) })
			}
		},
	}[rng.IntN(14)]
}

func (l *litmus) setup(r *Run) {
	rng := rand.New(rand.NewPCG(l.seed, 7))
	s := &shared{tokens: MakeChan(9)}
	for g := range 2 + rng.IntN(2) {
		var operations []func()
		for range 2 + rng.IntN(3) {
			operations = append(operations, s.operation(rng, g))
		}
		r.Go(fmt.Sprint("g", g), func() {
			for _, op := range operations {
				op()
			}
		})
	}
	r.Check(func() string {
		l.ends[fmt.Sprint(s.results, s.words[0].Load(), s.words[1].Load(), s.clock.Load(), Peek(s.tokens))] = true
		return ""
	})
}

// explore returns what the schedules of a program come to. One that blocks for good is an end
// too; the search goes on after it.
func explore(t *testing.T, seed uint64, mode Mode, limit int) (ends map[string]bool, e Explorer) {
	l := &litmus{seed, map[string]bool{}}
	e = Explorer{Mode: mode, Limit: limit, goOn: func(wrong string) {
		// Which goroutines sleep, and for what, is the end. Names of objects are those of
		// the schedule.
		var who []string
		for part := range strings.SplitSeq(wrong, "; ") {
			name, _, _ := strings.Cut(part, " of ")
			who = append(who, name)
		}
		l.ends[strings.Join(who, "; ")] = true
	}}
	e.Explore(&Scenario{Setup: l.setup}, 0)
	require.Empty(t, e.Wrong)
	return l.ends, e
}

// If this failed, the reduction would leave out what may happen, and a search that finds
// nothing would say nothing.
func TestReductionLeavesNothingOut(t *testing.T) {
	programs, limit := uint64(1000), 3000
	if testing.Short() {
		programs = 200
	}
	reduced, all, cut := 0, 0, 0
	for seed := range programs {
		want, e := explore(t, seed, All, limit)
		if e.Cut {
			cut++
			continue
		}
		got, r := explore(t, seed, Reduced, 0)
		require.Equal(t, slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got)), "program %d", seed)
		reduced += r.Schedules
		all += e.Schedules
	}
	require.Less(t, cut, int(programs)/2)
	require.Less(t, reduced, all/5, "there is no reduction")
	t.Logf("%d programs, %d of them too long: %d schedules, reduced to %d", programs, cut, all, reduced)
}

// Each of these is found, in every mode, and told with the fewest preemptions.
func TestFinds(t *testing.T) {
	for _, test := range []struct {
		name, wrong string
		setup       func(*Run)
	}{
		{"a lost update", "lost", func(r *Run) {
			n := new(Uint32)
			increment := func() { n.Store(n.Load() + 1) }
			r.Go("a", increment)
			r.Go("b", increment)
			r.Check(func() string {
				if n.Load() != 2 {
					return "lost"
				}
				return ""
			})
		}},
		{"a lock order", "asleep forever", func(r *Run) {
			a, b := new(Mutex), new(Mutex)
			both := func(x, y *Mutex) func() {
				return func() { x.Lock(); y.Lock(); y.Unlock(); x.Unlock() }
			}
			r.Go("a", both(a, b))
			r.Go("b", both(b, a))
		}},
		{"a reader that waits behind itself", "asleep forever", func(r *Run) {
			mu := new(RWMutex)
			r.Go("a", func() { mu.RLock(); mu.Lock() })
		}},
		{"a data race", "data race", func(r *Run) {
			n, u := new(int), new(Uint32)
			r.Go("a", func() { *W(n) = 1; u.Store(1) })
			r.Go("b", func() { u.Load(); *W(n) = 2 })
		}},
		{"a data race of a reader", "data race", func(r *Run) {
			n, mu := new(int), new(RWMutex)
			r.Go("a", func() { mu.RLock(); *W(n) = 1; mu.RUnlock() })
			r.Go("b", func() { mu.RLock(); _ = *R(n); mu.RUnlock() })
		}},
		{"a second token", "second token", func(r *Run) {
			c := MakeChan(1)
			r.Go("a", c.Send)
			r.Go("b", c.Send)
		}},
		{"one in front sleeps on", "asleep forever", func(r *Run) {
			c := MakeChan(1)
			Background("b", func() { c.Receive(); c.Receive() })
			r.Go("a", func() { c.Send(); c.Receive() })
		}},
		{"a loop", "no end", func(r *Run) {
			n := new(Uint32)
			r.Go("a", func() {
				for n.Load() == 0 {
				}
			})
		}},
		{"a panic", "boom", func(r *Run) {
			n := new(Uint32)
			r.Go("a", func() { n.Store(1) })
			r.Go("b", func() {
				if n.Load() == 1 {
					panic("boom")
				}
			})
		}},
	} {
		for _, mode := range []Mode{Reduced, Bounded, All} {
			e := Explorer{Mode: mode, Preemptions: 2}
			e.Explore(&Scenario{Setup: test.setup}, 0)
			require.Contains(t, e.Wrong, test.wrong, "%s, mode %d", test.name, mode)
			require.NotEmpty(t, e.Trace)
		}
	}
}

// These look like what is found above, and are right.
func TestFindsNothing(t *testing.T) {
	for name, setup := range map[string]func(*Run){
		"a lock orders": func(r *Run) {
			n, mu := new(int), new(Mutex)
			add := func() { mu.Lock(); *W(n)++; mu.Unlock() }
			r.Go("a", add)
			r.Go("b", add)
			r.Check(func() string { return strings.TrimPrefix(fmt.Sprint(*n), "2") })
		},
		"a token orders": func(r *Run) {
			n, c := new(int), MakeChan(1)
			r.Go("a", func() { *W(n) = 1; c.Send() })
			r.Go("b", func() { c.Receive(); *W(n) = 2 })
		},
		"an atomic orders": func(r *Run) {
			n, u := new(int), new(Uint32)
			r.Go("a", func() { *W(n) = 1; u.Store(1) })
			r.Go("b", func() {
				if u.Load() == 1 {
					*W(n) = 2
				}
			})
		},
		"readers beside each other": func(r *Run) {
			n, mu := new(int), new(RWMutex)
			r.Go("a", func() { mu.RLock(); _ = *R(n); mu.RUnlock() })
			r.Go("b", func() { mu.RLock(); _ = *R(n); mu.RUnlock() })
			r.Go("c", func() { mu.Lock(); *W(n) = 1; mu.Unlock() })
		},
		"a goroutine that was started comes after": func(r *Run) {
			n := new(int)
			r.Go("a", func() { *W(n) = 1; Go(func() { *W(n) = 2 }) })
		},
		"one in the background sleeps on": func(r *Run) {
			c := MakeChan(1)
			Background("b", func() { c.Receive(); c.Receive() })
			r.Go("a", c.Send)
		},
	} {
		e := Explorer{}
		e.Explore(&Scenario{Setup: setup}, 0)
		require.Empty(t, e.Wrong, name)
	}
}
