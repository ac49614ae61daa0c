package timer

// Places are a 4-ary heap: places[(i-1)/4] is never later than places[i]. One goroutine
// uses it, the reactor.
type places []place

// A place is an entry with the time and the arming that it had when it was put here.
type place struct {
	when  int64
	seq   uint64
	entry *Entry
}

func (p *place) before(q *place) bool {
	return p.when < q.when || p.when == q.when && p.seq < q.seq
}

// first returns the time of the earliest, or Never.
func (h places) first() int64 {
	if len(h) == 0 {
		return Never
	}
	return h[0].when
}

// place gives e a place, or another one, or takes it away if when is Never.
func (h *places) place(e *Entry, when int64, seq uint64) {
	switch {
	case when == Never:
		if e.pos != 0 {
			h.remove(e.pos - 1)
		}
		return
	case e.pos == 0:
		*h = append(*h, place{})
		e.pos = len(*h)
	}
	(*h)[e.pos-1] = place{when, seq, e}
	h.fix(e.pos - 1)
}

// remove takes the entry at i out and fills the hole with the last one.
func (h *places) remove(i int) {
	(*h)[i].entry.pos = 0
	last := len(*h) - 1
	moved := (*h)[last]
	(*h)[last] = place{} // for the garbage collector
	*h = (*h)[:last]
	if i < last {
		h.put(moved, i)
		h.fix(i)
	}
}

// fix restores the order after the entry at i changed.
func (h places) fix(i int) {
	if !h.up(i) {
		h.down(i)
	}
}

func (h places) up(i int) (moved bool) {
	p := h[i]
	for i > 0 {
		parent := (i - 1) / 4
		if !p.before(&h[parent]) {
			break
		}
		h.put(h[parent], i)
		i, moved = parent, true
	}
	h.put(p, i)
	return moved
}

func (h places) down(i int) {
	p := h[i]
	for {
		child := h.earliestChild(i)
		if child < 0 || !h[child].before(&p) {
			break
		}
		h.put(h[child], i)
		i = child
	}
	h.put(p, i)
}

// earliestChild returns the index of the earliest of i's up to four children, or
// -1 when it has none.
func (h places) earliestChild(i int) int {
	first := 4*i + 1
	if first >= len(h) {
		return -1
	}
	earliest := first
	for c := first + 1; c < min(first+4, len(h)); c++ {
		if h[c].before(&h[earliest]) {
			earliest = c
		}
	}
	return earliest
}

func (h places) put(p place, i int) {
	h[i] = p
	p.entry.pos = i + 1
}
