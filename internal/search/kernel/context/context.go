// Package context is package context with a context whose end is a step.
//
// Where it stands: in a search, in the place of package context.
package context

import (
	"context"
	"time"

	"github.com/a57b2d82/netpoller/internal/search"
)

// Context is the real interface.
type Context = context.Context

// Background is the real one, which never ends.
func Background() Context { return context.Background() }

// Canceled is what a context that was ended says.
var Canceled = context.Canceled

// A Cancelable is a context that Cancel ends.
type Cancelable struct {
	done search.Var

	mu    search.Mutex // as a real one has: what comes before AfterFunc comes before the function
	funcs []*after     // in the order of AfterFunc
}

// New returns one.
func New() *Cancelable {
	c := &Cancelable{}
	search.Name(&c.done, "context", nil)
	search.Name(&c.mu, "context.mu", nil)
	return c
}

// An after is a function that AfterFunc was called with. Its word says what became of it.
type after struct {
	word search.Var // 0 waits, 1 was stopped, 2 was started
	f    func()
}

func (*Cancelable) Deadline() (at time.Time, ok bool) { return at, false }
func (*Cancelable) Value(any) any                     { return nil }

// Done returns a channel, for those who want to know whether there is one.
func (*Cancelable) Done() <-chan struct{} { return make(chan struct{}) }

// Err returns Canceled after Cancel.
func (c *Cancelable) Err() error {
	if c.done.Load() != 0 {
		return Canceled
	}
	return nil
}

// Cancel ends the context and starts the functions.
func (c *Cancelable) Cancel() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.done.Update(func(uint64) uint64 { return 1 })
	for _, a := range c.funcs {
		a.start()
	}
}

func (a *after) start() {
	if a.word.Update(func(v uint64) uint64 {
		if v == 0 {
			return 2
		}
		return v
	}) == 0 {
		search.GoNamed("after the context", a.f)
	}
}

// AfterFunc starts f when ctx has ended, unless it is stopped before.
func AfterFunc(ctx Context, f func()) (stop func() bool) {
	c := ctx.(*Cancelable)
	a := &after{f: f}
	search.Name(&a.word, "after", nil)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.funcs = append(c.funcs, a)
	if c.Err() != nil {
		a.start()
	}
	return func() bool {
		return a.word.Update(func(v uint64) uint64 {
			if v == 0 {
				return 1
			}
			return v
		}) == 0
	}
}
