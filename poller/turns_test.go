//go:build linux

package poller

import (
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/polldesc"
)

// A subscriber is the parker of an owner without a goroutine: the reactor calls f.
type subscriber struct{ f func() }

func (*subscriber) Park()     {}
func (s *subscriber) Unpark() { s.f() }

// subscribe has the reactor call f when s becomes readable.
func (s *socket) subscribe(f func()) {
	s.t.Helper()
	ok(s.t, s.pd.Prepare(polldesc.Read))
	p := polldesc.Parker(&subscriber{f})
	if parked, err := s.pd.Subscribe(polldesc.Read, &p); !parked || err != nil {
		s.t.Errorf("Subscribe = %v, %v", parked, err)
	}
}

// turns returns a poller whose reactor is the test, and sockets without events.
func turns(t *testing.T, sockets int) (w *nested, p *Poller, all []*socket) {
	p = still(t, Nested)
	w = p.strategy.(*nested)
	for range sockets {
		all = append(all, registerWith(t, p))
	}
	w.drain(p) // all are writable
	return w, p, all
}

// makeHeavy says of the readers of sockets that their turns are heavy.
func makeHeavy(sockets ...*socket) {
	for _, s := range sockets {
		memo{heavy: heavyTurns}.store(s.pd.Side(polldesc.Read))
	}
}

// order returns in which order the readers are woken when all become readable in their own.
func order(t *testing.T, w *nested, p *Poller, all []*socket) (woken []int) {
	for i, s := range all {
		s.subscribe(func() { woken = append(woken, i); s.pd.Resumed(polldesc.Read) })
	}
	for _, s := range all {
		s.send()
	}
	w.drain(p)
	if w.kept.n != 0 {
		t.Errorf("%d events are kept after the drain", w.kept.n)
	}
	return woken
}

// If this failed, each short turn would wait for the handlers that compute.
func TestHeavyTurnsComeLast(t *testing.T) {
	w, p, all := turns(t, maxEvents+1)
	w.kept.limit = time.Hour // a busy machine may stop the test between two polls
	makeHeavy(all[0], all[2])
	if got := order(t, w, p, all); !slices.Equal(got, []int{1, 3, 4, 5, 6, 7, 8, 0, 2}) {
		t.Errorf("woken in the order %v", got)
	}
}

// If this failed, more would be kept than there is room for.
func TestHeavyTurnsAreMany(t *testing.T) {
	w, p, all := turns(t, 2*maxEvents)
	w.kept.limit = time.Hour
	for i, s := range all {
		if i != maxEvents-1 && i != 2*maxEvents-1 {
			makeHeavy(s)
		}
	}
	if got := order(t, w, p, all); !slices.Equal(got, []int{7, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 8}) {
		t.Errorf("woken in the order %v", got)
	}
}

// If this failed, owners would wait though there is nobody to wait for.
func TestHeavyTurnsAlone(t *testing.T) {
	w, p, all := turns(t, 3)
	makeHeavy(all...)
	before := p.Stats().Waits
	if got := order(t, w, p, all); !slices.Equal(got, []int{0, 1, 2}) {
		t.Errorf("woken in the order %v", got)
	}
	if n := p.Stats().Waits - before; n != 1 {
		t.Errorf("%d polls", n)
	}
}

// If this failed, a stream of events would keep heavy turns waiting until it ends.
func TestHeavyTurnsAreNotKeptForever(t *testing.T) {
	w, p, all := turns(t, 2)
	heavy, other := all[0], all[1]
	makeHeavy(heavy)
	done := false
	heavy.subscribe(func() { done = true; heavy.pd.Resumed(polldesc.Read) })
	var again func()
	again = func() {
		other.pd.Resumed(polldesc.Read)
		if !done {
			other.subscribe(again)
			other.send()
		}
	}
	other.subscribe(again)
	heavy.send()
	other.send()
	returns(t, "drain", func() { w.drain(p) })
}

