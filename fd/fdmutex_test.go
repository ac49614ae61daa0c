//go:build linux

package fd

import (
	"fmt"
	"testing"

	"github.com/a57b2d82/netpoller/polldesc"
)

const (
	read  = polldesc.Read
	write = polldesc.Write
)

// word builds a state of an fdMutex.
func word(closed int, refs, locked, waiting uint64) uint64 {
	return uint64(closed) | refs*mutexRef | locked*mutexLock | waiting*mutexWaiter
}

const (
	readSide  = 1 // to pass to word as locked and, times a count, as waiting
	writeSide = 2
	writers   = 1 << 20 // one waiting writer
)

// mutexIn returns an fdMutex in a state.
func mutexIn(state uint64) *fdMutex {
	mu := new(fdMutex)
	mu.state.Store(state)
	return mu
}

// Each row is a row of the table in fdmutex.go, or a case that the table leaves out
// because it fails: a wrong word here is a descriptor that is never closed, closed
// while in use, or used by two goroutines at once.
func TestMutexRows(t *testing.T) {
	incref := func(mu *fdMutex) bool { return mu.incref() }
	decref := func(mu *fdMutex) bool { return mu.decref() }
	shut := func(mu *fdMutex) bool { return mu.close() }
	lock := func(m polldesc.Mode) func(mu *fdMutex) bool {
		return func(mu *fdMutex) bool { return mu.lock(m) }
	}
	unlock := func(m polldesc.Mode) func(mu *fdMutex) bool {
		return func(mu *fdMutex) bool { return mu.unlock(m) }
	}
	const open, closed = 0, 1
	for _, row := range []struct {
		name string
		op   func(mu *fdMutex) bool
		from uint64
		want bool
		to   uint64
	}{
		{"incref/open", incref, word(open, 0, 0, 0), true, word(open, 1, 0, 0)},
		{"incref/in use", incref, word(open, 3, readSide, 2), true, word(open, 4, readSide, 2)},
		{"incref/closed", incref, word(closed, 1, 0, 0), false, word(closed, 1, 0, 0)},
		{"incref/the last", incref, word(open, mutexCount-1, 0, 0), true, word(open, mutexCount, 0, 0)},

		{"decref/open", decref, word(open, 1, 0, 0), false, word(open, 0, 0, 0)},
		{"decref/others use it", decref, word(closed, 2, 0, 0), false, word(closed, 1, 0, 0)},
		{"decref/last after close", decref, word(closed, 1, 0, 0), true, word(closed, 0, 0, 0)},

		{"close/free", shut, word(open, 0, 0, 0), true, word(closed, 1, 0, 0)},
		{"close/in use", shut, word(open, 2, readSide|writeSide, 0), true, word(closed, 3, readSide|writeSide, 0)},
		{"close/waiters", shut, word(open, 2, readSide|writeSide, 3+2*writers), true, word(closed, 3, readSide|writeSide, 0)},
		{"close/closed", shut, word(closed, 1, 0, 0), false, word(closed, 1, 0, 0)},

		{"lock/read", lock(read), word(open, 0, 0, 0), true, word(open, 1, readSide, 0)},
		{"lock/write", lock(write), word(open, 0, 0, 0), true, word(open, 1, writeSide, 0)},
		{"lock/other side locked", lock(read), word(open, 1, writeSide, writers), true, word(open, 2, readSide|writeSide, writers)},
		{"lock/closed", lock(read), word(closed, 1, 0, 0), false, word(closed, 1, 0, 0)},
		{"lock/closed and locked", lock(write), word(closed, 2, writeSide, 0), false, word(closed, 2, writeSide, 0)},

		{"unlock/read", unlock(read), word(open, 1, readSide, 0), false, word(open, 0, 0, 0)},
		{"unlock/write", unlock(write), word(open, 2, readSide|writeSide, 1), false, word(open, 1, readSide, 1)},
		{"unlock/read waiters", unlock(read), word(open, 1, readSide, 2+writers), false, word(open, 0, 0, 1+writers)},
		{"unlock/write waiters", unlock(write), word(open, 1, writeSide, 2+writers), false, word(open, 0, 0, 2)},
		{"unlock/others use it", unlock(read), word(closed, 2, readSide, 0), false, word(closed, 1, 0, 0)},
		{"unlock/last after close", unlock(write), word(closed, 1, writeSide, 0), true, word(closed, 0, 0, 0)},
	} {
		t.Run(row.name, func(t *testing.T) {
			mu := mutexIn(row.from)
			if got := row.op(mu); got != row.want {
				t.Errorf("reported %v, want %v", got, row.want)
			}
			if to := mu.state.Load(); to != row.to {
				t.Errorf("%#x became %#x, want %#x", row.from, to, row.to)
			}
			for m, side := range []uint64{readSide, writeSide} {
				gone := count(row.from, polldesc.Mode(m)) - count(row.to, polldesc.Mode(m))
				if woken := mu.queue(polldesc.Mode(m)).count; woken != gone {
					t.Errorf("side %d: %d waiters left the word, %d were woken", side, gone, woken)
				}
			}
		})
	}
}

