//go:build linux

package poller

import (
	"fmt"
	"testing"
)

// This model searches every interleaving of goroutines that register and unregister
// descriptors with reactors that end and are started: the steps of life_linux.go, each with
// one access that others can see.
//
//	user     Register: open++; if epoll_ctl failed, open--; else looks whether a reactor
//	         runs, and starts one; then waits for an event; Unregister: open--; idle if it
//	         was the last
//	reactor  waits for the one before to end; ends? then expire, then sleeps until an
//	         event, or until the time it knows
//	clock    everything noted so far is a linger ago

// A lifeWorld is all that the future depends on.
type lifeWorld struct {
	users   [2]lifeUser
	reactor [3]lifeReactor // a new one may be started before the old one has returned

	open    int8
	running bool
	ended   bool // held by a reactor
	since   int8 // idleSince: 0, or the number of the note
	notes   int8 // how many were made
	aged    int8 // the last one that is a linger ago
	waking  bool // the wake-up flag, and its event in epoll
	event   bool // another event in epoll
}

type lifeUser struct {
	at    lifePlace
	round int8
}

type lifePlace uint8

const (
	lifeAlloc lifePlace = iota
	lifeLook            // whether a reactor runs
	lifeStart           // it does not
	lifeWaits           // for its event
	lifeFree
	lifeIdle // it was the last one: idle
	lifeWake // and the reactor must be told
	lifeDone
)

type lifeReactor struct {
	at    reactorPlace
	saw   int8 // idleSince
	until int8 // what it sleeps for at most: the number of a note, or 0
}

type reactorPlace uint8

const (
	notThere reactorPlace = iota
	awaitsEnd
	looksIdle
	clearsIdle
	counts
	stopsRunning
	countsAgain
	goesOn
	leaves
	expires
	sleeps
)

// The lifeRules are what the code does; a mutant breaks one of them.
type lifeRules struct {
	tellsReactor   bool // idle wakes it
	clearsBefore   bool // idleSince, before it counts
	comparesClears bool // it clears what it saw and nothing else
	countsTwice    bool // also after it has said that none runs
	comesFirst     bool // it goes on only if nobody has started another one
	oneAtATime     bool // it waits for the one before
}

var rightLife = lifeRules{true, true, true, true, true, true}

const lifeRounds = 2

// steps returns every world that one step leads to, and what the step was.
func (r *lifeRules) steps(w lifeWorld) (next []lifeWorld, names []string) {
	add := func(n lifeWorld, name string, args ...any) {
		next, names = append(next, n), append(names, fmt.Sprintf(name, args...))
	}
	for i := range w.users {
		r.user(w, i, func(n lifeWorld, name string) { add(n, "user %d: %s", i, name) })
	}
	for i := range w.reactor {
		r.react(w, i, func(n lifeWorld, name string) { add(n, "reactor %d: %s", i, name) })
	}
	if w.aged < w.notes {
		n := w
		n.aged = w.notes
		add(n, "a linger passes")
	}
	return next, names
}

func (r *lifeRules) user(w lifeWorld, i int, add func(lifeWorld, string)) {
	n := w
	u := &n.users[i]
	switch u.at {
	case lifeAlloc:
		if u.round == lifeRounds {
			u.at = lifeDone
			add(n, "done")
			return
		}
		u.round++
		n.open++
		failed := n
		failed.users[i].at = lifeFree
		add(failed, "Alloc, epoll_ctl fails")
		n.event = true
		u.at = lifeLook
		add(n, "Alloc, epoll_ctl")
	case lifeLook:
		if u.at = lifeWaits; !n.running {
			u.at = lifeStart
		}
		add(n, "looks")
	case lifeStart:
		if u.at = lifeWaits; !n.running {
			n.running = true
			n.spawn()
		}
		add(n, "starts")
	case lifeWaits:
		if w.event {
			return // nobody has fetched it
		}
		u.at = lifeFree
		add(n, "has its event")
	case lifeFree:
		u.at = lifeAlloc
		if n.open--; n.open == 0 {
			u.at = lifeIdle
		}
		add(n, "Free")
	case lifeIdle:
		was := n.since
		n.notes++
		n.since = n.notes
		if u.at = lifeAlloc; was == 0 && r.tellsReactor {
			u.at = lifeWake
		}
		add(n, "idle")
	case lifeWake:
		n.waking, u.at = true, lifeAlloc
		add(n, "wake")
	}
}

func (w *lifeWorld) spawn() {
	for i := range w.reactor {
		if w.reactor[i].at == notThere {
			w.reactor[i] = lifeReactor{at: awaitsEnd}
			return
		}
	}
	panic("more reactors than there is room for")
}

