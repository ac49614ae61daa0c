package search

import (
	"strings"
	"sync"
)

// This file stands for package sync, for channels and for the go statement.

type (
	// A Pool is the real one: it is no part of a protocol.
	Pool = sync.Pool

	Locker = sync.Locker
)

// OnceValue is the real one: for what is made once for the whole process.
func OnceValue[T any](f func() T) func() T { return sync.OnceValue(f) }

// A Mutex is 1 when it is held.
type Mutex struct{ object }

func (m *Mutex) Lock() {
	m.point(lock)
	m.step(1)
	m.hold(1)
}

func (m *Mutex) Unlock() {
	m.point(unlock)
	if m.val == 0 && !abandoned() {
		panic("unlock of a mutex that is not locked")
	}
	m.step(0)
	m.hold(-1)
}

// An RWMutex counts its readers, and has writeLocked when it is held for writing. A reader does
// not wait behind a writer that waits: a goroutine that reads twice is not found to block.
type RWMutex struct{ object }

const writeLocked = 1 << 32

func (m *RWMutex) Lock() {
	m.point(lock)
	m.step(writeLocked)
	m.hold(1)
}

func (m *RWMutex) Unlock() {
	m.point(unlock)
	m.step(0)
	m.hold(-1)
}

func (m *RWMutex) RLock() {
	m.point(rlock)
	m.step(m.val + 1)
	m.hold(1)
}

func (m *RWMutex) RUnlock() {
	m.point(runlock)
	m.step(m.val - 1)
	m.hold(-1)
}

// hold counts the locks that the goroutine holds.
func (o *object) hold(n int) {
	if e := explorer; e != nil && e.current != nil {
		e.current.holds += n
	}
}

// abandoned reports whether the goroutine is being unwound, by deferred calls that need not
// find what they expect.
func abandoned() bool { return explorer != nil && explorer.unwinding }

// A Chan is a chan struct{} with room for some.
type Chan struct {
	object
	room uint64
}

// MakeChan is make(chan struct{}, room).
func MakeChan(room int) *Chan { return &Chan{room: uint64(room)} }

// Send is the send statement. One that has to wait is a mistake in all that this package is
// for: a second permit. So is one by a goroutine that holds a lock, which the receiver may want.
func (c *Chan) Send() {
	c.point(send)
	if !abandoned() {
		if c.val == c.room {
			panic("a send that has to wait: a second permit (I2)")
		}
		if e := explorer; e != nil && e.current != nil && e.current.holds > 0 && c.room == 1 && !e.locksHeld {
			panic("a permit is given while a lock is held")
		}
	}
	c.step(c.val + 1)
}

// Receive is the receive expression.
func (c *Chan) Receive() {
	c.point(receive)
	c.step(c.val - 1)
}

// Go is the go statement. In Setup it is Run.Go.
func Go(f func()) { GoNamed("go", f) }

// GoNamed is Go, with a name for counterexamples.
func GoNamed(name string, f func()) { start(name, f) }

// Current reports whether the goroutine that runs, or one that led to it, was started by name.
func Current(name string) bool {
	e := explorer
	return e != nil && e.current != nil && strings.Contains(e.current.name, name)
}

// Background starts a goroutine that may be asleep when all others have returned: one that
// serves them.
func Background(name string, f func()) {
	if g := start(name, f); g != nil {
		g.stays = true
	}
}

func start(name string, f func()) *goroutine {
	if e := explorer; e != nil && !e.unwinding && !e.checking {
		return e.spawn(name, f)
	}
	return nil
}

// A Var is a number that goroutines read and change in one step: for what stands for the
// kernel or the clock. It orders no memory, because the code under test may not rely on that.
// The functions that its methods take look at nothing but v, and do nothing else: they are also
// called to see what a step would be.
type Var struct{ object }

// Load returns the value.
func (v *Var) Load() uint64 {
	v.point(look)
	v.step(v.val)
	return v.val
}

// Update makes f(v) the value, and returns v.
func (v *Var) Update(f func(v uint64) uint64) (old uint64) {
	return v.change(update, nil, f)
}

// Await waits until may(v) is true, makes f(v) the value, and returns v.
func (v *Var) Await(may func(v uint64) bool, f func(v uint64) uint64) (old uint64) {
	return v.change(await, may, f)
}

func (o *object) change(k kind, may func(uint64) bool, f func(uint64) uint64) (old uint64) {
	e := explorer
	inSchedule := e != nil && e.current != nil
	if inSchedule {
		e.current.may, e.current.change = may, f
	}
	o.point(k)
	old = o.val
	changed := f(old)
	if inSchedule && changed == old {
		e.current.kind = look // it was no more than that
	}
	o.step(changed)
	return old
}
