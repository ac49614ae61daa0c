package search

import (
	"fmt"
	"iter"
)

// Settle lets the goroutines that were added run, one after the other, until all of them sleep.
// A schedule begins after that: with a server that waits, say.
func (r *Run) Settle() {
	e := r.e
	e.settling = true
	for moved := true; moved; {
		moved = false
		for _, g := range e.goroutines {
			if !g.done && g.enabled() {
				e.current, moved = g, true
				g.resume()
				e.current = nil
			}
		}
	}
	e.settling = false
	for _, g := range e.goroutines {
		e.settled.join(&g.sync)
		g.sync[g.id]++
	}
}

// A goroutine of a scenario is a coroutine that has stopped before an operation.
type goroutine struct {
	id   int
	name string
	done bool

	stays bool // it may be asleep at the end

	resume  func() (struct{}, bool)
	abandon func()
	yield   func(struct{}) bool

	// The operation.
	kind   kind
	called kind // the kind before a step turned out to be no more than a load
	object *object
	old    uint64              // what a compare-and-swap expects
	may    func(uint64) bool   // when an await may return
	change func(uint64) uint64 // what an update or an await makes of the value
	holds  int                 // locks

	sync clock // what has happened before, for memory
	at   clock // of its last step, or of the step that started it
}

// unwound is the panic that ends an abandoned goroutine.
type unwound struct{}

// spawn starts a goroutine and lets it run up to its first operation.
func (e *Explorer) spawn(name string, f func()) *goroutine {
	if len(e.goroutines) == maxGoroutines {
		panic("search: too many goroutines")
	}
	g := &goroutine{id: len(e.goroutines), name: name, sync: e.settled}
	if by := e.current; by != nil {
		g.name = by.name + "'s " + name
		g.sync, g.at = by.sync, by.at
		by.sync[by.id]++
	}
	g.sync[g.id] = 1
	e.goroutines = append(e.goroutines, g)
	g.resume, g.abandon = iter.Pull(func(yield func(struct{}) bool) {
		g.yield = yield
		defer e.returned(g)
		f()
	})
	by, starting := e.current, e.starting
	e.current, e.starting = g, true
	g.resume()
	e.current, e.starting = by, starting
	return g
}

// returned ends a goroutine. It is called by defer.
func (e *Explorer) returned(g *goroutine) {
	g.done = true
	r := recover()
	if r == nil || r == (unwound{}) || e.unwinding {
		return
	}
	e.Wrong = fmt.Sprintf("%s: panic: %v", g.name, r)
	if e.tracing {
		l := here()
		l.Goroutine, l.Text = g.name, fmt.Sprintf("%-8s panic: %v   %s", g.name, r, l.where())
		e.Trace = append(e.Trace, l)
	}
}

// enabled reports whether the goroutine's operation can take place now.
func (g *goroutine) enabled() bool {
	switch o := g.object; g.kind {
	case lock:
		return o.val == 0
	case rlock:
		return o.val&writeLocked == 0
	case receive:
		return o.val > 0
	case await:
		return g.may(o.val)
	}
	return true
}
