package poller

import (
	"runtime"
	"sync"

	"github.com/a57b2d82/netpoller/internal/clock"
)

// This file is for callers in a bubble of testing/synctest. A goroutine that is started in a
// bubble belongs to it, and the bubble waits for it to end; a channel that is made there
// panics when it is used outside. All connections share the reactor, and the slots with the
// channels on which owners park; these outlive every bubble.

// outside calls f, twice at most, outside of any bubble, and returns when done reports true.
// Cleanup functions and finalizers run outside, as package testing/synctest documents, and a
// garbage collection makes them run. It takes as long as a collection: a millisecond for a
// small heap.
//
// Cleanup functions run one after the other, and so do finalizers, so those of the program
// may delay f. The caller holds no lock that they may take, and does not wait for f itself,
// because another goroutine may make done true.
func outside(f func(), done func() bool) {
	attach(f)
	for !done() {
		runtime.GC()
		runtime.Gosched()
	}
}

// attach makes f a cleanup function, and a finalizer, of values that are garbage at once.
//
//go:noinline
func attach(f func()) {
	runtime.AddCleanup(new([64]byte), func(f func()) { f() }, f)
	runtime.SetFinalizer(new([64]byte), func(*[64]byte) { f() })
}

// errands are functions that the reactor calls for goroutines in bubbles. The reactor belongs
// to none.
type errands struct {
	mu   sync.Mutex // guards list
	list []func()
}

// errand has the reactor call f, soon. It reports false if the reactor has ended permanently.
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

// run calls them. Only the reactor goroutine calls run.
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
