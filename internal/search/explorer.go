package search

import (
	"fmt"
	"math/bits"
	"strings"
)

// A Scenario is what an Explorer runs under every schedule.
type Scenario struct {
	Name string

	// Variants is how many of them there are, which Setup tells apart by Run.Variant; 0 means
	// one.
	Variants int

	// Notes are the promises that a failure breaks: ids of the table in package polldesc, and
	// of ordering notes.
	Notes string

	// Setup makes the objects and says which goroutines use them. It is called for each
	// schedule, and has to do the same each time.
	Setup func(*Run)
}

// A Run is one execution of a scenario.
type Run struct {
	Variant int // from 0

	e *Explorer
}

// Go adds a goroutine. It begins when all have been added.
func (r *Run) Go(name string, f func()) { r.e.spawn(name, f) }

// Check adds a condition that must hold when all goroutines have returned: "" if it does, and
// otherwise what is wrong.
func (r *Run) Check(holds func() string) { r.e.checks = append(r.e.checks, holds) }

// PermitsUnderLocks says that permits are sent while locks are held that have nothing to do with
// them.
func (r *Run) PermitsUnderLocks() { r.e.locksHeld = true }

// A Mode says which schedules an Explorer leaves out.
type Mode uint8

const (
	Reduced Mode = iota // those that are equivalent to another one
	Bounded             // those with more than Explorer.Preemptions
	All                 // none
)

const (
	// maxGoroutines is how many goroutines a scenario has at most.
	maxGoroutines = 12

	// maxSteps is after how many steps a scenario counts as one that does not end.
	maxSteps = 1000
)

// An Explorer runs one scenario under many schedules. The zero Explorer leaves out nothing
// but equivalents. One Explorer works at a time.
type Explorer struct {
	Mode        Mode
	Preemptions int // the most, if Bounded
	Limit       int // of schedules; 0 means no limit

	// The results of Explore.
	Schedules, Steps, Longest int
	Cut                       bool // Limit was reached
	Wrong                     string
	Trace                     []Line // of the schedule that went wrong

	scenario *Scenario
	variant  int
	goOn     func(wrong string) // if not nil, is told, and the search goes on
	step     func(Step)         // if not nil, is told of each step

	// The schedule in progress.
	checks     []func() string
	goroutines []*goroutine
	current    *goroutine // the one that runs; nil while none does, and operations are no steps
	next       *goroutine // the one that runs next
	starting   bool       // current runs up to its first operation
	unwinding  bool       // current is being abandoned
	locksHeld  bool       // PermitsUnderLocks
	settling   bool       // Settle is at work
	settled    clock      // what has happened in it
	checking   bool       // at the end
	abandoned  bool       // the rest is equivalent to a schedule that was run
	tracing    bool       // the steps are kept
	run        int        // number of the schedule, from 1
	keys       int        // objects that were given a key
	places     map[any]*place
	roots      []root // of names

	// The choices that lead there. Those up to depth are taken.
	stack  []choice
	depth  int
	latest []int      // by key: the last choice with that object, -1 for none
	last   *goroutine // took the last step
}

// A Step is one operation.
type Step struct {
	Object        string
	Before, After uint64
	Callers       func() []string // functions, the innermost first
}

// explorer is the one at work, nil if none is.
var explorer *Explorer

// A set is of goroutines, by id.
type set uint16

func (s set) first() int8 { return int8(bits.TrailingZeros16(uint16(s))) }

// A choice is one step of a schedule, and what could have been chosen in its place.
type choice struct {
	who     int8 // the goroutine that takes the step
	before  int8 // the one that took the step before, -1 for none
	enabled set  // goroutines that could take it
	todo    set  // those of them that have to, in another schedule
	sleep   set  // those whose schedules from here on were all run
	fresh   bool // who was chosen, and has not taken the step yet

	preemptions int // up to here

	kind  kind
	key   int    // of the object
	older int    // the last choice before with that object, -1 for none
	val   uint64 // of the object, before the step
	at    clock  // of the step
}

// Explore runs schedules of one variant until none is left, Limit is reached, or one goes wrong.
func (e *Explorer) Explore(s *Scenario, variant int) {
	e.scenario, e.variant = s, variant
	e.stack, e.latest = e.stack[:0], e.latest[:0]
	e.places = map[any]*place{}
	for {
		e.execute()
		e.Schedules++
		if e.Wrong != "" && e.goOn != nil {
			e.goOn(e.Wrong)
			e.Wrong = ""
		}
		if e.Wrong != "" {
			e.tracing = true
			e.execute() // again, for the trace
			return
		}
		if !e.backtrack() {
			return
		}
		if e.Limit > 0 && e.Schedules >= e.Limit {
			e.Cut = true
			return
		}
	}
}

