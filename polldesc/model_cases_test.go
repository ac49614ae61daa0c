package polldesc

import (
	"fmt"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// A scenario is where a search starts: what everybody has to do.
type scenario struct {
	name  string
	big   bool // has many states
	lives []life
	clock int8 // the last tick; 0 when there are no deadlines

	picks       int      // the setter takes so many of life.settings, any of them; 0: each in turn
	neverClosed bool     // the last life is not evicted
	room        [2]uint8 // units a system call transfers at most
	shortRead   bool     // package fd's short-read rule is in use
	seats       bool     // who waits does so in a seat and on a channel by turns
}

// A life is what is to happen between Alloc and Free.
type life struct {
	ops      [2]string // what reader and writer do, see opTransfer
	kernel   [2]kernelSide
	fin      finStage
	settings []setting
}

// sets reports whether a side gets a deadline in this life.
func (l *life) sets(mode Mode, at int8) bool {
	return slices.ContainsFunc(l.settings, func(s setting) bool { return s.first <= mode && mode <= s.last && s.when == at })
}

// A protocol is the real methods, with room for a mutant to put something else.
type protocol struct {
	reset, consume, announce, commit, abort, collect func(*waitWord) action
	edge, cancel                                     func(*waitWord) action

	see    func(i *info, gen uint32, f flags) bool
	renew  func(*info)
	settle func(pd *PollDesc, m Mode, now int64)
	order  []sectionStep

	checkClock func(pd *PollDesc, m Mode) error

	resetFirst, recheck, compareSeq, heedFacts bool // true in the real one

	// False in the real one.
	cancelBlindly, resetLate, resetDrained, touchKeepsDrained, factsLate, believe, commitsEarly bool
	looksEarly, choosesLate, anyLife                                                            bool
}

func realProtocol() protocol {
	return protocol{
		reset: (*waitWord).reset, consume: (*waitWord).consume, announce: (*waitWord).announce,
		commit: (*waitWord).commit, abort: (*waitWord).abort, collect: (*waitWord).collect,
		edge: (*waitWord).edge, cancel: (*waitWord).cancel,
		see: (*info).see, renew: (*info).renew, settle: (*PollDesc).settle,
		order: rightOrder, checkClock: (*PollDesc).checkClock,
		resetFirst: true, recheck: true, compareSeq: true, heedFacts: true,
	}
}

// scenarios returns where the search starts, small ones first. Each shows a part of
// the protocol with everything else at rest, because all at once would be too many.
func scenarios() (all []scenario) {
	add := func(name string, s scenario) {
		s.name = name
		s.room = [2]uint8{1, 1}
		if s.shortRead {
			s.room[Read] = 2
		}
		all = append(all, s)
	}

	for n := range uint8(4) {
		for reads := 1; reads <= 3; reads++ {
			l := life{ops: [2]string{"xxx"[:reads]}, kernel: units(n, 0)}
			name := fmt.Sprintf("%d reads of %d segments", reads, n)
			add(name, scenario{lives: []life{l}, neverClosed: true})
			add(name+", evict", scenario{lives: []life{l}})
		}
	}

	reader := life{ops: [2]string{"xx"}, kernel: units(1, 0)}
	for _, d := range []struct {
		name     string
		settings []setting
	}{
		{"a read deadline", []setting{reads(3)}},
		{"moved later", []setting{reads(2), reads(4)}},
		{"moved earlier", []setting{reads(4), reads(2)}},
		{"gone by", []setting{reads(-1)}},
		{"gone by, then later", []setting{reads(-1), reads(3)}},
		{"gone by, then none", []setting{reads(-1), reads(0)}},
		{"none after all", []setting{reads(2), reads(0)}},
	} {
		l := reader
		l.settings = d.settings
		add("deadline: "+d.name, scenario{lives: []life{l}, clock: 4, neverClosed: true,
			big: len(d.settings) > 1})
		l.kernel = units(0, 0)
		add("deadline: "+d.name+", evict", scenario{lives: []life{l}, clock: 3})
	}

	fin := life{ops: [2]string{"x", "x"}, fin: finComing, settings: []setting{readsWrites(2)}}
	add("both deadlines: and a FIN", scenario{lives: []life{fin}, clock: 2})

	for _, d := range []struct {
		name     string
		settings []setting
	}{
		{"shared", []setting{readsWrites(2)}},
		{"shared, one moves earlier", []setting{readsWrites(4), writes(2)}},
		{"shared, other moves earlier", []setting{readsWrites(4), reads(2)}},
		{"shared, one moves later", []setting{readsWrites(2), reads(4)}},
		{"shared, one ends", []setting{readsWrites(2), writes(0)}},
		{"equal by accident", []setting{reads(3), writes(3), reads(2)}},
		{"crossing", []setting{reads(2), writes(4), readsWrites(3)}},
	} {
		both := life{ops: [2]string{"x", "x"}, settings: d.settings}
		add("both deadlines: "+d.name, scenario{lives: []life{both}, clock: 4, neverClosed: true,
			big: len(d.settings) > 1})
	}

	nobody := life{settings: menu}
	add("deadlines: any three, nobody waits", scenario{big: true, lives: []life{nobody}, clock: 4, picks: 3, neverClosed: true})
	nobody.settings = []setting{writes(3), writes(4), reads(2), reads(3)}
	add("deadlines: a sharer joins one who looks again later", scenario{lives: []life{nobody}, clock: 4, neverClosed: true})

	hangsUp := life{ops: [2]string{"x"}, kernel: units(1, 0), fin: finComing}
	add("reuse after a FIN", scenario{lives: []life{hangsUp, reader}, neverClosed: true})
	add("reuse twice", scenario{lives: []life{hangsUp, reader, hangsUp}, neverClosed: true})
	talks := life{ops: [2]string{"x", "x"}, kernel: units(1, 1), fin: finComing}
	add("reuse of both sides", scenario{big: true, neverClosed: true,
		lives: []life{talks, {ops: talks.ops, kernel: units(0, 1)}}})
	timed := life{ops: [2]string{"x"}, settings: []setting{reads(2)}}
	timedLater := life{ops: [2]string{"x"}, settings: []setting{reads(4)}}
	add("reuse with deadlines", scenario{lives: []life{timed, timedLater}, clock: 4, neverClosed: true})

	goneBy := life{ops: [2]string{"x"}, settings: []setting{reads(-1)}}
	add("reuse with a deadline gone by", scenario{lives: []life{goneBy, reader}, clock: 1, neverClosed: true})

	short := scenario{shortRead: true, neverClosed: true}
	short.lives = []life{{ops: [2]string{"xxx"}, kernel: units(2, 0), fin: finComing}}
	add("short reads, a FIN", short)
	short.lives = []life{{ops: [2]string{"xtx"}, kernel: units(2, 0)}}
	add("short reads, another operation between", short)
	short.clock = 1
	short.lives = []life{{ops: [2]string{"xxx"}, kernel: units(2, 0), settings: []setting{reads(-1), reads(0)}}}
	add("short reads, a deadline gone by", short)

	sits := scenario{seats: true, neverClosed: true}
	sits.lives = []life{{ops: [2]string{"xxxx"}, kernel: units(4, 0)}}
	add("seats", sits)
	sits.lives = []life{hangsUp, {ops: [2]string{"xxx"}, kernel: units(2, 0)}}
	add("seats, evict, reuse", sits)
	sits.clock = 2
	sits.lives = []life{{ops: [2]string{"xxx"}, kernel: units(2, 0), settings: []setting{reads(2), reads(0)}}}
	add("seats, a deadline", sits)
	add("both sides", scenario{big: true, neverClosed: true,
		lives: []life{{ops: [2]string{"xx", "xx"}, kernel: units(2, 2)}}})
	add("both sides, evict", scenario{big: true,
		lives: []life{{ops: [2]string{"xx", "xx"}, kernel: units(1, 1)}}})
	add("both sides, a deadline, evict", scenario{big: true, clock: 2,
		lives: []life{{ops: [2]string{"x", "x"}, kernel: units(1, 0), settings: []setting{readsWrites(2)}}}})
	return all
}

func units(r, w uint8) [2]kernelSide { return [2]kernelSide{{coming: r}, {coming: w}} }

// menu is every way to set a deadline.
var menu = func() (all []setting) {
	for _, at := range []int8{0, -1, 2, 3, 4} {
		all = append(all, reads(at), writes(at), readsWrites(at))
	}
	return all
}()

func reads(at int8) setting       { return setting{Read, Read, at} }
func writes(at int8) setting      { return setting{Write, Write, at} }
func readsWrites(at int8) setting { return setting{Read, Write, at} }

// If this failed, some interleaving would leave a goroutine asleep for ever, wake the
// wrong one, or tell it of an error that is not there; the path to it is printed. And
// a row of the table that no interleaving takes would be untested, or useless.
func TestModel(t *testing.T) {
	rows, total, searched := map[string]int{}, 0, 0
	for _, s := range scenarios() {
		t.Run(s.name, func(t *testing.T) {
			if s.big && testing.Short() {
				t.Skip("too many states for -short")
			}
			if s.big && underRace() {
				t.Skip("too many states for -race, which has nothing to see in one goroutine")
			}
			m := newModel(s, realProtocol())
			states, err := m.run()
			require.NoError(t, err)
			t.Logf("%d states", states)
			total += states
			for row, n := range m.rows {
				rows[row] += n
			}
		})
		searched++
	}
	t.Logf("%d states", total)
	if t.Failed() || searched < len(scenarios()) || total == 0 {
		return
	}
	for _, row := range allRows() {
		t.Logf("%-15s taken %7d times", row, rows[row])
		require.NotZero(t, rows[row], "no interleaving takes row %s", row)
	}
}

// allRows names what the search must have come across: the table, and what is stale.
func allRows() (rows []string) {
	for _, group := range rowOf {
		for _, row := range group {
			rows = append(rows, row)
		}
	}
	rows = append(rows, staleEdge, staleDue)
	slices.Sort(rows)
	return rows
}

func underRace() bool {
	b, _ := debug.ReadBuildInfo()
	return slices.Contains(b.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
