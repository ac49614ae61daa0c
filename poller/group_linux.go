package poller

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// perPoller is how many Ps one reactor is expected to serve by default. One reactor
// saturates long after this; more of them cost wake-ups on a small machine.
const perPoller = 16

// A Group is a set of Pollers over which descriptors are spread in turn. A Poller is
// started when it is first picked. All methods may be called from any goroutine.
type Group struct {
	config  Config // immutable
	turn    atomic.Uint32
	pollers []atomic.Pointer[Poller] // written once each, under mu

	mu     sync.Mutex
	closed bool
}

// NewGroup returns a Group. It starts nothing yet. It panics if c.Pollers is negative
// or c.Wait is none of the constants.
func NewGroup(c Config) *Group {
	c.check()
	if c.Pollers == 0 {
		c.Pollers = (runtime.GOMAXPROCS(0) + perPoller - 1) / perPoller
	}
	return &Group{config: c, pollers: make([]atomic.Pointer[Poller], c.Pollers)}
}

// defaultGroup is what Default returns.
var defaultGroup = sync.OnceValue(func() *Group { return NewGroup(Config{}) })

// Default returns the Group that is used where none is named. It lives as long as the
// process; whoever closes it ends all that uses it, for good.
func Default() *Group { return defaultGroup() }

// Pick returns the Poller whose turn it is, starting it if need be. The error is
// ErrClosed, or what kept an epoll instance from being made.
func (g *Group) Pick() (*Poller, error) {
	slot := &g.pollers[0]
	if len(g.pollers) > 1 {
		slot = &g.pollers[g.turn.Add(1)%uint32(len(g.pollers))]
	}
	if p := slot.Load(); p != nil {
		return p, nil // closed or not: Register tells
	}
	return g.start(slot)
}

func (g *Group) start(slot *atomic.Pointer[Poller]) (*Poller, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil, ErrClosed
	}
	if p := slot.Load(); p != nil {
		return p, nil
	}
	p, err := newPoller(g.config.Wait)
	if err != nil {
		return nil, err
	}
	slot.Store(p)
	return p, nil
}

// Close stops every reactor and waits for it to end. Operations on descriptors that
// are still open, those in progress too, fail with net.ErrClosed; the descriptors
// themselves are closed by their owners, as ever. Closing again does nothing.
func (g *Group) Close() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	for i := range g.pollers {
		if p := g.pollers[i].Load(); p != nil {
			p.close()
		}
	}
	return nil
}

// Stats returns the sum over the Pollers that were started. It looks at every
// descriptor to count who is parked.
func (g *Group) Stats() (s Stats) {
	for i := range g.pollers {
		if p := g.pollers[i].Load(); p != nil {
			s.add(p.Stats())
		}
	}
	return s
}
