package polldesc

import (
	"sync"
	"sync/atomic"

	"github.com/a57b2d82/netpoller/internal/tracer"
	"github.com/a57b2d82/netpoller/timer"
)

// slabSize is how many slots are made at a time: 32 KiB of them on 64 bits. The allocator
// puts a header before anything smaller, and the slots would not lie on cache lines.
const slabSize = 256

// A Cache holds the slots of one poller. A slot, once made, is a PollDesc permanently (it is
// type-stable): the holder of an old Token may look at it, and sees by the generation that
// its life is over. Create a Cache with NewCache; all methods may be called from any
// goroutine.
type Cache struct {
	// Immutable.
	heap *timer.Heap
	env  Env

	// slabs is replaced, never changed in place: written under mu, read by Get.
	slabs atomic.Pointer[[]*[slabSize]PollDesc]

	// numbers are the descriptors of the slots, for packages trace and debug. As slabs.
	numbers atomic.Pointer[[]*[slabSize]atomic.Int32]

	mu   sync.Mutex // guards what follows; never held together with PollDesc.mu
	free *PollDesc
	open int
}

// An Env is what the poller provides for its descriptors. All functions may be called from
// any goroutine.
type Env struct {
	// Now is the clock that deadlines are set on.
	Now func() int64

	// NewChannel makes what owners park on: a channel with room for one permit.
	NewChannel func() chan struct{}

	// Policy chooses the parker of each wait; nil means the channel always.
	Policy Policy

	// Reactor is the number of the poller in a trace.
	Reactor uint16
}

// NewCache returns an empty cache whose descriptors keep their deadlines in heap.
func NewCache(heap *timer.Heap, env Env) *Cache {
	if env.Policy == nil {
		env.Policy = channels{}
	}
	c := &Cache{heap: heap, env: env}
	c.slabs.Store(new([]*[slabSize]PollDesc))
	c.numbers.Store(new([]*[slabSize]atomic.Int32))
	return c
}

// Alloc opens a descriptor: no edge seen, no deadline, no waiter.
func (c *Cache) Alloc() *PollDesc {
	c.mu.Lock()
	if c.free == nil {
		c.grow()
	}
	pd := c.free
	c.free, pd.nextFree = pd.nextFree, nil
	c.open++
	c.mu.Unlock()

	// DOC: late-edge
	// A late edge of the last life may still set a word to ready (I6).
	for m := range pd.side {
		pd.side[m].word.reset()
	}
	pd.info.open()
	return pd
}

// Free gives the slot back and ends the life of every Token for it. It reports whether no
// other descriptor is open now.
//
// Preconditions: pd was evicted, and no goroutine will use it again. The exception is a
// SetDeadline that comes too late, and sees that by the generation.
func (c *Cache) Free(pd *PollDesc) (last bool) {
	for m := range pd.side {
		if pd.side[m].word.busy() {
			panic("polldesc: free of a descriptor that a goroutine waits for")
		}
		c.env.Policy.Release(&pd.side[m])
		pd.side[m].parker.Store(nil)
	}
	pd.note(tracer.Free, tracer.Both, 0)
	pd.number().Store(0) // before the next life has it
	c.mu.Lock()
	// DOC: next-generation
	pd.info.renew() // HB-4: before the slot can be taken again
	pd.nextFree = c.free
	c.free = pd
	c.open--
	last = c.open == 0
	c.mu.Unlock()
	return last
}

// Get returns the descriptor in a slot that a Token named, whether or not that life
// of it is over.
func (c *Cache) Get(slot uint32) *PollDesc {
	slabs := *c.slabs.Load()
	return &slabs[slot/slabSize][slot%slabSize]
}

// Open returns how many descriptors are open.
func (c *Cache) Open() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open
}

// Waiting counts the goroutines parked now on either side. It looks at every slot.
func (c *Cache) Waiting() (readers, writers int) {
	c.each(func(pd *PollDesc) {
		if pd.side[Read].word.waiting() {
			readers++
		}
		if pd.side[Write].word.waiting() {
			writers++
		}
	})
	return readers, writers
}

// EvictAll evicts every open descriptor.
//
// Preconditions: no Alloc runs at the same time.
func (c *Cache) EvictAll() { c.each((*PollDesc).Evict) }

func (c *Cache) each(f func(*PollDesc)) {
	for _, slab := range *c.slabs.Load() {
		for i := range slab {
			f(&slab[i])
		}
	}
}

// grow makes a slab of slots, free and closing. Preconditions: mu is held.
func (c *Cache) grow() {
	old := *c.slabs.Load()
	slab := new([slabSize]PollDesc)
	for i := len(slab) - 1; i >= 0; i-- {
		pd := &slab[i]
		pd.cache = c
		pd.slot = uint32(len(old)*slabSize + i)
		pd.info.renew()
		pd.nextFree = c.free
		c.free = pd
	}
	numbers := append((*c.numbers.Load())[:len(old):len(old)], new([slabSize]atomic.Int32))
	c.numbers.Store(&numbers) // before a slot is used
	slabs := append(old[:len(old):len(old)], slab)
	c.slabs.Store(&slabs)
}
