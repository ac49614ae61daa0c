package timer

import (
	"fmt"
)

// This file searches every interleaving of two owners, who arm and disarm an entry each,
// with the reactor that runs what is due. A step is one atomic operation of the source, in
// the source's order: see TestModelHasTheStepsOfTheSource.
//
//	owner 1, 2                               reactor
//	Arm: seq, when, inbox, next, wake        sleep until Next, or woken
//	Disarm: when                             RunDue: next, inbox, its entries, what is due, next
//	Due, while it is at neither              Due
//
// The owners are as those of package polldesc: each has a lock that it holds while it arms
// or is told, wants the arming that it made last, and when it is told of that before its
// time, it arms again. The reactor reads the clock, which may go on at any time.

const (
	never = 9 // Never in the model
)

// A world is all that the future depends on.
type world struct {
	now     int8
	next    int8
	inbox   int8 // who is on top: an owner's number, or floor
	seq     uint8
	armed   int8
	entries [2]modelEntry
	owners  [2]modelOwner
	woken   bool // a wake-up is on its way to the reactor
	sleep   int8 // until when the reactor sleeps, if pc is 0
	run     modelRun
}

// floor is the model's bottom, and 0 its nil.
const floor = 3

type modelEntry struct {
	when  int8
	seq   uint8
	link  int8
	place int8  // when, in the reactor's heap
	order uint8 // seq, there
}

type modelOwner struct {
	left uint8 // operations that it may still begin
	pc   uint8 // 1 + index into protocol.arm; 0: none in progress
	at   int8  // the time of the arming in progress, or of the one that it wants
	seq  uint8 // likewise
	want bool  // it wants one, and it will come
	top  int8  // local variable of post
	old  int8  // local variable of lower
}

type modelRun struct {
	pc   uint8 // 1 + index into protocol.run; 0: asleep
	now  int8
	e    int8 // local variables of settle and detach: an owner's number
	down int8
	when int8
	seq  uint8
	old  int8
	due  [2]modelFire
}

type modelFire struct {
	e   int8
	seq uint8
}

type modelStep uint8

const (
	// Arm, with post and lower.
	takeSeq modelStep = iota
	storeSeq
	swapWhen
	lookLink
	lookInbox
	storeLink
	pushInbox
	lookNext
	lowerNext
	wake

	// RunDue, with settle, detach and lower.
	runLook
	runReset
	takeInbox
	nextPosted // the loop, and below
	clearLink
	readWhen
	readSeq // and place
	firstPlace
	keeps // the first place is of a time to come
	expire
	readDue
	runLookNext
	runLowerNext
	tell
	sleepUntil
)

// A protocol is the order of the steps.
type protocol struct {
	arm, run []modelStep

	placeSeq bool // a mutant: the seq that the place has is told
}

func realProtocol() protocol {
	return protocol{
		arm: []modelStep{takeSeq, storeSeq, swapWhen, lookLink, lookInbox, storeLink, pushInbox, lookNext, lowerNext, wake},
		run: []modelStep{runLook, runReset, takeInbox, nextPosted, clearLink, readWhen, readSeq,
			firstPlace, keeps, expire, readDue, runLookNext, runLowerNext, tell, sleepUntil},
	}
}

// index returns 1 + the index of the first that is one of the wanted.
func index(order []modelStep, wanted ...modelStep) uint8 {
	for i, s := range order {
		for _, w := range wanted {
			if s == w {
				return uint8(i + 1)
			}
		}
	}
	return uint8(len(order) + 1)
}

// modelTimes are what an owner arms for.
var modelTimes = []int8{1, 2}

// owner takes a step of owner i (1 or 2). pick chooses what to begin.
func (p *protocol) owner(w *world, i int8, pick int) bool {
	o := &w.owners[i-1]
	if o.pc != 0 {
		if pick > 0 {
			return false
		}
		p.arming(w, i)
		if int(o.pc) > len(p.arm) {
			o.pc, o.want = 0, true
		}
		return true
	}
	if o.left == 0 {
		return false
	}
	o.left--
	if pick == len(modelTimes) { // Disarm
		if e := &w.entries[i-1]; e.when != never {
			e.when = never
			w.armed--
		}
		o.at, o.seq, o.want = 0, 0, false
		return true
	}
	*o = modelOwner{left: o.left, pc: 1, at: modelTimes[pick]}
	p.arming(w, i)
	return true
}

