package search

import "fmt"

// A place is a variable in plain memory, and who accessed it last.
type place struct {
	writer  int8 // -1 for none
	written uint16
	read    clock
	where   [maxGoroutines]string // when tracing
}

// R and W stand around the fields that code under test reads and writes: x.f becomes
// *search.R(&x.f).
func R[T any](p *T) *T { access(p, (*place).reads); return p }
func W[T any](p *T) *T { access(p, (*place).writes); return p }

func access(p any, by func(*place, *goroutine) int) {
	e := explorer
	if e == nil || e.current == nil || e.unwinding {
		return
	}
	g := e.current
	l := e.places[p]
	if l == nil {
		l = &place{writer: -1}
		e.places[p] = l
	}
	if other := by(l, g); other >= 0 {
		panic(fmt.Sprintf("data race with %s %s", e.goroutines[other].name, l.where[other]))
	}
	if e.tracing {
		l.where[g.id] = here().where()
	}
}

// reads and writes note an access. They return the goroutine of an earlier one that it races
// with, or -1.
func (l *place) reads(g *goroutine) (other int) {
	other = l.race(g)
	l.read[g.id] = g.sync[g.id]
	return other
}

func (l *place) writes(g *goroutine) (other int) {
	other = l.race(g)
	for t, n := range l.read {
		if n > g.sync[t] {
			other = t
		}
	}
	l.writer, l.written = int8(g.id), g.sync[g.id]
	l.read[g.id] = g.sync[g.id]
	return other
}

// race returns who wrote without being ordered before g.
func (l *place) race(g *goroutine) int {
	if l.writer >= 0 && g.sync[l.writer] < l.written {
		return int(l.writer)
	}
	return -1
}

// synchronize is what the goroutine's operation on o means to the memory model.
func (g *goroutine) synchronize(o *object) {
	k := g.kind
	if k == look || k == update || k == await {
		return // a Var orders nothing
	}
	if k != store && k != unlock && k != runlock {
		g.sync.join(&o.sync)
	}
	switch k {
	case load, rlock:
		return
	case runlock: // readers are ordered before the next writer, and not with each other
		o.readers.join(&g.sync)
	case lock:
		g.sync.join(&o.readers)
		return
	default:
		o.sync = g.sync
	}
	g.sync[g.id]++
}
