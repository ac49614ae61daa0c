package polldesc

import "github.com/a57b2d82/netpoller/internal/tracer"

// This file records what happens to a descriptor, for package trace. Nothing here changes
// anything. While nobody traces, each call is a load and a branch: the compiler puts the functions
// with tracer.On in line.

// step records a transition of a side's word, after it. The life of the descriptor goes on
// meanwhile: the caller owns the side, or holds pd.mu.
func (pd *PollDesc) step(m Mode, row tracer.Kind, was, is state) {
	if tracer.On() {
		pd.recordStep(m, row, was, is)
	}
}

func (pd *PollDesc) recordStep(m Mode, row tracer.Kind, was, is state) {
	pd.record(pd.gen(), m, row, was, is, 0)
}

// collect is O6.
func (pd *PollDesc) collect(m Mode) action {
	act := pd.side[m].word.collect()
	if act == actCall {
		pd.step(m, tracer.O6, ready, idle)
	} else {
		pd.step(m, tracer.O6, idle, idle)
	}
	return act
}

// A parking is where an owner is about to park, and in which life.
type parking struct {
	gen   uint32
	place uint8 // as in tracer.Parkers
}

// parkingOf tells the parking at p, if someone traces. After O4, a notification may have another owner
// already, and the life may be over.
//
// Preconditions: the caller owns the side.
func (pd *PollDesc) parkingOf(m Mode, p *Parker) (at parking) {
	if tracer.On() {
		at = pd.where(m, p)
	}
	return at
}

func (pd *PollDesc) where(m Mode, p *Parker) parking {
	switch p {
	case pd.side[m].channel:
		return parking{pd.gen(), 0}
	case pd.side[m].Spare:
		return parking{pd.gen(), 1}
	}
	return parking{pd.gen(), 2}
}

// commits records O4 of an owner that parks, unless the tracing began after parkingOf.
func (pd *PollDesc) commits(m Mode, at parking) {
	if at.gen != 0 {
		pd.record(at.gen, m, tracer.O4, wait, parked, int64(at.place))
	}
}

// edges records E1 to E4 of an event for the life gen, which may be over.
func (pd *PollDesc) edges(gen uint32, m Mode, was state, e Events) {
	if tracer.On() {
		pd.recordEdge(gen, m, was, e)
	}
}

// recordEdge is no part of edges, which would be too large to be put in line.
//
//go:noinline
func (pd *PollDesc) recordEdge(gen uint32, m Mode, was state, e Events) {
	pd.record(gen, m, tracer.E1+tracer.Kind(was), was, ready, int64(e))
}

// afterCancel returns the state after U1 to U4.
func afterCancel(was state) state {
	if was == ready {
		return ready
	}
	return idle
}

// gen returns the number of the life that the slot has now.
func (pd *PollDesc) gen() uint32 {
	gen, _ := pd.info.load()
	return gen
}

func (pd *PollDesc) record(gen uint32, m Mode, row tracer.Kind, was, is state, arg int64) {
	tracer.Record(tracer.Event{
		Time: pd.cache.env.Now(), Reactor: pd.cache.env.Reactor, Slot: pd.slot, Gen: gen,
		Kind: row, Side: uint8(m), Was: uint8(was), Is: uint8(is), Arg: arg,
	})
}

// note records what is no transition.
func (pd *PollDesc) note(k tracer.Kind, side uint8, arg int64) {
	if tracer.On() {
		pd.recordNote(0, k, side, arg)
	}
}

// recordNote records what happened in the life gen, or in the present one if gen is 0.
func (pd *PollDesc) recordNote(gen uint32, k tracer.Kind, side uint8, arg int64) {
	if gen == 0 {
		gen = pd.gen()
	}
	tracer.Record(tracer.Event{
		Time: pd.cache.env.Now(), Reactor: pd.cache.env.Reactor, Slot: pd.slot, Gen: gen, Kind: k, Side: side, Arg: arg,
	})
}

// noteStale records an event for the life gen, which is over.
func (pd *PollDesc) noteStale(gen uint32, e Events) {
	if tracer.On() {
		pd.recordNote(gen, tracer.StaleEvent, tracer.Both, int64(e))
	}
}

// noteDeadline records SetDeadline.
func (pd *PollDesc) noteDeadline(first, last Mode, at int64) {
	if tracer.On() {
		pd.recordDeadline(first, last, at)
	}
}

func (pd *PollDesc) recordDeadline(first, last Mode, at int64) {
	for m := first; m <= last; m++ {
		pd.note(tracer.SetDeadline, uint8(m), at)
	}
}

// noteDue records that the arming seq came due, and for which sides.
//
// Preconditions: pd.mu is held.
func (pd *PollDesc) noteDue(seq uint64) {
	if tracer.On() {
		pd.recordDue(seq)
	}
}

func (pd *PollDesc) recordDue(seq uint64) {
	stale := true
	for m := range pd.deadlines {
		if d := &pd.deadlines[m]; d.seq == seq {
			stale = false
			pd.note(tracer.Due, uint8(m), d.when)
		}
	}
	if stale {
		pd.note(tracer.StaleDue, tracer.Both, 0)
	}
}

// Note records what packages poller and fd do with the descriptor.
func (pd *PollDesc) Note(k tracer.Kind, arg int64) { pd.note(k, tracer.Both, arg) }
