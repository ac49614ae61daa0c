package poller

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/a57b2d82/netpoller/internal/clock"
	"github.com/a57b2d82/netpoller/timer"
)

// A Poller's reactor runs as long as a descriptor is open, and a little longer: see linger. A
// program that has closed its sockets has no goroutine of this library.
//
//	          Alloc finds that none runs
//	    +-------------------------------------+
//	    |                                     v
//	+-------+                            +---------+  Free, the last one         +-----------+
//	| ended |                            | running |---------------------------->| lingering |
//	+-------+                            +---------+<----------------------------+-----------+
//	    ^                                                Alloc                        |
//	    +----------------------------------------------------------------------------+
//	          linger later, none was open
//
// Nothing is lost between an end and the next start. The epoll instance stays, and keeps
// the events that were not fetched; the wake-up flag stays too, with its event. A reactor
// that starts fetches events and looks at the deadlines first.

// A life says whether a reactor runs.
type life struct {
	// running says that one runs, is about to, or is about to look whether it may end.
	running atomic.Bool

	// idleSince is when the last descriptor was given back, or 0 if none was since the
	// reactor last looked.
	idleSince atomic.Int64

	// ended is held by a reactor as long as it runs, so that there is one at a time. It is a
	// mutex because a mutex belongs to no bubble: see outside.
	ended sync.Mutex
}

// start starts a reactor unless one runs. The caller holds a descriptor open, which keeps the
// reactor from ending, and holds no lock: see outside.
func (p *Poller) start() {
	switch {
	case p.life.running.Load():
	case clock.InBubble():
		outside(p.launch, p.life.running.Load)
	default:
		p.launch()
	}
}

// launch starts a reactor unless one runs. It starts as the function of a timer, which,
// unlike a goroutine that the caller starts, has none of the caller's profiler labels.
func (p *Poller) launch() {
	if p.life.running.CompareAndSwap(false, true) {
		time.AfterFunc(0, p.run)
	}
}

// idle notes that no descriptor is open. Only the first note wakes the reactor: it looks again
// after linger anyway.
func (p *Poller) idle() {
	if p.life.idleSince.Swap(clock.Now()) == 0 {
		p.wake()
	}
}

// endsAt returns when the reactor is to end if it has no descriptor by then.
func (l *life) endsAt() int64 {
	since := l.idleSince.Load()
	if since == 0 {
		return timer.Never
	}
	return since + int64(linger)
}

// ends reports whether the reactor is to end now, and another one to be started for the
// next descriptor.
//
// Alloc opens a descriptor, then reads whether a reactor runs. Here the reactor first says
// that none runs, then counts the descriptors. So at least one of the two sees the other. If
// both do, the first to set running decides whether this reactor goes on or another starts.
func (p *Poller) ends() bool {
	since := p.life.idleSince.Load()
	if since == 0 || since+int64(linger) > clock.Now() {
		return false
	}
	p.life.idleSince.CompareAndSwap(since, 0) // if it fails, the time is another one: look then
	if p.cache.Open() > 0 {
		return false
	}
	p.life.running.Store(false)
	return p.cache.Open() == 0 || !p.life.running.CompareAndSwap(false, true)
}
