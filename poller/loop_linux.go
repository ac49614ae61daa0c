package poller

import (
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/clock"
	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/internal/tracer"
	"github.com/a57b2d82/netpoller/polldesc"
)

// run is the reactor goroutine.
func (p *Poller) run() {
	p.life.ended.Lock()
	defer p.life.ended.Unlock()
	for !p.stopping.Load() && !p.ends() {
		p.strategy.sleep(p, p.expire()) // DOC: reactor
		p.errands.run()
	}
	p.errands.run()
}

// expire fires the deadlines that have passed. It returns when the next deadline is due or
// the reactor is to end, whichever is earlier.
func (p *Poller) expire() (next int64) {
	now := clock.Now()
	if p.heap.RunDue(now) > 0 {
		p.timerLag.record(now - p.heap.LastDue())
	}
	return min(p.heap.Next(), p.life.endsAt())
}

// dispatch delivers events to the descriptors they name. It reports whether one of them was
// a wake-up: then deadlines, or stopping, changed and the reactor must look at them. The events
// came at the time arrived, or lag.arrival did not ask for it.
//
// Only the reactor goroutine calls it.
func (p *Poller) dispatch(events []sys.EpollEvent, arrived int64) (woken bool) {
	p.note(tracer.Poll, int64(len(events)))
	var wakeups, stale uint64
	for i := range events {
		ev := &events[i]
		token := polldesc.TokenOf(ev.Fd, ev.Pad) // DOC: decode
		if token == polldesc.WakeToken {
			// DOC: clear-flag
			p.waking.Store(false) // HB-7: before the reactor looks
			woken = true
			continue
		}
		p.lag.before(arrived)
		n, ok := p.cache.Get(token.Slot).Edge(token.Gen, eventsOf(ev.Events))
		p.lag.after(n)
		wakeups += uint64(n)
		if !ok {
			stale++
		}
	}
	p.events.Add(uint64(len(events)))
	p.wakeups.Add(wakeups)
	p.stale.Add(stale)
	return woken
}

// eventsOf translates what epoll reports:
//
//	       wakes the reader  wakes the writer  is remembered
//	IN            x
//	OUT                              x
//	RDHUP         x                                  x
//	HUP           x                  x               x
//	ERR           x                  x               x
//	PRI           x                                  x
//
// An error or a hang-up wakes both sides, and that is all: the system calls that they make
// then return it, after the data that came before.
func eventsOf(e uint32) (out polldesc.Events) {
	if e&(unix.EPOLLIN|unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR|unix.EPOLLPRI) != 0 {
		out |= polldesc.Readable
	}
	if e&(unix.EPOLLOUT|unix.EPOLLHUP|unix.EPOLLERR) != 0 {
		out |= polldesc.Writable
	}
	if e&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR|unix.EPOLLPRI) != 0 {
		out |= facts(e)
	}
	return out
}

func facts(e uint32) (out polldesc.Events) {
	for _, f := range [...]struct {
		epoll uint32
		fact  polldesc.Events
	}{
		{unix.EPOLLRDHUP, polldesc.RDHUP},
		{unix.EPOLLHUP, polldesc.HUP},
		{unix.EPOLLERR, polldesc.ERR},
		{unix.EPOLLPRI, polldesc.PRI},
	} {
		if e&f.epoll != 0 {
			out |= f.fact
		}
	}
	return out
}