// count returns how many wait for a side.
func count(state uint64, m polldesc.Mode) int { return int(state & waiters(m) / waiterOne(m)) }

// A count that ran over would turn into a lock bit, or free what is in use; the text is
// the one that users of package net know (golang/go#32544, golang/go#25558).
func TestMutexPanics(t *testing.T) {
	const tooMany = "too many concurrent operations on a single file or socket (max 1048575)"
	full := word(0, mutexCount, 0, 0)
	for _, row := range []struct {
		name string
		from uint64
		op   func(mu *fdMutex)
		want string
	}{
		{"incref", full, func(mu *fdMutex) { mu.incref() }, tooMany},
		{"lock", full, func(mu *fdMutex) { mu.lock(write) }, tooMany},
		{"close", full, func(mu *fdMutex) { mu.close() }, tooMany},
		{"read waiters", word(0, 1, readSide, mutexCount), func(mu *fdMutex) { mu.lock(read) }, tooMany},
		{"write waiters", word(0, 1, writeSide, mutexCount*writers), func(mu *fdMutex) { mu.lock(write) }, tooMany},
		{"decref of none", word(0, 0, 0, 0), func(mu *fdMutex) { mu.decref() }, "fd: reference given back twice"},
		{"decref after the last", word(1, 0, 0, 0), func(mu *fdMutex) { mu.decref() }, "fd: reference given back twice"},
		{"unlock of a free side", word(0, 1, writeSide, 0), func(mu *fdMutex) { mu.unlock(read) }, "fd: unlock of a side that is not locked"},
		{"unlock of an old closed one", word(1, 0, 0, 0), func(mu *fdMutex) { mu.unlock(write) }, "fd: unlock of a side that is not locked"},
	} {
		t.Run(row.name, func(t *testing.T) {
			mu := mutexIn(row.from)
			defer func() {
				if got := fmt.Sprint(recover()); got != row.want {
					t.Errorf("panic %q, want %q", got, row.want)
				}
				if to := mu.state.Load(); to != row.from {
					t.Errorf("%#x became %#x before the panic", row.from, to)
				}
			}()
			row.op(mu)
		})
	}
}

// If close forgot a goroutine that waits for a lock, that goroutine would sleep forever.
func TestMutexCloseWakesWaiters(t *testing.T) {
	for m := read; m <= write; m++ {
		var mu fdMutex
		mu.lock(m)
		const n = 10
		got := make(chan bool, n)
		for range n {
			go func() { got <- mu.lock(m) }()
		}
		eventually(t, "all wait", func() bool { return count(mu.state.Load(), m) == n })
		if !mu.close() {
			t.Fatal("close of an open descriptor reported false")
		}
		for range n {
			if result(t, "waiter", got) {
				t.Error("a waiter got the lock of a closed descriptor")
			}
		}
		if mu.unlock(m) || !mu.decref() {
			t.Error("the closer's was not the last reference")
		}
	}
}

// If unlock woke nobody, or the wrong side, waiters would sleep beside a free lock.
func TestMutexUnlockWakesOne(t *testing.T) {
	for m := read; m <= write; m++ {
		var mu fdMutex
		mu.lock(m)
		const n = 10
		turns := make(chan int, n)
		q := mu.queue(m)
		for i := range n {
			go func() {
				mu.lock(m)
				turns <- i
			}()
			eventually(t, "it waits", func() bool {
				q.mu.Lock()
				defer q.mu.Unlock()
				return count(mu.state.Load(), m) == i+1 && len(q.waiters) == i+1
			})
		}
		for i := range n {
			mu.unlock(m)
			if turn := result(t, "turn", turns); turn != i {
				t.Fatalf("goroutine %d has the turn of %d", turn, i)
			}
			if len(turns) != 0 {
				t.Fatal("two goroutines hold one side")
			}
		}
		mu.unlock(m)
		if s := mu.state.Load(); s != 0 {
			t.Errorf("%#x is left, want 0", s)
		}
	}
}
