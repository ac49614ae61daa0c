package poller

import (
	"runtime"
	"sync"

	"github.com/a57b2d82/netpoller/internal/clock"
)

// This file is for callers in a bubble of testing/synctest. A goroutine that is started in a
// bubble belongs to it, and the bubble waits for it to end; a channel that is made there
// panics when it is used outside. The reactor, and the channels on which owners park, are
// used by all, and outlive every bubble.

// outside calls f, twice at most, where no bubble is, and returns when done says so. Cleanup
// functions and finalizers run there, as package testing/synctest documents, and a collection
// makes them run. That takes as long as a collection does: a millisecond for a small heap.
//
// Either kind runs one after the other, so those of the program may hold up f. The caller
// holds no lock that they may want, and does not wait for f if others may bring about done.
func outside(f func(), done func() bool) {
	attach(f)
	for !done() {
		runtime.GC()
		runtime.Gosched()
	}
}

// attach makes f a cleanup function, and a finalizer, of something that is garbage at once.
//
//go:noinline
func attach(f func()) {
	runtime.AddCleanup(new([64]byte), func(f func()) { f() }, f)
	runtime.SetFinalizer(new([64]byte), func(*[64]byte) { f() })
}

// errands are what the reactor does for those in bubbles. It belongs to none.
type errands struct {
	mu   sync.Mutex // guards list
	list []func()
}

// errand has the reactor call f, soon. It reports false if the reactor has ended for good.
//
// Preconditions: a descriptor is open.
func (p *Poller) errand(f func()) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.stopping.Load() {
		return false
	}
	p.errands.mu.Lock()
	p.errands.list = append(p.errands.list, f)
	p.errands.mu.Unlock()
	p.wake()
	return true
}

// run does them. Only the reactor goroutine calls it.
func (e *errands) run() {
	e.mu.Lock()
	list := e.list
	e.list = nil
	e.mu.Unlock()
	for _, f := range list {
		f()
	}
}

// Go calls f in a goroutine of its own, which belongs to no bubble of testing/synctest while
// p is open.
//
// Preconditions: a descriptor is open.
func (p *Poller) Go(f func()) {
	if !clock.InBubble() || !p.errand(func() { go f() }) {
		go f()
	}
}

// newChannel makes a channel for one permit that belongs to no bubble. The channel of a Poller
// that is closed may belong to one: such a Poller gives no permits.
func (p *Poller) newChannel() (permit chan struct{}) {
	if clock.InBubble() {
		var made sync.Mutex
		made.Lock()
		if p.errand(func() {
			permit = make(chan struct{}, 1)
			made.Unlock()
		}) {
			made.Lock()
			return permit
		}
	}
	return make(chan struct{}, 1)
}