func (r *lifeRules) react(w lifeWorld, i int, add func(lifeWorld, string)) {
	n := w
	re := &n.reactor[i]
	switch re.at {
	case awaitsEnd:
		if w.ended && r.oneAtATime {
			return
		}
		n.ended, re.at = true, looksIdle
		add(n, "begins")
	case looksIdle:
		re.at = expires
		if re.saw = n.since; re.saw != 0 && re.saw <= n.aged {
			if re.at = clearsIdle; !r.clearsBefore {
				re.at = counts
			}
		}
		add(n, "looks at idleSince")
	case clearsIdle:
		if n.since == re.saw || !r.comparesClears {
			n.since = 0
		}
		if re.at = counts; !r.clearsBefore {
			re.at = expires
		}
		add(n, "clears idleSince")
	case counts:
		switch {
		case n.open == 0:
			re.at = stopsRunning
		case r.clearsBefore:
			re.at = expires
		default:
			re.at = clearsIdle
		}
		add(n, "counts")
	case stopsRunning:
		n.running = false
		if re.at = countsAgain; !r.countsTwice {
			re.at = leaves
		}
		add(n, "says that none runs")
	case countsAgain:
		if re.at = leaves; n.open > 0 {
			re.at = goesOn
		}
		add(n, "counts again")
	case goesOn:
		if re.at = leaves; !n.running || !r.comesFirst {
			n.running, re.at = true, expires
		}
		add(n, "goes on, if it comes first")
	case leaves:
		n.ended, *re = false, lifeReactor{}
		add(n, "ends")
	case expires:
		re.at, re.until = sleeps, n.since
		n.waking, n.event = false, false
		add(n, "expires, fetches")
	case sleeps:
		switch {
		case w.event || w.waking:
			n.waking, n.event = false, false
			re.at = looksIdle
			add(n, "fetches")
		case re.until != 0 && re.until <= w.aged:
			re.at = looksIdle
			add(n, "its time has come")
		}
	}
}

// wrong says what is wrong with a world; end says that no step leads out of it.
func (w *lifeWorld) wrong(end bool) string {
	reactors, work := 0, 0
	for _, re := range w.reactor {
		if re.at != notThere {
			reactors++
		}
		if re.at > awaitsEnd {
			work++
		}
	}
	switch {
	case work > 1:
		return "two reactors work"
	case !end:
		return ""
	case w.open == 0 && reactors > 0:
		return "a reactor without descriptors stays for good"
	}
	for i, u := range w.users {
		if u.at != lifeDone {
			return fmt.Sprintf("user %d waits for good", i)
		}
	}
	return ""
}

// search returns how many worlds there are, and the way to one that is wrong.
func (r *lifeRules) search() (worlds int, wrong string, path []string) {
	type from struct {
		world lifeWorld
		step  string
	}
	var start lifeWorld
	seen := map[lifeWorld]from{start: {}}
	for queue := []lifeWorld{start}; len(queue) > 0; queue = queue[1:] {
		w := queue[0]
		next, names := r.steps(w)
		if wrong := w.wrong(len(next) == 0); wrong != "" {
			for w != start {
				path = append([]string{seen[w].step}, path...)
				w = seen[w].world
			}
			return len(seen), wrong, path
		}
		for i, n := range next {
			if _, ok := seen[n]; !ok {
				seen[n] = from{w, names[i]}
				queue = append(queue, n)
			}
		}
	}
	return len(seen), "", nil
}

// If this failed, a connection would be served by nobody after all others were closed,
// or by two, or the reactor would stay.
func TestLifeModel(t *testing.T) {
	n, wrong, path := rightLife.search()
	if wrong != "" {
		t.Fatalf("%s, after %d steps: %q", wrong, len(path), path)
	}
	t.Logf("%d worlds", n)
}

// The search must find each mistake, or it would show nothing.
func TestLifeMutants(t *testing.T) {
	for name, change := range map[string]func(*lifeRules){
		"idle wakes nobody":                                    func(r *lifeRules) { r.tellsReactor = false },
		"what was noted meanwhile is cleared":                  func(r *lifeRules) { r.clearsBefore, r.comparesClears = false, false },
		"descriptors are counted, then it says that none runs": func(r *lifeRules) { r.countsTwice = false },
		"it goes on beside one that was started":               func(r *lifeRules) { r.comesFirst = false },
		"a reactor begins before the last one has ended":       func(r *lifeRules) { r.oneAtATime = false },
	} {
		t.Run(name, func(t *testing.T) {
			r := rightLife
			change(&r)
			n, wrong, path := r.search()
			if wrong == "" {
				t.Fatalf("not found in %d worlds", n)
			}
			t.Logf("%s, after %d steps: %q", wrong, len(path), path)
		})
	}
}