// If this failed, a reactor that ends, or looks at its deadlines, would forget events.
func TestKeptEventsAreDispatched(t *testing.T) {
	for name, interrupt := range map[string]func(p *Poller, s *socket){
		"stop":     func(p *Poller, _ *socket) { p.stopping.Store(true) },
		"deadline": func(_ *Poller, s *socket) { ok(s.t, s.expireIn(1)) },
	} {
		t.Run(name, func(t *testing.T) {
			w, p, all := turns(t, 3)
			makeHeavy(all[0])
			interrupt(p, all[2])
			defer p.stopping.Store(false)
			if got := order(t, w, p, all[:2]); !slices.Equal(got, []int{1, 0}) {
				t.Errorf("woken in the order %v", got)
			}
		})
	}
}

// An error must not wait, and nor must the reactor's own wake-up.
func TestEventsThatAreNotKept(t *testing.T) {
	w, p, all := turns(t, 1)
	makeHeavy(all[0])
	lo, hi := all[0].pd.Token().Words()
	for _, events := range []uint32{unix.EPOLLRDHUP, unix.EPOLLHUP, unix.EPOLLERR, unix.EPOLLPRI} {
		ev := []unix.EpollEvent{{Events: unix.EPOLLIN | events, Fd: lo, Pad: hi}}
		if others := w.kept.take(p, ev); len(others) != 1 || w.kept.n != 0 {
			t.Errorf("events %#x were kept", events)
		}
	}
	if others := w.kept.take(p, []unix.EpollEvent{{Events: unix.EPOLLIN}}); len(others) != 1 {
		t.Error("the wake-up was kept")
	}
}

// If this failed, an owner would be taken for one with heavy turns that has none, or always.
func TestPolicyFindsHeavyTurns(t *testing.T) {
	ps, s, slow := &parkers{lag: new(lag)}, new(polldesc.Side), new(yielder)
	turn := func(events int, y *yielder, d time.Duration, begun int) (heavy uint8) {
		ps.batch(events, y)
		ps.Woken(s)
		ps.Running(s)
		m := memoOf(s)
		if m.began != 0 {
			m.end(begun, m.began+uint16(d/time.Millisecond))
			m.store(s)
		}
		return m.heavy
	}
	slow.backoff.failed(minBatches)
	for i, c := range []struct {
		events int
		y      *yielder
		turn   time.Duration
		begun  int
		heavy  uint8
	}{
		{maxEvents, new(yielder), 2 * heavyTurn, 1, 0}, // not measured
		{quietBatch, slow, 2 * heavyTurn, 1, 0},        // likewise
		{maxEvents, slow, 2 * heavyTurn, 1, 1},
		{1, new(yielder), 0, 1, 0}, // a suspect is measured each time
		{maxEvents, slow, 2 * heavyTurn, 0, 1},
		{1, new(yielder), 2 * heavyTurn, 1, 2},
		{1, new(yielder), 2 * heavyTurn, 1, heavyTurns},
		{maxEvents, slow, 2 * heavyTurn, 9, 0}, // nine short ones
	} {
		if n := turn(c.events, c.y, c.turn, c.begun); n != c.heavy {
			t.Errorf("turn %d: %d were heavy, want %d", i, n, c.heavy)
		}
	}
	ps.batch(maxEvents, slow)
	if ps.Running(s); memoOf(s).began == 0 {
		t.Error("Running measures no turn")
	}
	if ps.Choose(s, 1); memoOf(s).began != 0 {
		t.Error("Choose does not end the turn")
	}
}

// If this failed, the reactor would queue behind goroutines that compute each time.
func TestNoneIsKeptAfterALongYield(t *testing.T) {
	w, p, all := turns(t, 2)
	makeHeavy(all[0])
	w.kept.backoff.failed(minUnkept)
	for _, want := range [][]int{{0, 1}, {1, 0}} {
		if got := order(t, w, p, all); !slices.Equal(got, want) {
			t.Errorf("woken in the order %v, want %v", got, want)
		}
		makeHeavy(all[0])
	}
}

// The clock of memos must wrap without harm.
func TestMemoOutlivesItsClock(t *testing.T) {
	now := millis()
	for _, d := range []uint16{0, 1, 2, 1000, 1 << 15} {
		m := memo{began: now - d}
		if m.began == 0 {
			continue
		}
		if m.end(1, now); d >= 2 && m.heavy != 1 || m.began != 0 {
			t.Errorf("a turn of %d ms: %+v", d, m)
		}
	}
}
