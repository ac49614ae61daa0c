package search

import "slices"

// A clock counts the steps of each goroutine that came before something.
type clock [maxGoroutines]uint16

func (c *clock) join(other *clock) {
	for i, n := range other {
		c[i] = max(c[i], n)
	}
}

// reads reports whether the goroutine's next step only reads. A compare-and-swap that would
// fail now does, and so does an update that would change nothing: what could change that
// conflicts with it anyway.
func (g *goroutine) reads() bool {
	switch v := g.object.val; g.kind {
	case cas:
		return v != g.old
	case await:
		return g.may(v) && g.change(v) == v
	case update:
		return g.change(v) == v
	}
	return g.kind.reads()
}

// conflicts reports whether a step that was taken and g's next one depend on each other.
func (c *choice) conflicts(g *goroutine) bool {
	return c.key == g.object.key && !(c.kind.reads() && g.reads())
}

// happensBefore reports whether the step c comes before what has the clock at, in each
// equivalent schedule.
func (c *choice) happensBefore(at *clock) bool { return at[c.who] >= c.at[c.who] }

// order gives the last step, g's, its clock: it comes after those that it conflicts with.
func (e *Explorer) order(c *choice, g *goroutine) {
	c.fresh = false
	c.kind = g.kind // a compare-and-swap that failed was a load
	c.val = g.object.val
	c.at = g.at
	if e.Mode != Reduced {
		return
	}
	for i := c.older; i >= 0; i = e.stack[i].older {
		if s := &e.stack[i]; s.conflicts(g) {
			c.at.join(&s.at)
		}
	}
	c.at[c.who]++
}

// reverse finds the steps that conflict with g's next one and do not happen before it. Such a
// pair could come the other way round: then all that came after the earlier step and does not
// depend on it comes first, then g's step. One of the goroutines that can begin with that has
// to go first, in another schedule: it is noted as a choice that is left to do. (A source set,
// in the words of the paper.)
//
// It is called for each goroutine at each new choice, also for those that are blocked and may
// never take the step.
func (e *Explorer) reverse(g *goroutine) {
	var later []*choice // those of the pairs found
	for i := e.newest(g.object.key); i >= 0; i = e.stack[i].older {
		c := &e.stack[i]
		if !c.conflicts(g) || c.happensBefore(&g.at) || slices.ContainsFunc(later, func(l *choice) bool { return c.happensBefore(&l.at) }) {
			continue
		}
		if g.waitsFor(c) {
			continue
		}
		later = append(later, c)
		firsts := e.firsts(i, g)
		if firsts&(c.todo|c.sleep|1<<c.who) != 0 {
			continue // one of them did, or will
		}
		if firsts &= c.enabled; firsts != 0 {
			c.todo |= firsts & -firsts
		} else {
			c.todo |= c.enabled
		}
	}
}

// waitsFor reports whether g's next step can only come after the step c. A receive waits for a
// send only if the channel was empty before it.
func (g *goroutine) waitsFor(c *choice) bool {
	switch g.kind {
	case lock:
		return c.kind == unlock || c.kind == runlock
	case rlock:
		return c.kind == unlock
	case receive:
		return c.kind == send && c.val == 0
	}
	return false
}

// firsts returns the goroutines that can begin with what came after step i and does not depend
// on it, followed by g's next step.
func (e *Explorer) firsts(i int, g *goroutine) (firsts set) {
	first := &e.stack[i]
	var seen set // goroutines with a step among the rest
	var rest []*choice
	for j := i + 1; j < len(e.stack); j++ {
		c := &e.stack[j]
		if first.happensBefore(&c.at) {
			continue
		}
		if seen&(1<<c.who) == 0 && !slices.ContainsFunc(rest, func(r *choice) bool { return r.happensBefore(&c.at) }) {
			firsts |= 1 << c.who
		}
		seen |= 1 << c.who
		rest = append(rest, c)
	}
	if seen&(1<<g.id) == 0 && !slices.ContainsFunc(rest, func(r *choice) bool { return r.happensBefore(&g.at) || r.conflicts(g) }) {
		firsts |= 1 << g.id
	}
	return firsts
}
