//go:build linux

package poller

import (
	"fmt"
	"testing"
)

// This model searches every interleaving of goroutines that register and unregister
// descriptors with a reactor that ends and is started again: the steps of life_linux.go,
// each with one access that others can see, or with those that life.mu makes one.
//
//	user     Register: open++, start if it was the first; if epoll_ctl failed, open--,
//	         else waits for an event, and Unregister: open--; idle if it was the last
//	reactor  ends? then expire, then sleeps until an event, or until the time it knows
//	clock    everything noted so far is a linger ago

// A lifeWorld is all that the future depends on.
type lifeWorld struct {
	users   [2]lifeUser
	reactor [2]lifeReactor // a new one may be started before the old one has returned

	open    int8
	running bool
	mu      bool // life.mu is held by a reactor
	since   int8 // idleSince: 0, or the number of the note
	notes   int8 // how many were made
	aged    int8 // the last one that is a linger ago
	waking  bool // the wake-up flag, and its event in epoll
	event   bool // another event in epoll
}

type lifeUser struct {
	at    lifePlace
	round int8
	first bool
	fails bool // its epoll_ctl did
}

type lifePlace uint8

const (
	lifeAlloc lifePlace = iota
	lifeStart           // start, if it was the first
	lifeWaits           // for its event
	lifeFree
	lifeIdle      // it was the last one: idle
	lifeWake      // and the reactor must be told
	lifeLateStart // a mutant's
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
	looksIdle
	locksLife
	clearsIdle
	countsOpen
	expires
	sleeps
)

// The lifeRules are what the code does; a mutant breaks one of them.
type lifeRules struct {
	startsAnyway   bool // also if epoll_ctl failed
	startsFirst    bool // and frees then
	tellsReactor   bool // idle wakes it
	clearsBefore   bool // idleSince, before it counts
	comparesClears bool // it clears what it saw and nothing else
	countsLocked   bool // it counts with life.mu held
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
		*u = lifeUser{at: lifeStart, round: u.round, first: n.open == 1}
		registered := n
		registered.event = true
		add(registered, "Alloc, epoll_ctl")
		if u.fails = true; !r.startsFirst {
			u.at = lifeFree
		}
		add(n, "Alloc, epoll_ctl fails")
	case lifeStart, lifeLateStart:
		if w.mu || !r.start(&n, u) {
			return
		}
		switch {
		case u.at == lifeLateStart:
			u.at = lifeAlloc
		case u.fails:
			u.at = lifeFree
		default:
			u.at = lifeWaits
		}
		add(n, "start, if it was the first")
	case lifeWaits:
		if w.event {
			return // nobody has fetched it
		}
		u.at = lifeFree
		add(n, "has its event")
	case lifeFree:
		u.at = r.afterFree(u)
		if n.open--; n.open == 0 {
			u.at = lifeIdle
		}
		add(n, "Free")
	case lifeIdle:
		was := n.since
		n.notes++
		n.since = n.notes
		u.at = r.afterFree(u)
		if was == 0 && r.tellsReactor {
			u.at = lifeWake
		}
		add(n, "idle")
	case lifeWake:
		n.waking = true
		u.at = r.afterFree(u)
		add(n, "wake")
	}
}

// start reports false if the reactor before has yet to return.
func (r *lifeRules) start(n *lifeWorld, u *lifeUser) bool {
	if !u.first || n.running || u.fails && !r.startsAnyway {
		return true
	}
	n.running = true
	return n.spawn()
}

// afterFree is where a user goes on.
func (r *lifeRules) afterFree(u *lifeUser) lifePlace {
	if u.fails && !r.startsFirst {
		return lifeLateStart
	}
	return lifeAlloc
}

func (w *lifeWorld) spawn() bool {
	for i := range w.reactor {
		if w.reactor[i].at == notThere {
			w.reactor[i] = lifeReactor{at: looksIdle}
			return true
		}
	}
	return false
}

func (r *lifeRules) react(w lifeWorld, i int, add func(lifeWorld, string)) {
	n := w
	re := &n.reactor[i]
	switch re.at {
	case looksIdle:
		if re.saw = n.since; re.saw == 0 || re.saw > n.aged {
			re.at = expires
		} else if re.at = locksLife; !r.countsLocked {
			if n.open > 0 {
				re.at = expires
			}
		}
		add(n, "looks at idleSince")
	case locksLife:
		if w.mu {
			return
		}
		n.mu, re.at = true, clearsIdle
		if !r.clearsBefore {
			re.at = countsOpen
		}
		add(n, "locks")
	case clearsIdle:
		if w.since == re.saw || !r.comparesClears {
			n.since = 0
		}
		if re.at = countsOpen; !r.clearsBefore {
			re.at = expires
		}
		add(n, "clears idleSince")
	case countsOpen:
		n.mu = false
		switch {
		case n.open == 0 || !r.countsLocked:
			n.running = false
			*re = lifeReactor{}
		case r.clearsBefore:
			re.at = expires
		default:
			re.at = clearsIdle
		}
		add(n, "counts, unlocks")
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
	reactors := 0
	for _, re := range w.reactor {
		if re.at != notThere {
			reactors++
		}
	}
	switch {
	case reactors > 1:
		return "two reactors run"
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
		"a Register that fails starts nothing":     func(r *lifeRules) { r.startsAnyway = false },
		"a Register that fails frees, then starts": func(r *lifeRules) { r.startsFirst = false },
		"idle wakes nobody":                        func(r *lifeRules) { r.tellsReactor = false },
		"what was noted meanwhile is cleared":      func(r *lifeRules) { r.clearsBefore, r.comparesClears = false, false },
		"descriptors are counted before life.mu":   func(r *lifeRules) { r.countsLocked = false },
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