// arming takes the step of Arm that owner i is at.
func (p *protocol) arming(w *world, i int8) {
	o, e := &w.owners[i-1], &w.entries[i-1]
	step := p.arm[o.pc-1]
	o.pc++
	switch step {
	case takeSeq:
		w.seq++
		o.seq = w.seq
	case storeSeq:
		e.seq = o.seq
	case swapWhen:
		if e.when == never {
			w.armed++
		}
		e.when = o.at
	case lookLink:
		if e.link != 0 {
			o.pc = index(p.arm, pushInbox) + 1
		}
	case lookInbox:
		o.top = w.inbox
	case storeLink:
		e.link = o.top
	case pushInbox:
		if w.inbox != o.top {
			o.pc = index(p.arm, lookInbox)
			return
		}
		w.inbox = i
		o.top = 0
	case lookNext:
		if o.old = w.next; o.old <= o.at {
			o.old = 0
			o.pc++ // past lowerNext, and wake
			if int(o.pc) <= len(p.arm) && p.arm[o.pc-1] == wake {
				o.pc++
			}
		}
	case lowerNext:
		if w.next != o.old {
			o.pc = index(p.arm, lookNext)
			return
		}
		w.next = o.at
		o.old = 0
	case wake:
		w.woken = true
	}
}

// reactor takes a step of the reactor.
func (p *protocol) reactor(w *world) bool {
	r := &w.run
	if r.pc == 0 {
		if !w.woken && w.now < w.sleep {
			return false
		}
		w.woken = false
		*r = modelRun{pc: 1, now: w.now}
		return true
	}
	step := p.run[r.pc-1]
	if step == tell && r.due[0].e != 0 && w.owners[r.due[0].e-1].pc != 0 {
		return false // the owner's lock
	}
	r.pc++
	p.running(w, step)
	return true
}

func (p *protocol) running(w *world, step modelStep) {
	r := &w.run
	var e *modelEntry
	if 0 < r.e && r.e < floor {
		e = &w.entries[r.e-1]
	}
	switch step {
	case runLook:
		if w.next > r.now {
			r.pc = index(p.run, sleepUntil)
		}
	case runReset:
		w.next = never
	case takeInbox:
		r.e, w.inbox = w.inbox, floor
	case nextPosted:
		if r.e == floor {
			r.e = 0
			r.pc = index(p.run, readSeq) + 1
			return
		}
		r.down = e.link
	case clearLink:
		e.link = 0
	case readWhen:
		r.when = e.when
	case readSeq:
		e.place, e.order = r.when, e.seq
		if r.when == never {
			e.order = 0
		}
		r.e, r.down, r.when = r.down, 0, 0
		r.pc = index(p.run, nextPosted)
	case firstPlace:
		r.e = w.first()
		switch {
		case r.e == 0:
			r.pc = index(p.run, runLookNext, tell)
		case w.entries[r.e-1].place <= r.now:
			r.pc = index(p.run, keeps) + 1
		}
	case keeps:
		if e.when == e.place {
			r.e = 0
			r.pc = index(p.run, runLookNext, tell)
			return
		}
		p.leave(w, e)
	case expire:
		if e.when != e.place {
			p.leave(w, e)
			return
		}
		w.armed--
		e.when = never
		p.fire(w, e, readDue)
	case readDue:
		if r.seq = e.seq; p.placeSeq {
			r.seq = e.order
		}
		p.fire(w, e, expire)
	case runLookNext:
		if r.old = w.next; r.old <= w.firstWhen() {
			r.pc = index(p.run, tell)
		}
	case runLowerNext:
		if w.next != r.old {
			r.pc = index(p.run, runLookNext)
			return
		}
		w.next = w.firstWhen()
	case tell:
		r.old = 0
		if f := r.due[0]; f.e != 0 {
			r.due = [2]modelFire{r.due[1]}
			w.owners[f.e-1].told(f.seq, r.now)
			r.pc = index(p.run, tell)
		}
	case sleepUntil:
		w.sleep = w.next
		*r = modelRun{}
	}
}

