//go:build linux

package fd

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/a57b2d82/netpoller/polldesc"
)

// The model runs every order in which a few goroutines can make their calls. Each
// schedule is a run of its own on a real fdMutex: a step lets one goroutine make its
// next call, and ends when all of them wait, for their next step or for a lock.

// A script is what one goroutine calls: r and w lock a side and unlock it later, i is
// incref and decref, c is close and decref.
type script string

// An actor runs a script.
type actor struct {
	script string // what is left, two calls for each letter of the script
	next   chan struct{}
	busy   bool   // inside a call
	holds  string // the letter whose first call was made
}

type mutexRun struct {
	mu fdMutex

	book     sync.Mutex // guards what follows and the actors, not held in a call
	actors   []*actor
	closed   bool // or about to be
	closes   int
	destroys int
	wrong    string
}

// calls spells out the two calls of each letter.
func (s script) calls() string {
	var b strings.Builder
	for _, op := range s {
		b.WriteString(string(op) + strings.ToUpper(string(op)))
	}
	return b.String()
}

func (r *mutexRun) start(s script) {
	a := &actor{script: s.calls(), next: make(chan struct{})}
	r.actors = append(r.actors, a)
	go func() {
		for range a.next {
			r.book.Lock()
			r.call(a)
			a.busy = false
			r.book.Unlock()
		}
	}()
}

// call makes an actor's next call. If the first of two fails, the second is left out.
func (r *mutexRun) call(a *actor) {
	op := a.script[0]
	a.script = a.script[1:]
	if op >= 'a' {
		r.take(a, op)
	} else {
		r.give(a, op)
	}
}

func (r *mutexRun) take(a *actor, op byte) {
	r.closed = r.closed || op == 'c'
	r.book.Unlock()
	var got bool
	switch op {
	case 'r', 'w':
		got = r.mu.lock(mode(op))
	case 'i':
		got = r.mu.incref()
	case 'c':
		got = r.mu.close()
	}
	r.book.Lock()
	switch {
	case !got && !r.closed:
		r.wrong = "an open descriptor was reported closed"
	case !got:
		a.script = a.script[1:]
		return
	case op == 'c':
		r.closes++
	case op != 'i' && r.held(op):
		r.wrong = "two goroutines hold one side"
	}
	a.holds = string(op)
}

func (r *mutexRun) give(a *actor, op byte) {
	a.holds = ""
	r.book.Unlock()
	var last bool
	switch op {
	case 'R', 'W':
		last = r.mu.unlock(mode(op - 'A' + 'a'))
	case 'I', 'C':
		last = r.mu.decref()
	}
	r.book.Lock()
	if last {
		r.destroys++
		if !r.closed || r.held('r') || r.held('w') || r.held('i') || r.held('c') {
			r.wrong = "destroyed while in use"
		}
	}
}

func mode(op byte) polldesc.Mode {
	if op == 'w' {
		return write
	}
	return read
}

func (r *mutexRun) held(op byte) bool {
	return slices.ContainsFunc(r.actors, func(a *actor) bool { return a.holds == string(op) })
}

// able returns who can take a step.
func (r *mutexRun) able() (able []int) {
	for i, a := range r.actors {
		if !a.busy && a.script != "" {
			able = append(able, i)
		}
	}
	return able
}

// settle returns when every actor waits, for its next step or for a lock. One that was
// woken is in no queue any more, and one that is about to sleep in none yet.
func (r *mutexRun) settle() {
	for {
		busy, asleep := 0, 0
		r.book.Lock()
		for _, a := range r.actors {
			if a.busy {
				busy++
			}
		}
		r.book.Unlock()
		for m := range closer {
			q := r.mu.queue(m)
			q.mu.Lock()
			asleep += len(q.waiters)
			q.mu.Unlock()
		}
		if busy == asleep {
			return
		}
		runtime.Gosched()
	}
}

