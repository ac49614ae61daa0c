package polldesc

import (
	"fmt"
	"strings"
)

// A move is how a world was first reached.
type move struct {
	from  int32
	actor uint8
	label string
}

// An actor takes its next step, or returns false if it has none now.
type actor struct {
	name  string
	step  func(*model) bool
	timed bool // it uses the heap
}

var actors = []actor{
	{name: "reader", step: func(m *model) bool { return m.owner(Read) }},
	{name: "writer", step: func(m *model) bool { return m.owner(Write) }},
	{name: "peer R", step: func(m *model) bool { return m.peer(Read) }},
	{name: "peer W", step: func(m *model) bool { return m.peer(Write) }},
	{name: "poller", step: (*model).poller},
	{name: "setter", timed: true, step: func(m *model) bool { return m.setter(0) }},
	{name: "timer", timed: true, step: (*model).timer},
	{name: "closer", timed: true, step: (*model).closer},
	{name: "clock", step: (*model).clockTick},
}

// actorsOf returns who acts in a scenario: a setter for each choice from a menu.
func actorsOf(s scenario) []actor {
	all := actors
	for pick := 1; pick < len(menu) && s.picks > 0; pick++ {
		all = append(all, actor{name: "setter", timed: true, step: func(m *model) bool { return m.setter(pick) }})
	}
	return all
}

// A search is a breadth-first walk, so that a failure is found on a shortest path.
type search struct {
	*model
	actors []actor
	known  map[world]int32
	worlds []world // in the order of discovery
	moves  []move  // how each was discovered
	next   []int32 // successors of worlds[0], of worlds[1], ...
	ends   []int32 // where those of worlds[i] end
}

// run searches everything that m can come to. The error has the path to a world where
// something is wrong.
func (m *model) run() (states int, err error) {
	s := &search{model: m, actors: actorsOf(m.scenario), known: map[world]int32{}}
	m.w.now = 1
	m.save()
	m.open()
	m.save()
	s.visit(m.w, move{from: -1})
	for i := 0; i < len(s.worlds); i++ {
		if wrong := s.expand(int32(i)); wrong != "" {
			return len(s.worlds), fmt.Errorf("%s, after\n%s", wrong, s.path(int32(i)))
		}
	}
	if i := s.onCycle(); i >= 0 {
		return len(s.worlds), fmt.Errorf("an actor may go round for ever, after\n%s", s.path(i))
	}
	return len(s.worlds), nil
}

func (s *search) visit(w world, by move) int32 {
	i, ok := s.known[w]
	if !ok {
		i = int32(len(s.worlds))
		s.known[w] = i
		s.worlds = append(s.worlds, w)
		s.moves = append(s.moves, by)
	}
	return i
}

// expand takes every step that is possible in world i, and says what is wrong there.
func (s *search) expand(i int32) (wrong string) {
	defer func() {
		if r := recover(); r != nil {
			wrong = fmt.Sprint(s.label, ": panic: ", r)
		}
	}()
	w := s.worlds[i]
	if wrong := s.always(&w); wrong != "" {
		return wrong
	}
	if s.look != nil {
		if wrong := s.look(&w); wrong != "" {
			return wrong
		}
	}
	end := true
	for a := range s.actors {
		actor := &s.actors[a]
		s.restore(&w)
		timed := actor.timed && s.clock > 0
		if timed {
			s.restoreHeap(&w)
		}
		if !actor.step(s.model) {
			continue
		}
		end = false
		s.save()
		s.next = append(s.next, s.visit(s.w, move{i, uint8(a), s.label}))
		if timed && !s.agrees() {
			s.wrong = "the heap is not what the model takes it for"
		}
		if s.wrong != "" {
			return actor.name + ": " + s.wrong
		}
	}
	s.ends = append(s.ends, int32(len(s.next)))
	if end {
		return s.atTheEnd(&w)
	}
	return ""
}

// always says what is wrong in a world, whichever it is.
func (m *model) always(w *world) string {
	for mode := Read; mode <= Write; mode++ {
		s, name := &w.side[mode], names[mode]
		at := w.owners[mode].at
		announced := waitRecheck <= at && at <= waitCommit
		committed := at == lateChoose || at == waitToken || announced && m.commitsEarly
		tokens := int(s.tokens+s.given) + w.owed(mode)
		switch word := state(s.word); {
		case tokens > 1:
			return name + ": more than one token (I2)"
		case tokens == 1 && (!committed || word == parked):
			return name + ": a token that belongs to no commit (I2)"
		case tokens == 0 && committed && !announced && word != parked:
			return name + ": a commit without its token (I2)"
		case word == wait && !announced:
			return name + ": its word is wait when it does not wait (I3)"
		case word == parked && !committed:
			return name + ": its word is parked when it is not (I3)"
		}
		if w.mu {
			continue
		}
		if s.at != 0 && !m.lives[w.life].sets(mode, s.at) {
			return name + ": a deadline that was set in another life (HB-4)"
		}
		late := flags(w.flags)&expired(mode) != 0
		if late && (s.at == 0 || s.at > w.now) && flags(w.flags)&closing == 0 {
			return name + ": expired before its deadline (HB-5)"
		}
		if s.at != 0 && !late && !w.guarded(s) {
			return name + ": a deadline that no arming guards (D1)"
		}
	}
	if w.slot == slotEvicted && flags(w.flags)&closing == 0 {
		return "it was evicted, and is not closing any more (I5)"
	}
	if flags(w.flags)&seenRDHUP != 0 && w.kernel.fin != finHere && w.slot <= slotEvicted {
		return "RDHUP was seen in a life that has none (I6)"
	}
	return ""
}

