package poller

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/polldesc"
)

// A Group is a set of Pollers over which descriptors are spread in turn. A Poller is made
// when it is first picked, and its reactor runs while it has descriptors. All methods may
// be called from any goroutine.
type Group struct {
	config Config // immutable
	turn   atomic.Uint32

	// pollers are written once each, under mu. The last one has no turn: see Register.
	pollers []atomic.Pointer[Poller]

	mu     sync.Mutex
	closed bool
}

// NewGroup returns a Group. It starts nothing yet. A Group that has been used keeps two
// descriptors for each of its Pollers until it is closed. It panics if c.Pollers is negative
// or c.Strategy is none of the constants.
func NewGroup(c Config) *Group {
	c.check()
	if c.Pollers == 0 {
		c.Pollers = (runtime.GOMAXPROCS(0) + procsPerPoller - 1) / procsPerPoller
	}
	return &Group{config: c, pollers: make([]atomic.Pointer[Poller], c.Pollers+1)}
}

// defaultGroup is what Default returns.
var defaultGroup = sync.OnceValue(func() *Group { return NewGroup(Config{}) })

// Default returns the Group that is used where none is named. It lives as long as the
// process. To close it ends everything that uses it, permanently.
func Default() *Group { return defaultGroup() }

// Register opens a record with the Poller whose turn it is, and registers fd for reading. The
// error may also be what kept an epoll instance from being made.
//
// The kernel refuses a descriptor in a nested epoll instance if too many others watch it
// already (fact g of package sys). Register then uses one more Poller, with Strategy Thread,
// whose instance is not nested.
func (g *Group) Register(fd int) (*Poller, *polldesc.PollDesc, error) {
	p, err := g.Pick()
	if err != nil {
		return nil, nil, err
	}
	pd, err := p.open(fd)
	if errors.Is(err, unix.EINVAL) && g.config.Strategy == Nested { // DOC: not-nested
		if p, err = g.get(&g.pollers[g.config.Pollers], Thread); err != nil {
			return nil, nil, err
		}
		pd, err = p.open(fd)
	}
	if err != nil {
		return nil, nil, err
	}
	return p, pd, nil
}

// Pick returns the Poller whose turn it is, making it if need be. The error is
// ErrClosed, or what kept an epoll instance from being made. Pick panics if NewGroup did not
// make g.
func (g *Group) Pick() (*Poller, error) {
	if len(g.pollers) == 0 {
		panic("poller: use of a Group that was not made by NewGroup (NewPollerGroup)")
	}
	slot := &g.pollers[0]
	if n := g.config.Pollers; n > 1 {
		slot = &g.pollers[g.turn.Add(1)%uint32(n)]
	}
	return g.get(slot, g.config.Strategy)
}

// get returns the Poller of a slot. It may be closed; Register then fails.
func (g *Group) get(slot *atomic.Pointer[Poller], s Strategy) (*Poller, error) {
	if p := slot.Load(); p != nil {
		return p, nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil, ErrClosed
	}
	if p := slot.Load(); p != nil {
		return p, nil
	}
	p, err := newPoller(s)
	if err != nil {
		return nil, err
	}
	slot.Store(p)
	return p, nil
}

// Close stops every reactor and waits for it to end. Operations on descriptors that are still
// open, those in progress too, fail with net.ErrClosed; the descriptors themselves are closed
// by their owners, as ever. Later Listen and Dial with the Group fail with ErrClosed. Closing
// again does nothing.
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

// Config returns what g was made of, with the number of reactors that it has.
func (g *Group) Config() Config { return g.config }

// Stats returns the sum of PollerStats. It looks at every descriptor to count those on which a
// goroutine waits.
func (g *Group) Stats() (s Stats) {
	g.Reactors(func(_ int, p Stats) { s.add(p) })
	return s
}

// Looks calls yield with each open descriptor, and the number that its Poller has in a trace,
// until yield returns false.
func (g *Group) Looks(yield func(reactor int, l polldesc.Look) bool) {
	for i := range g.pollers {
		if p := g.pollers[i].Load(); p != nil {
			for l := range p.cache.Looks {
				if !yield(int(p.number), l) {
					return
				}
			}
		}
	}
}

// Reactors calls yield with each of PollerStats, and the number that the Poller has in a trace: 0
// for one that was not made yet.
func (g *Group) Reactors(yield func(number int, s Stats)) {
	for i := range g.pollers {
		if p := g.pollers[i].Load(); p != nil {
			yield(int(p.number), p.Stats())
		} else if i < g.config.Pollers {
			yield(0, Stats{})
		}
	}
}

// PollerStats returns the statistics of each Poller: as many as Config.Pollers, in an order that
// stays, zeros for one that was not made yet, and one more if Register had to make it.
func (g *Group) PollerStats() (all []Stats) {
	g.Reactors(func(_ int, s Stats) { all = append(all, s) })
	return all
}
