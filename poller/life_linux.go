package poller

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/a57b2d82/netpoller/internal/clock"
	"github.com/a57b2d82/netpoller/timer"
)

// This file is when a Poller's reactor runs: as long as a descriptor is registered, and
// for a moment after. A program that has closed its sockets has no goroutine of ours.
//
//	          Register, the first descriptor
//	    +-------------------------------------+
//	    |                                     v
//	+-------+                            +---------+  Unregister, the last one   +-----------+
//	| ended |                            | running |---------------------------->| lingering |
//	+-------+                            +---------+<----------------------------+-----------+
//	    ^                                                Register                     |
//	    +----------------------------------------------------------------------------+
//	          linger later, none was registered
//
// Nothing is lost between an end and the next start. The epoll instance stays, and keeps
// the events that nobody fetches; so does the wake-up flag, with its event. The reactor
// that starts fetches and looks at the deadlines first.

// linger is how long a reactor stays without a descriptor: so long that a client which
// makes one connection after the other does not start one for each, and so short that
// nobody who looks for leaked goroutines sees it.
const linger = 10 * time.Millisecond

// A life says whether a reactor runs.
type life struct {
	// idleSince is when the last descriptor was unregistered, or 0 when the reactor knows
	// nothing of it: none was, or another one was registered since.
	idleSince atomic.Int64

	mu      sync.Mutex // guards running
	running bool       // or is about to

	// ended is held by the reactor from before it starts until it has ended. It is a mutex
	// because that belongs to no bubble: see outside.
	ended sync.Mutex
}

// start starts the reactor, unless it runs. The caller has opened the first descriptor, and
// holds no lock: see outside.
func (p *Poller) start() {
	p.life.mu.Lock()
	start := !p.life.running
	p.life.running = true
	p.life.mu.Unlock()
	if start {
		p.life.ended.Lock() // the one before may be about to return
		spawnPlain(p.run)
	}
}

// idle notes that no descriptor is open. The reactor looks at it after linger, and need
// not be told each time.
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
// Alloc counts before it calls start, so that either ends sees the descriptor, or start
// sees that nothing runs.
func (p *Poller) ends() bool {
	since := p.life.idleSince.Load()
	if since == 0 || since+int64(linger) > clock.Now() {
		return false
	}
	p.life.mu.Lock()
	defer p.life.mu.Unlock()
	p.life.idleSince.CompareAndSwap(since, 0) // if it fails, the time is another one: look then
	if p.cache.Open() > 0 {
		return false
	}
	p.life.running = false
	return true
}