// owed counts the tokens for a side that have been decided on and not sent.
func (w *world) owed(mode Mode) (n int) {
	if w.hand.at == edgeWakeRead+2*edgePlace(mode) {
		n++
	}
	for _, s := range w.crit {
		n += int(s.owed >> mode & 1)
	}
	return n
}

// guarded reports whether the arming that a side trusts exists, in the heap or in the
// timer's hand, and is early enough.
func (w *world) guarded(s *descSide) bool {
	if s.seq == 0 || s.when > s.at {
		return false
	}
	guard := arming{s.when, s.seq}
	return w.side[Read].entry == guard || w.side[Write].entry == guard ||
		w.fires[0].seq == s.seq || w.fires[1].seq == s.seq
}

// atTheEnd says what is wrong in a world where nobody has anything more to do.
func (m *model) atTheEnd(w *world) string {
	if w.mu {
		return "PollDesc.mu is held for ever"
	}
	for mode := Read; mode <= Write; mode++ {
		s, name := &w.side[mode], names[mode]
		open := flags(w.flags)&closing == 0
		if open && s.at != 0 && s.at <= w.now && flags(w.flags)&expired(mode) == 0 {
			return name + ": the deadline has come and gone"
		}
		switch at := w.owners[mode].at; {
		case at == opEnd:
		case at != waitToken:
			return name + " is stuck, and not even parked"
		case w.kernel.ready(mode):
			return name + " is parked for ever, and could go on"
		case flags(w.flags)&(closing|expired(mode)) != 0:
			return name + " is parked for ever, and never learns of the error"
		}
	}
	return ""
}

// onCycle returns a world from which one can come back to it, or -1. Every actor has
// a finite task, so an endless run would be somebody who spins.
func (s *search) onCycle() int32 {
	entries := make([]int32, len(s.worlds))
	for _, to := range s.next {
		entries[to]++
	}
	done := []int32{}
	if entries[0] == 0 {
		done = append(done, 0)
	}
	for d := 0; d < len(done); d++ {
		i := done[d]
		begin := int32(0)
		if i > 0 {
			begin = s.ends[i-1]
		}
		for _, to := range s.next[begin:s.ends[i]] {
			if entries[to]--; entries[to] == 0 {
				done = append(done, to)
			}
		}
	}
	for i, n := range entries {
		if n > 0 {
			return int32(i)
		}
	}
	return -1
}

// path lists the steps that led to world i.
func (s *search) path(i int32) string {
	var steps []string
	for ; s.moves[i].from >= 0; i = s.moves[i].from {
		steps = append(steps, fmt.Sprintf("%12s  %s\n", s.actors[s.moves[i].actor].name, s.moves[i].label))
	}
	var b strings.Builder
	for n := len(steps) - 1; n >= 0; n-- {
		b.WriteString(steps[n])
	}
	return b.String()
}

// A rowGroup is the rows that one method of waitWord makes.
type rowGroup uint8

const (
	rowReset rowGroup = iota
	rowConsume
	rowAnnounce
	rowCommit
	rowAbort
	rowCollect
	rowEdge
	rowCancel
)

var stateNames = [...]string{idle: "idle", ready: "ready", wait: "wait", parked: "parked"}

// rowOf names the row of the table that took a word from one state to another. A
// call that is no row, such as a commit that came too late, has the name "".
var rowOf = map[rowGroup]map[[2]state]string{
	rowReset:    {{idle, idle}: "O1 idle", {ready, idle}: "O1 ready"},
	rowConsume:  {{ready, idle}: "O2"},
	rowAnnounce: {{idle, wait}: "O3"},
	rowCommit:   {{wait, parked}: "O4"},
	rowAbort:    {{wait, idle}: "O5", {ready, idle}: "O5 late, ready", {idle, idle}: "O5 late, idle"},
	rowCollect:  {{ready, idle}: "O6 ready", {idle, idle}: "O6 idle"},
	rowEdge: {{idle, ready}: "E1", {ready, ready}: "E2", {wait, ready}: "E3",
		{parked, ready}: "E4"},
	rowCancel: {{idle, idle}: "U1", {ready, ready}: "U2", {wait, idle}: "U3",
		{parked, idle}: "U4"},
}

// What is met besides rows.
const (
	staleEdge = "a stale edge"
	staleDue  = "a stale Due"
)

var groupNames = [...]string{"reset", "consume", "announce", "commit", "abort", "collect", "edge", "cancel"}

// word makes one transition of a side's word and counts its row.
func (m *model) word(mode Mode, group rowGroup, method func(*waitWord) action) action {
	w := &m.pd.side[mode].word
	from := w.g.Load()
	a := method(w)
	to := w.g.Load()
	if row := rowOf[group][[2]state{from, to}]; row != "" {
		m.rows[row]++
	}
	m.did(stepNames[mode][group][from][to])
	return a
}

// stepNames has the label of every transition, ready made.
var stepNames = func() (names [2][8][4][4]string) {
	for mode := range names {
		for group := range names[mode] {
			for from := range 4 {
				for to := range 4 {
					row := rowOf[rowGroup(group)][[2]state{state(from), state(to)}]
					names[mode][group][from][to] = fmt.Sprintf("%s %s %s->%s  %s",
						groupNames[group], "rw"[mode:mode+1], stateNames[from], stateNames[to], row)
				}
			}
		}
	}
	return names
}()
