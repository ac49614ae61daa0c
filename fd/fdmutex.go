package fd

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/a57b2d82/netpoller/polldesc"
)

// An fdMutex guards the use of a descriptor, as internal/poll's fdMutex does. It is a
// reference count, a lock for each side and a closed bit in one word:
//
//	 63   62      43 42      23 22       3    2      1      0
//	+----+----------+----------+----------+------+------+------+
//	| 0  |  write   |   read   |   refs   |write | read |closed|
//	|    | waiters  | waiters  |          | lock | lock |      |
//	+----+----------+----------+----------+------+------+------+
//
//	operation    from                        to
//	incref       open                        refs+1
//	lock         open, side free             side locked, refs+1
//	             open, side locked           side waiters+1, then sleep and try again
//	unlock       side locked, no waiter      side free, refs-1
//	             side locked, waiters        side free, refs-1, waiters-1, wake one
//	leave        waiters                     waiters-1, then wake the waiter itself
//	             no waiter                   the same: its wake-up is on the way
//	decref       refs > 0                    refs-1
//	close        open                        closed, refs+1, no waiters, wake all
//
// The transition that brings a closed word to refs = 0 happens exactly once. Its caller
// learns of it and must destroy the descriptor. All transitions are compare-and-swap. The
// zero fdMutex is open and free.
type fdMutex struct {
	state atomic.Uint64

	// queues are the queues in which the waiters of either side and the closer sleep. They
	// are allocated when the first goroutine sleeps.
	queues atomic.Pointer[[3]semaphore]
}

// closer is the queue of the goroutine that has called Close and waits until the
// descriptor is destroyed.
const closer polldesc.Mode = 2

const (
	mutexClosed = 1 << 0
	mutexLock   = 1 << 1 // of the read side; the write side's is the next bit
	mutexRef    = 1 << 3
	mutexRefs   = (1<<20 - 1) << 3
	mutexWaiter = 1 << 23 // of the read side; the write side's are 20 bits higher
	mutexCount  = 1<<20 - 1
)

// lockBit, waiterOne and waiters return the bits of one side.
func lockBit(m polldesc.Mode) uint64   { return mutexLock << m }
func waiterOne(m polldesc.Mode) uint64 { return mutexWaiter << (20 * m) }
func waiters(m polldesc.Mode) uint64   { return mutexCount * waiterOne(m) }

// plusRef adds a reference to a word.
func plusRef(state uint64) uint64 {
	if state&mutexRefs == mutexRefs {
		panic(tooMany)
	}
	return state + mutexRef
}

// tooMany is package net's panic message.
const tooMany = "too many concurrent operations on a single file or socket (max 1048575)"

// incref takes a reference. It reports false if the descriptor is closed.
func (mu *fdMutex) incref() bool {
	for {
		old := mu.state.Load()
		if old&mutexClosed != 0 {
			return false
		}
		if mu.state.CompareAndSwap(old, plusRef(old)) {
			return true
		}
	}
}

// close marks the descriptor closed and takes a reference for the caller. It wakes all
// goroutines that wait for a lock; they find the descriptor closed. It reports false if
// the descriptor was closed already.
func (mu *fdMutex) close() bool {
	var old uint64
	for {
		old = mu.state.Load()
		if old&mutexClosed != 0 {
			return false
		}
		next := old&^(waiters(polldesc.Read)|waiters(polldesc.Write)) | mutexClosed
		if mu.state.CompareAndSwap(old, plusRef(next)) { // DOC: closed-bit
			break
		}
	}
	for m := polldesc.Read; m <= polldesc.Write; m++ {
		for n := old & waiters(m); n != 0; n -= waiterOne(m) {
			mu.queue(m).release()
		}
	}
	return true
}

// decref gives a reference back. It reports whether that was the last one of a closed
// descriptor.
func (mu *fdMutex) decref() (last bool) {
	for {
		old := mu.state.Load()
		if old&mutexRefs == 0 {
			panic("fd: reference given back twice")
		}
		next := old - mutexRef
		if mu.state.CompareAndSwap(old, next) {
			return next&(mutexClosed|mutexRefs) == mutexClosed
		}
	}
}

// isClosed reports whether close was called.
func (mu *fdMutex) isClosed() bool { return mu.state.Load()&mutexClosed != 0 }

// lock takes a side and a reference. It reports false if the descriptor is closed.
func (mu *fdMutex) lock(m polldesc.Mode) bool { return mu.lockContext(context.Background(), m) }

