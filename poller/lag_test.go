//go:build linux

package poller

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/clock"
	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
	"github.com/a57b2d82/netpoller/timer"
)

// If this failed, a wake-up in sampleEvery would not be measured, or more than one.
func TestLagIsSampled(t *testing.T) {
	eachWait(t, func(t *testing.T, g *Group) {
		s := register(t, g)
		for range 3*sampleEvery + 1 {
			received := s.async()
			parkedReaders(t, g, 1)
			s.send()
			ok(t, result(t, "receive", received))
		}
		eventually(t, "one wake-up in sampleEvery was measured", func() bool { // Wakeups is counted after the owner ran
			stats := g.Stats()
			return stats.WakeLag.Count() == (stats.Wakeups+sampleEvery-1)/sampleEvery
		})
		if h := g.Stats().WakeLag; h.Count() < 4 || h.Sum <= 0 {
			t.Errorf("%d wake-ups took %v", h.Count(), h.Sum)
		}
	})
}

// If this failed, the lag would not begin when the reactor fetched the event.
func TestLagBeginsWithTheEvent(t *testing.T) {
	for name, w := range strategies {
		t.Run(name, func(t *testing.T) {
			p := still(t, w)
			s := registerWith(t, p)
			received := s.async()
			eventually(t, "parked", func() bool { return p.Stats().ParkedReaders == 1 })
			s.send()
			lo, hi := s.pd.Token().Words()
			p.dispatch([]sys.EpollEvent{{Events: unix.EPOLLIN, Fd: lo, Pad: hi}}, clock.Now()-int64(time.Hour))
			ok(t, result(t, "receive", received))
			if h := p.Stats().WakeLag; h.Count() != 1 || h.Sum < time.Hour || h.Sum > 2*time.Hour {
				t.Errorf("an event of an hour ago: %d wake-ups, together %v", h.Count(), h.Sum)
			}
		})
	}
}

// If this failed, the time for which an event was kept back would not be seen.
func TestLagIncludesKeeping(t *testing.T) {
	p := still(t, Nested)
	s := registerWith(t, p)
	received := s.async()
	eventually(t, "parked", func() bool { return p.Stats().ParkedReaders == 1 })
	s.send()
	lo, hi := s.pd.Token().Words()
	k := &p.strategy.(*nested).kept
	k.events[0], k.n, k.since = sys.EpollEvent{Events: unix.EPOLLIN, Fd: lo, Pad: hi}, 1, clock.Now()-int64(time.Hour)
	k.dispatch(p)
	ok(t, result(t, "receive", received))
	if h := p.Stats().WakeLag; h.Count() != 1 || h.Sum < time.Hour {
		t.Errorf("an event kept for an hour: %d wake-ups, together %v", h.Count(), h.Sum)
	}
}

// If this failed, owners that are late would not be measured if others ran meanwhile: those for
// which one looks.
func TestLagOfALateOwner(t *testing.T) {
	var l lag
	var late, other polldesc.Side
	wake := func(s *polldesc.Side, arrived int64) {
		l.before(arrived)
		l.woken(s)
		l.after(1)
	}
	wake(&late, clock.Now()-int64(time.Hour))
	for range 3 * sampleEvery {
		wake(&other, clock.Now())
		l.running(&other)
	}
	l.running(&late)
	if h := l.durations.histogram(); h.Count() != 1 || h.Sum < time.Hour {
		t.Errorf("%d wake-ups, together %v", h.Count(), h.Sum)
	}
	for range sampleEvery {
		wake(&other, clock.Now())
		l.running(&other)
	}
	if h := l.durations.histogram(); h.Count() != 2 {
		t.Errorf("%d wake-ups were measured, want 2", h.Count())
	}
}

// If this failed, a wake-up could be measured from a time that nobody took.
func TestArrivalIsTakenInTime(t *testing.T) {
	var l lag
	var side polldesc.Side
	for range 1000 {
		events := 1 + rand.IntN(maxEvents)
		arrived := l.arrival(events)
		for range events {
			if l.left <= 0 && arrived == 0 {
				t.Fatal("the time is needed, and was not taken")
			}
			l.before(arrived)
			wakeups := rand.IntN(3) // an event wakes both sides, or none
			for range wakeups {
				l.woken(&side)
			}
			l.after(wakeups)
		}
	}
}

// If this failed, a service could not see that deadlines come late.
func TestTimerLag(t *testing.T) {
	for name, w := range strategies {
		t.Run(name, func(t *testing.T) {
			p := still(t, w)
			s, later := registerWith(t, p), registerWith(t, p)
			if p.expire(); p.Stats().TimerLag.Count() != 0 {
				t.Error("no deadline was due, and one was late")
			}
			ok(t, s.expireIn(time.Millisecond))
			ok(t, later.expireIn(2*time.Millisecond))
			time.Sleep(10 * time.Millisecond)
			p.expire()
			if h := p.Stats().TimerLag; h.Count() != 1 || h.Sum < 8*time.Millisecond {
				t.Errorf("%d times, together %v", h.Count(), h.Sum)
			}
		})
	}
}

