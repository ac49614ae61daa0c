package poller

import (
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/clock"
	"github.com/a57b2d82/netpoller/internal/race"
	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
)

// This file has owners with heavy turns run last. Where handlers compute for milliseconds, a
// run queue in the order of the events makes each short turn wait for those of the
// computing handlers before it. The reactor knows which those are, and keeps their events back
// while its polls bring others.

// A memo is what the policy keeps in Side.Memo: 32 bits.
type memo struct {
	quiet uint8  // wake-ups in quiet batches, in succession, up to quietWakeups
	heavy uint8  // turns that were heavy, in succession, up to heavyTurns
	began uint16 // when the turn began that is measured, in milliseconds; 0 for none
}

func memoOf(s *polldesc.Side) memo {
	v := s.Memo.Load()
	return memo{uint8(v), uint8(v >> 8), uint16(v >> 16)}
}

// store writes m only if it changed: mostly it did not, and a load is cheaper than a store.
func (m memo) store(s *polldesc.Side) {
	if v := uint32(m.quiet) | uint32(m.heavy)<<8 | uint32(m.began)<<16; s.Memo.Load() != v {
		s.Memo.Store(v)
	}
}

// end ends the turn that is measured. The owner has begun so many operations in it.
func (m *memo) end(begun int, now uint16) {
	turn := time.Duration(now-m.began) * time.Millisecond
	m.began = 0
	if turn < heavyTurn*time.Duration(max(1, begun)) {
		m.heavy = 0
	} else {
		m.heavy = min(m.heavy+1, heavyTurns)
	}
}

// millis is the clock in milliseconds. It wraps after a minute: a turn as long may be taken for
// a short one.
func millis() uint16 { return uint16(clock.Now() / int64(time.Millisecond)) }

// Running implements polldesc.Policy. An owner that had a heavy turn is measured each time.
func (ps *parkers) Running(s *polldesc.Side) {
	ps.lag.running(s)
	race.Hide() // as in Woken
	if m := memoOf(s); m.heavy > 0 || ps.measured.Load() {
		m.began = max(1, millis())
		m.store(s)
	}
	race.Show()
}

// kept are events for readers with heavy turns. Only the reactor uses them.
type kept struct {
	events  [maxEvents]sys.EpollEvent
	n       int
	since   int64         // when the first was kept
	limit   time.Duration // for how long: keepFor, except in tests of the order
	backoff backoff
}

// take keeps those of events that are for readers with heavy turns, and returns the others. It
// keeps no error or hang-up: those end a connection.
func (k *kept) take(p *Poller, events []sys.EpollEvent) (others []sys.EpollEvent) {
	others = events[:0]
	for _, ev := range events {
		if k.n < len(k.events) && p.isHeavy(ev) && (k.n > 0 || k.backoff.ready()) {
			if k.n == 0 {
				k.since = clock.Now()
			}
			k.events[k.n] = ev
			k.n++
		} else {
			others = append(others, ev)
		}
	}
	return others
}

// isHeavy reports whether ev is for a reader with heavy turns, and is no error or hang-up.
func (p *Poller) isHeavy(ev sys.EpollEvent) bool {
	token := polldesc.TokenOf(ev.Fd, ev.Pad)
	if ev.Events&^(unix.EPOLLIN|unix.EPOLLOUT) != 0 || token == polldesc.WakeToken {
		return false
	}
	side := p.cache.Get(token.Slot).Side(polldesc.Read)
	race.Hide() // as in Woken
	heavy := memoOf(side).heavy
	race.Show()
	return heavy == heavyTurns
}

// release delivers the events that were kept, unless it is better to wait: the last poll
// brought others, and those kept are not late.
func (k *kept) release(p *Poller, others int) {
	if k.n > 0 && (others == 0 || clock.Now()-k.since > int64(k.limit)) {
		k.dispatch(p)
	}
}

// dispatch delivers the events that were kept.
func (k *kept) dispatch(p *Poller) {
	p.dispatch(k.events[:k.n], k.since)
	k.n = 0
}