// lockContext is lock that also reports false if ctx is done and another goroutine has the side.
func (mu *fdMutex) lockContext(ctx context.Context, m polldesc.Mode) bool {
	for {
		old := mu.state.Load()
		switch {
		case old&mutexClosed != 0:
			return false
		case old&lockBit(m) == 0:
			if mu.state.CompareAndSwap(old, plusRef(old|lockBit(m))) { // DOC: side-lock
				return true
			}
		case ctx.Err() != nil:
			return false
		case old&waiters(m) == waiters(m):
			panic(tooMany)
		default:
			if mu.state.CompareAndSwap(old, old+waiterOne(m)) {
				mu.sleep(ctx, m)
			}
		}
	}
}

// sleep waits until unlock or close has taken this waiter off the count, or until ctx is done.
func (mu *fdMutex) sleep(ctx context.Context, m polldesc.Mode) {
	q := mu.queue(m)
	waiter := q.enqueue()
	if waiter == nil {
		return
	}
	if ctx.Done() != nil {
		defer context.AfterFunc(ctx, func() { mu.leave(m, waiter) })()
	}
	waiter.Lock()
}

// leave takes a waiter off the count and wakes it. There are as many wake-ups, given and to be
// given, as goroutines that sleep: if the waiter was woken meanwhile, another gets the one that
// it leaves over. If leave comes so late that the waiter has left, that other one wakes early,
// and sleeps again.
func (mu *fdMutex) leave(m polldesc.Mode, waiter *sync.Mutex) {
	for {
		old := mu.state.Load()
		if old&waiters(m) == 0 {
			return // each goroutine that sleeps is being woken
		}
		if mu.state.CompareAndSwap(old, old-waiterOne(m)) {
			break
		}
	}
	if q := mu.queue(m); !q.remove(waiter) {
		q.release()
	}
}

// unlock gives a side and a reference back. It reports whether that was the last reference
// of a closed descriptor.
func (mu *fdMutex) unlock(m polldesc.Mode) (last bool) {
	for {
		old := mu.state.Load()
		if old&lockBit(m) == 0 || old&mutexRefs == 0 {
			panic("fd: unlock of a side that is not locked")
		}
		next := old&^lockBit(m) - mutexRef
		if old&waiters(m) != 0 {
			next -= waiterOne(m)
		}
		if mu.state.CompareAndSwap(old, next) {
			if old&waiters(m) != 0 {
				mu.queue(m).release()
			}
			return next&(mutexClosed|mutexRefs) == mutexClosed
		}
	}
}

// queue returns the queue of a side, or the closer's.
func (mu *fdMutex) queue(m polldesc.Mode) *semaphore {
	q := mu.queues.Load()
	if q == nil {
		mu.queues.CompareAndSwap(nil, new([3]semaphore))
		q = mu.queues.Load()
	}
	return &q[m]
}

// A semaphore counts wake-ups that were given and not yet taken.
//
// A waiter sleeps by locking a mutex a second time. A goroutine that waits for a channel or
// a condition variable would count as durably blocked in a bubble of testing/synctest, and
// synctest would report a deadlock although the wake-up may come from outside the bubble.
type semaphore struct {
	mu      sync.Mutex // guards what follows
	count   int
	waiters []*sync.Mutex // locked; the longest waiter comes first
}

func (s *semaphore) acquire() {
	if waiter := s.enqueue(); waiter != nil {
		waiter.Lock()
	}
}

// enqueue takes a wake-up, or returns a waiter in the queue: its Lock returns once it is woken.
func (s *semaphore) enqueue() (waiter *sync.Mutex) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.count > 0 {
		s.count--
		return nil
	}
	waiter = new(sync.Mutex)
	waiter.Lock()
	s.waiters = append(s.waiters, waiter)
	return waiter
}

// remove wakes a waiter. It reports false if the waiter had been woken.
func (s *semaphore) remove(waiter *sync.Mutex) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.Index(s.waiters, waiter)
	if i < 0 {
		return false
	}
	s.waiters = slices.Delete(s.waiters, i, i+1)
	waiter.Unlock()
	return true
}

func (s *semaphore) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.waiters) == 0 {
		s.count++
		return
	}
	s.waiters[0].Unlock()
	s.waiters[0] = nil
	s.waiters = s.waiters[1:]
}