// If this failed, a deadline that nobody has any more would make others seem late.
func TestTimerLagIsOfWhatFired(t *testing.T) {
	p := still(t, Thread)
	var gone, there timer.Entry
	gone.Owner, there.Owner = nobody{}, nobody{}
	now := clock.Now()
	p.heap.Arm(&gone, now-int64(time.Hour))
	p.heap.Disarm(&gone)
	p.heap.Arm(&there, now)
	p.expire()
	if h := p.Stats().TimerLag; h.Count() != 1 || h.Sum < 0 || h.Sum > time.Minute {
		t.Errorf("a deadline of now: %d, together %v late", h.Count(), h.Sum)
	}
}

type nobody struct{}

func (nobody) Due(uint64, int64) {}

// If this failed, a histogram would say another thing of durations than they do.
func TestHistogram(t *testing.T) {
	var none Histogram
	if none.Count() != 0 || none.Quantile(0.5) != 0 {
		t.Error("there is something in the empty histogram")
	}
	for range 100 {
		var ds durations
		var all []time.Duration
		var sum time.Duration
		for range 1 + rand.IntN(50) {
			d := time.Duration(rand.Int64N(1 << (1 + rand.IntN(35))))
			if rand.IntN(2) == 0 { // on a bound, or beside it
				d = time.Microsecond<<rand.IntN(23) + time.Duration(rand.IntN(3)-1)
			}
			ds.record(int64(d))
			all, sum = append(all, d), sum+d
		}
		slices.Sort(all)
		h := ds.histogram()
		if h.Count() != uint64(len(all)) || h.Sum != sum {
			t.Fatalf("%d, together %v; want %d, %v", h.Count(), h.Sum, len(all), sum)
		}
		for _, q := range []float64{0, 0.01, 0.5, 0.99, 1, rand.Float64()} {
			exact := all[max(0, int(math.Ceil(q*float64(len(all))))-1)]
			bound := h.Quantile(q)
			if exact > bound || bound != h.Bound(0) && bound != math.MaxInt64 && exact <= bound/2 {
				t.Fatalf("quantile %v of %v: %v", q, all, bound)
			}
		}
	}
}

// If this failed, a quantile out of range would seem to be that of nothing, or the sum, which is a
// counter for those that collect it, would go back.
func TestHistogramAtTheEdges(t *testing.T) {
	var ds durations
	ds.record(-int64(time.Hour))
	ds.record(int64(time.Millisecond))
	h := ds.histogram()
	if h.Count() != 2 || h.Sum != time.Millisecond {
		t.Errorf("%d, together %v", h.Count(), h.Sum)
	}
	for q, want := range map[float64]time.Duration{
		math.Inf(-1): time.Microsecond, -1: time.Microsecond,
		2: 1024 * time.Microsecond, math.Inf(1): 1024 * time.Microsecond, math.NaN(): 1024 * time.Microsecond,
	} {
		if got := h.Quantile(q); got != want {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
		if got := (Histogram{}).Quantile(q); got != 0 {
			t.Errorf("quantile %v of nothing is %v", q, got)
		}
	}
	h.Counts[0] = 1<<60 - 1 // which float64 rounds up
	if h.Quantile(1) == 0 {
		t.Error("a quantile of many is that of nothing")
	}
}

// If this failed, the statistics of a reactor would change places, or be missing.
func TestPollerStats(t *testing.T) {
	g := NewGroup(Config{Pollers: 3})
	defer g.Close()
	if all := g.PollerStats(); !slices.Equal(all, make([]Stats, 3)) {
		t.Errorf("before the first use: %+v", all)
	}
	open := func() (n []int) {
		for _, s := range g.PollerStats() {
			n = append(n, s.Open)
		}
		return n
	}
	for _, want := range [][]int{{0, 1, 0}, {0, 1, 1}, {1, 1, 1}, {1, 2, 1}} {
		register(t, g)
		if !slices.Equal(open(), want) {
			t.Errorf("%v are open, want %v", open(), want)
		}
	}
}

// If this failed, statistics would be taken for those of another reactor, or a look at a Group would
// fail while Register makes one more Poller.
func TestReactorsHaveTheirNumbers(t *testing.T) {
	g := NewGroup(Config{Pollers: 2})
	defer g.Close()
	s := register(t, g)
	made := false
	var numbers, open []int
	g.Reactors(func(number int, stats Stats) {
		numbers, open = append(numbers, number), append(open, stats.Open)
		if !made { // in the midst of it
			_, err := g.get(&g.pollers[2], Thread)
			ok(t, err)
			made = true
		}
	})
	extra := int(g.pollers[2].Load().number)
	if !slices.Equal(numbers, []int{0, int(s.p.number), extra}) || !slices.Equal(open, []int{0, 1, 0}) {
		t.Errorf("reactors %v have %v open", numbers, open)
	}
}

// If this failed, owners would miss the cache at each wake-up for what the reactor writes there, where
// a Poller does not begin with a cache line.
func TestLagIsOnLinesOfItsOwn(t *testing.T) {
	of := reflect.TypeFor[lag]()
	last, _ := of.FieldByName("left")
	first, _ := of.FieldByName("side")
	if distance := first.Offset - last.Offset; distance < 64 {
		t.Errorf("the owner reads %d bytes from what the reactor writes", distance)
	}
}
