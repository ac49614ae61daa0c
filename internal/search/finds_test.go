package search

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

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
				//lint:ignore SA2001 the order of the locks is all there is to it
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
		{"a data race behind an older permit", "data race", func(r *Run) {
			n, c, d := new(int), MakeChan(2), MakeChan(1)
			c.Send()
			r.Go("a", func() { *W(n) = 1; c.Send() })
			r.Go("b", d.Send)
			r.Go("c", func() { d.Receive(); c.Receive(); *W(n) = 2 })
		}},
		{"a data race beside the kernel", "data race", func(r *Run) {
			n, v := new(int), new(Var)
			r.Go("a", func() { *W(n) = 1; v.Update(func(v uint64) uint64 { return v + 1 }) })
			r.Go("b", func() {
				v.Await(func(v uint64) bool { return v > 0 }, func(v uint64) uint64 { return v })
				*W(n) = 2
			})
		}},
		{"a second permit", "second permit", func(r *Run) {
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
		"a permit orders": func(r *Run) {
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

// If this fails, a command that a page shows with one scenario searches others too, and may
// print another counterexample.
func TestOnlyTakesAWholeName(t *testing.T) {
	defer func(was string) { *only = was }(*only)
	all := []Scenario{{Name: "evict"}, {Name: "two evict"}}
	for text, want := range map[string][2]bool{"evict": {true, false}, "evic": {true, true}, "two": {false, true}, "": {true, true}} {
		*only = text
		wanted := wants(all)
		if got := [2]bool{wanted(all[0]), wanted(all[1])}; got != want {
			t.Errorf("-only %q: %v, not %v", text, got, want)
		}
	}
}