// replay makes the choices of path, and the first one possible from there on. It
// appends those, with how many there were, to path.
func replay(t *testing.T, scripts []script, path []choice) []choice {
	r := new(mutexRun)
	for _, s := range scripts {
		r.start(s)
	}
	var trace string
	for step := 0; ; step++ {
		r.settle()
		able := r.able()
		if len(able) == 0 {
			break
		}
		if step == len(path) {
			path = append(path, choice{0, len(able)})
		}
		i := able[path[step].taken]
		trace += fmt.Sprintf(" %d%c", i, r.actors[i].script[0])
		r.actors[i].busy = true
		r.actors[i].next <- struct{}{}
	}
	for i, a := range r.actors {
		if a.busy {
			r.wrong = fmt.Sprintf("goroutine %d sleeps for ever", i)
		}
		close(a.next)
	}
	switch s := r.mu.state.Load(); {
	case r.wrong != "":
	case r.closed && (s != mutexClosed || r.closes != 1 || r.destroys != 1):
		r.wrong = fmt.Sprintf("word %#x, %d times closed and %d times destroyed", s, r.closes, r.destroys)
	case !r.closed && (s != 0 || r.destroys != 0):
		r.wrong = fmt.Sprintf("word %#x of an open descriptor after %d times destroyed", s, r.destroys)
	}
	if r.wrong != "" {
		t.Errorf("%s, after%s", r.wrong, trace)
	}
	return path
}

// A choice is which of several actors took a step.
type choice struct{ taken, of int }

// A schedule that ends badly is one that a program can meet: two holders of one side,
// a waiter who sleeps for ever, a descriptor destroyed twice, never, or in use.
func TestMutexSchedules(t *testing.T) {
	for _, scripts := range [][]script{
		{"rr", "rr", "c"},
		{"rw", "wr", "c"},
		{"r", "r", "r", "c"},
		{"ri", "r", "c"},
		{"c", "c", "w"},
		{"ww", "ww"},
		{"rw", "r", "w"},
	} {
		t.Run(fmt.Sprint(scripts), func(t *testing.T) {
			n := 0
			for path := []choice{}; ; n++ {
				path = replay(t, scripts, path)
				if t.Failed() {
					return
				}
				// The next schedule takes another turn as late as possible.
				for len(path) > 0 && path[len(path)-1].taken == path[len(path)-1].of-1 {
					path = path[:len(path)-1]
				}
				if len(path) == 0 {
					break
				}
				path[len(path)-1].taken++
			}
			t.Logf("%d schedules", n+1)
		})
	}
}

// Lost or doubled steps under contention would show in the totals, and a second holder
// of a side to the race detector.
func TestMutexStress(t *testing.T) {
	const goroutines, rounds = 8, 3000
	var mu fdMutex
	var total [2]int // each guarded by its side's lock
	var want [2]atomic.Int64
	var wg sync.WaitGroup
	for range goroutines {
		wg.Go(func() {
			for range rounds {
				switch m := polldesc.Mode(rand.N(2)); rand.N(3) {
				case 0:
					if mu.incref() && mu.decref() {
						t.Error("last reference to an open descriptor")
					}
				default:
					mu.lock(m)
					total[m]++
					want[m].Add(1)
					if mu.unlock(m) {
						t.Error("last reference to an open descriptor")
					}
				}
			}
		})
	}
	returns(t, "stress", wg.Wait)
	for m := range total {
		if int64(total[m]) != want[m].Load() {
			t.Errorf("side %d was held %d times, counted %d", m, want[m].Load(), total[m])
		}
	}
	if s := mu.state.Load(); s != 0 {
		t.Errorf("%#x is left, want 0", s)
	}
}

// A descriptor destroyed twice closes somebody else's number; one destroyed never leaks.
func TestMutexStressClose(t *testing.T) {
	const goroutines, rounds = 6, 500
	for range rounds {
		var mu fdMutex
		var destroyed, closed atomic.Int32
		var wg sync.WaitGroup
		last := func(is bool) {
			if is {
				destroyed.Add(1)
			}
		}
		for i := range goroutines {
			m := polldesc.Mode(i % 2)
			wg.Go(func() {
				for mu.lock(m) {
					last(mu.unlock(m))
					runtime.Gosched()
					if !mu.incref() {
						return
					}
					last(mu.decref())
				}
			})
		}
		for range 2 {
			wg.Go(func() {
				if mu.close() {
					closed.Add(1)
					last(mu.decref())
				}
			})
		}
		returns(t, "close under stress", wg.Wait)
		if closed.Load() != 1 || destroyed.Load() != 1 || mu.state.Load() != mutexClosed {
			t.Fatalf("closed %d times, destroyed %d times, word %#x", closed.Load(), destroyed.Load(), mu.state.Load())
		}
	}
}