// execute runs the scenario by the choices on the stack, and makes more of them to the end.
func (e *Explorer) execute() {
	explorer = e
	defer func() { explorer = nil }()
	e.run++
	e.checks, e.goroutines, e.roots = nil, e.goroutines[:0], e.roots[:0]
	e.depth, e.last, e.keys = 0, nil, 0
	e.locksHeld, e.settled = false, clock{}
	e.Wrong, e.Trace, e.abandoned = "", nil, false
	clear(e.places)
	e.scenario.Setup(&Run{e.variant, e})
	for e.next = e.choose(); e.next != nil; {
		e.current = e.next
		if _, alive := e.current.resume(); !alive {
			e.current = nil
			e.next = e.choose()
		}
	}
	e.current = nil
	e.check()
	e.unwind()
}

func (e *Explorer) check() {
	if e.abandoned {
		return
	}
	e.checking = true
	defer func() { e.checking = false }()
	for _, holds := range e.checks {
		if e.Wrong != "" {
			return
		}
		if e.Wrong = holds(); e.Wrong != "" && e.tracing {
			e.Trace = append(e.Trace, Line{Text: "at the end: " + e.Wrong})
		}
	}
}

// unwind ends the goroutines that have not returned.
func (e *Explorer) unwind() {
	e.unwinding = true
	for _, g := range e.goroutines {
		if !g.done {
			e.current = g
			g.abandon()
		}
	}
	e.current, e.unwinding = nil, false
}

// choose returns the goroutine that takes the next step, or nil when the schedule has ended.
func (e *Explorer) choose() *goroutine {
	if e.Wrong != "" || e.depth == len(e.stack) && !e.extend() {
		return nil
	}
	c := &e.stack[e.depth]
	e.depth++
	g := e.goroutines[c.who]
	if c.fresh {
		c.kind, c.key = g.kind, g.object.key
		c.older = e.newest(c.key)
		e.latest[c.key] = e.depth - 1
	} else if c.key != g.object.key || !g.enabled() {
		e.Wrong = fmt.Sprintf("the scenario is another one each time: step %d is not %s's", e.depth, g.name)
		return nil
	}
	e.last = g
	return g
}

// newest returns the last choice with an object, -1 for none.
func (e *Explorer) newest(key int) int {
	for key >= len(e.latest) {
		e.latest = append(e.latest, -1)
	}
	return e.latest[key]
}

// extend adds a choice to the stack. It returns false if there is none.
func (e *Explorer) extend() bool {
	c := choice{before: -1, fresh: true, enabled: e.enabled()}
	if e.Mode == Reduced {
		for _, g := range e.goroutines {
			if !g.done {
				e.reverse(g)
			}
		}
	}
	switch {
	case c.enabled == 0:
		e.asleep()
		return false
	case len(e.stack) == maxSteps:
		e.Wrong = fmt.Sprintf("no end after %d steps", maxSteps)
		return false
	}
	if len(e.stack) > 0 {
		e.inherit(&c, &e.stack[len(e.stack)-1])
	}
	free := c.enabled &^ c.sleep
	stay := c.before >= 0 && free&(1<<c.before) != 0 // no preemption
	if e.Mode == Bounded && stay && c.preemptions == e.Preemptions {
		free = 1 << c.before
	}
	if free == 0 {
		e.abandoned = true
		return false
	}
	if c.who = free.first(); stay {
		c.who = c.before
	}
	if e.Mode != Reduced {
		c.todo = free &^ (1 << c.who)
	}
	e.stack = append(e.stack, c)
	e.Longest = max(e.Longest, len(e.stack))
	return true
}

// inherit gives a choice what follows from the one before it.
func (e *Explorer) inherit(c, last *choice) {
	c.before = last.who
	c.preemptions = last.preemptions
	if last.before >= 0 && last.before != last.who && last.enabled&(1<<last.before) != 0 {
		c.preemptions++
	}
	for i, g := range e.goroutines {
		if last.sleep&(1<<i) != 0 && !last.conflicts(g) {
			c.sleep |= 1 << i
		}
	}
}

// enabled returns the goroutines that can take a step.
func (e *Explorer) enabled() (all set) {
	for i, g := range e.goroutines {
		if !g.done && g.enabled() {
			all |= 1 << i
		}
	}
	return all
}

// asleep fails the schedule if a goroutine has not returned and may not stay.
func (e *Explorer) asleep() {
	var blocked []string
	for _, g := range e.goroutines {
		if !g.done && !g.stays {
			blocked = append(blocked, fmt.Sprintf("%s waits for %s of %s", g.name, g.kind, g.object))
		}
	}
	if len(blocked) > 0 {
		e.Wrong = "asleep forever: " + strings.Join(blocked, "; ")
	}
}

// backtrack turns to the last choice that has something left to choose.
func (e *Explorer) backtrack() bool {
	for len(e.stack) > 0 {
		c := &e.stack[len(e.stack)-1]
		if c.key > 0 { // it was chosen, whether or not it took its step
			e.latest[c.key], c.key = c.older, 0
		}
		if e.Mode == Reduced {
			c.sleep |= 1 << c.who
		}
		if c.todo &^= c.sleep | 1<<c.who; c.todo != 0 {
			c.who = c.todo.first()
			c.todo &^= 1 << c.who
			c.fresh = true
			return true
		}
		e.stack = e.stack[:len(e.stack)-1]
	}
	return false
}