// fire notes what has come due, when both steps are done: other is the one that is not this.
func (p *protocol) fire(w *world, e *modelEntry, other modelStep) {
	if r := &w.run; index(p.run, other) < r.pc {
		free := 0
		if r.due[0].e != 0 {
			free = 1
		}
		r.due[free] = modelFire{r.e, r.seq}
		p.leave(w, e)
	}
}

// leave takes an entry out of the reactor's heap.
func (p *protocol) leave(w *world, e *modelEntry) {
	e.place, e.order = never, 0
	w.run.e, w.run.seq = 0, 0
	w.run.pc = index(p.run, firstPlace)
}

// first returns the owner whose place is the first, or 0.
func (w *world) first() int8 {
	a, b := &w.entries[0], &w.entries[1]
	switch {
	case a.place == never && b.place == never:
		return 0
	case a.place < b.place || a.place == b.place && a.order < b.order:
		return 1
	}
	return 2
}

func (w *world) firstWhen() int8 { return min(w.entries[0].place, w.entries[1].place) }

// told is Due.
func (o *modelOwner) told(seq uint8, now int8) {
	if !o.want || o.seq != seq {
		return // stale
	}
	at := o.at
	*o = modelOwner{left: o.left}
	if at > now {
		o.pc, o.at = 1, at // it looks again
	}
}

// wrong says what must not be in a world.
func (p *protocol) wrong(w *world) string {
	running := p.run[max(w.run.pc, 1)-1]
	outside := w.run.pc == 0 || running == runLook || running == tell || running == sleepUntil
	waking := w.woken
	for _, o := range w.owners {
		waking = waking || o.pc != 0 && int(o.pc) <= len(p.arm) && p.arm[o.pc-1] == wake
	}
	for i, o := range w.owners {
		if !o.want {
			continue
		}
		e, inHand := &w.entries[i], running == readDue && w.run.pc != 0 && int(w.run.e) == i+1
		for _, f := range w.run.due {
			inHand = inHand || int(f.e) == i+1 && f.seq == o.seq
		}
		switch {
		case inHand:
		case e.when != o.at:
			return fmt.Sprintf("owner %d waits for what is not armed", i+1)
		case outside && w.next > e.when:
			return fmt.Sprintf("Next is later than the entry of owner %d", i+1)
		case w.run.pc == 0 && w.sleep > e.when && !waking:
			return fmt.Sprintf("the reactor sleeps, and owner %d is armed", i+1)
		}
	}
	return ""
}

// atTheEnd says what must not be in a world where nobody can take a step.
func (w *world) atTheEnd() string {
	for i, o := range w.owners {
		if o.want || o.pc != 0 || w.entries[i].when != never {
			return fmt.Sprintf("owner %d waits for ever", i+1)
		}
	}
	if w.armed != 0 || w.run.pc != 0 {
		return fmt.Sprintf("in the end %d are armed, and the reactor is at %d", w.armed, w.run.pc)
	}
	return ""
}

// search looks at every world that can come to be, and returns how many there are and what
// is wrong in one.
func (p *protocol) search(ops [2]uint8) (worlds int, wrong string) {
	start := world{next: never, sleep: never, inbox: floor}
	for i := range start.entries {
		start.entries[i] = modelEntry{when: never, place: never}
		start.owners[i].left = ops[i]
	}
	seen := map[world]bool{start: true}
	for queue := []world{start}; len(queue) > 0; {
		w := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if wrong := p.wrong(&w); wrong != "" {
			return len(seen), wrong
		}
		end := true
		visit := func(next world, moved bool) {
			if !moved {
				return
			}
			if end = false; !seen[next] {
				seen[next] = true
				queue = append(queue, next)
			}
		}
		for pick := range len(modelTimes) + 1 {
			for i := range int8(2) {
				next := w
				moved := p.owner(&next, i+1, pick)
				visit(next, moved)
			}
		}
		next := w
		moved := p.reactor(&next)
		visit(next, moved)
		if next = w; w.now < modelTimes[len(modelTimes)-1] {
			next.now++
			visit(next, true)
		}
		if end {
			if wrong := w.atTheEnd(); wrong != "" {
				return len(seen), wrong
			}
		}
	}
	return len(seen), ""
}
