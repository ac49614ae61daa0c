//go:build linux

package poller

import (
	"testing"

	"github.com/a57b2d82/netpoller/polldesc"
)

// choices returns on how many of n waits the policy chooses an eventfd for s, when each of them
// ends by an edge in a batch of so many events.
func choices(ps *parkers, s *polldesc.Side, n, events int) (eventfds int) {
	for range n {
		if p := ps.Choose(s, 1); p != nil {
			eventfds++
		}
		ps.batch(events, new(yielder))
		ps.Woken(s)
	}
	return eventfds
}

// If this failed, owners would park on an eventfd that are seldom alone, or never would.
func TestPolicyEarnsAnEventfd(t *testing.T) {
	procs(t, 2)
	ps, s := &parkers{lag: new(lag)}, new(polldesc.Side)
	for round, c := range []struct{ waits, events, eventfds int }{
		{quietWakeups, quietBatch, 0}, // earns it
		{3, quietBatch, 3},
		{1, quietBatch + 1, 1}, // loses it
		{quietWakeups - 1, 1, 0},
		{1, quietBatch + 1, 0},
		{quietWakeups, 1, 0},
		{2, 1, 2},
	} {
		if n := choices(ps, s, c.waits, c.events); n != c.eventfds {
			t.Errorf("round %d: %d eventfds in %d waits, want %d", round, n, c.waits, c.eventfds)
		}
	}
	if n := ps.eventfds.Load(); n != 1 {
		t.Errorf("%d eventfds were made for one side", n)
	}
	ps.Release(s)
	if n := ps.eventfds.Load(); n != 0 || s.Spare != nil || s.Memo.Load() != 0 {
		t.Errorf("after Release: %d eventfds, spare %v, memo %d", n, s.Spare, s.Memo.Load())
	}
}

// If this failed, an owner that gets no eventfd would not wait at all, or ask each time.
func TestPolicyWithoutAnEventfd(t *testing.T) {
	procs(t, 2)
	ps, s := &parkers{lag: new(lag)}, new(polldesc.Side)
	ps.eventfds.Store(maxEventfds)
	for range 3 {
		if n := choices(ps, s, quietWakeups, 1); n != 0 {
			t.Errorf("%d eventfds", n)
		}
		if ps.Choose(s, 1) != nil || s.Memo.Load() != 0 {
			t.Errorf("in vain, and the count is %d", s.Memo.Load())
		}
	}
	if n := ps.eventfds.Load(); n != maxEventfds {
		t.Errorf("%d eventfds, want %d", n, maxEventfds)
	}
	if n := testing.AllocsPerRun(100, func() { s.Memo.Store(quietWakeups); ps.Choose(s, 1) }); n != 0 {
		t.Errorf("asking in vain allocates %v times", n)
	}
}
