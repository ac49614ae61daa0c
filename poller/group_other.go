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
type Group struct{ _ bool }

// NewGroup returns a Group without reactors. It panics as it does where there are some.
func NewGroup(c Config) *Group {
	c.check()
	return new(Group)
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

// Stats returns zeros.
func (g *Group) Stats() Stats { return Stats{} }
