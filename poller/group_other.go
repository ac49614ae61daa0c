//go:build !linux

package poller

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
)

// A Group has no reactors on this system. It is here so that a program that makes one
// and looks at its statistics compiles everywhere.
type Group struct{ config Config }

// NewGroup returns a Group without reactors. It panics as it does where there are some.
func NewGroup(c Config) *Group {
	c.check()
	c.Pollers = 0
	return &Group{c}
}

// defaultGroup is what Default returns.
var defaultGroup = sync.OnceValue(func() *Group { return NewGroup(Config{}) })

// Default returns the Group that would be used where none is named.
func Default() *Group { return defaultGroup() }

// Close fails with errors.ErrUnsupported: there is nothing that it could end, and who
// relies on it to end operations must know.
func (g *Group) Close() error {
	return fmt.Errorf("poller: no reactors on %s: %w", runtime.GOOS, errors.ErrUnsupported)
}

// Config returns what g was made of, with the number of reactors that it has, which is 0.
func (g *Group) Config() Config { return g.config }

// Stats returns zeros.
func (g *Group) Stats() Stats { return Stats{} }

// PollerStats returns nothing: there are no Pollers.
func (g *Group) PollerStats() []Stats { return nil }

// Reactors calls yield never: there are no Pollers.
func (g *Group) Reactors(func(number int, s Stats)) {}
