package polldesc

import (
	"net"

	"github.com/a57b2d82/netpoller/internal/tracer"
	"github.com/a57b2d82/netpoller/timer"
)

// A deadline is when the operations of one side fail, and the timer that ends its wait then.
//
// An owner compares the clock with its deadline itself, before it begins and before it
// parks (D3). The timer ends the waits of owners that are parked.
//
// The timer may fire early; it then looks at the deadline and is armed again. So setting a
// later deadline, as a per-operation timeout does all the time, is a store, and the arming
// stays where it is. These invariants hold for a side with a deadline to come:
//
//	D1  it is guarded by an arming: when <= at, and Due(seq) will be called;
//	D2  both sides may be guarded by one arming, of either's entry, and then have
//	    the same seq. That is how equal deadlines share an entry;
//	D3  side.due is when it gives up. An owner compares the clock with it: no operation
//	    begins, and no owner parks, once it has passed. Due may come much later, because
//	    the reactor runs when a processor is free.
//
// An arming that guards no side any more is stale: no side has its seq, and Due does
// nothing. (It would expire nothing early, because settle compares the deadline. But it
// could arm a shared entry for later while the other side trusts it: D1.) Each entry is
// armed at most once, so there are never more than two armings, stale ones included;
// Evict disarms them. Due may also come early for an arming that is being made (HB-9):
// then the arming still guards, and settle arms or shares it as it finds it.
type deadline struct {
	at    int64 // 0: none; else nanoseconds on the poller's clock, past or to come
	limit int64 // of the wait in progress, likewise; the earlier of the two counts

	// The arming that guards this side; seq is 0 when there is none.
	seq  uint64
	when int64

	entry timer.Entry
}

// SetDeadline sets the deadlines of the sides from first to last to at, on the same clock
// as now and the poller's timers; 0 clears them. A deadline that is not after now wakes the
// owners that are parked and fails every operation until it is set again. It returns
// net.ErrClosed after Evict.
//
// gen is the generation of the caller's Token. The caller need not keep the descriptor open.
// If its life is over, even if the slot has another, SetDeadline returns net.ErrClosed too.
func (pd *PollDesc) SetDeadline(gen uint32, first, last Mode, at, now int64) error {
	pd.mu.Lock()
	// DOC: this-life
	if life, f := pd.info.load(); life != gen || f&closing != 0 { // HB-4; Evict comes before or after us
		pd.mu.Unlock()
		return net.ErrClosed
	}
	pd.noteDeadline(first, last, at)
	if at != 0 || pd.hasDeadlines() {
		pd.makeDeadlines()
		for m := first; m <= last; m++ {
			pd.deadlines[m].at = at
			pd.settle(m, now)
		}
	}
	toWake := pd.cancel(first, last)
	pd.mu.Unlock()
	pd.wake(toWake)
	return nil
}

// Limit sets when the coming wait of a side is over, whatever its deadline is; 0 removes
// the limit again, which the owner does after the wait. To all others it is a deadline set
// by the owner, and adds nothing to what SetDeadline may do at any time.
//
// Preconditions: the caller owns the side and is not parked, so there is no wait to cancel.
func (pd *PollDesc) Limit(m Mode, at, now int64) {
	pd.mu.Lock()
	if pd.info.flags()&closing != 0 {
		pd.mu.Unlock()
		return
	}
	pd.makeDeadlines()
	pd.deadlines[m].limit = at
	pd.settle(m, now)
	pd.mu.Unlock()
}

// hasDeadlines reports whether the slot ever had one.
func (pd *PollDesc) hasDeadlines() bool { return pd.deadlines != nil }

// makeDeadlines makes the deadlines of both sides, if the slot never had one. A program with
// very many connections sets no deadline on most of them.
func (pd *PollDesc) makeDeadlines() {
	if pd.hasDeadlines() {
		return
	}
	pd.deadlines = new([2]deadline)
	for m := range pd.deadlines {
		pd.deadlines[m].entry.Owner = pd
	}
}

// due returns when a side gives up: 0 for never.
func (d *deadline) due() int64 {
	if d.at == 0 || d.limit != 0 && d.limit < d.at {
		return d.limit
	}
	return d.at
}

// Due implements timer.Owner: the arming seq has come due. A stale seq guards no side, and
// nothing happens; a deadline that is later by now is armed again.
func (pd *PollDesc) Due(seq uint64, now int64) {
	pd.mu.Lock()
	pd.noteDue(seq)
	for m := Read; m <= Write; m++ {
		if d := &pd.deadlines[m]; d.seq == seq { // DOC: stale-seq
			d.seq = 0
			pd.settle(m, now)
		}
	}
	toWake := pd.cancel(Read, Write)
	pd.mu.Unlock()
	pd.wake(toWake)
}

// settle makes the published facts about a side, and the arming that guards it, agree with
// its deadline.
//
// Preconditions: pd.mu is held. The caller cancels the side's wait next, unless it owns the
// side itself.
func (pd *PollDesc) settle(m Mode, now int64) {
	at := pd.deadlines[m].due()
	pd.side[m].due.Store(at)
	if at != 0 && at <= now {
		pd.info.set(expired(m))
		pd.note(tracer.Expired, uint8(m), at)
		return
	}
	if pd.info.flags()&expired(m) != 0 {
		pd.info.clear(expired(m))
	}
	if at != 0 {
		pd.guard(m, at)
	}
}

// guard restores D1 for a side that is due at.
func (pd *PollDesc) guard(m Mode, at int64) {
	d, other := &pd.deadlines[m], &pd.deadlines[1-m]
	if d.seq != 0 && d.when <= at { // DOC: later-is-a-store
		return // the arming looks again when it comes due
	}
	if other.seq != 0 && other.when == at { // DOC: shared-arming
		d.seq, d.when = other.seq, other.when // D2
		return
	}
	old := d.seq
	pd.timed = true
	d.seq, d.when = pd.cache.heap.Arm(&d.entry, at), at // DOC: arm
	pd.note(tracer.Armed, uint8(m), at)
	if old != 0 && other.seq == old {
		other.seq, other.when = d.seq, d.when // it was shared: still one arming, earlier
	}
}

// disarm forgets both deadlines.
func (pd *PollDesc) disarm() {
	if !pd.hasDeadlines() {
		return
	}
	for m := range pd.deadlines {
		d := &pd.deadlines[m]
		d.at, d.limit, d.seq = 0, 0, 0
		pd.side[m].due.Store(0)
		if pd.timed {
			pd.cache.heap.Disarm(&d.entry)
		}
	}
	pd.timed = false
}
