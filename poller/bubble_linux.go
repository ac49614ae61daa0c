package poller

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/a57b2d82/netpoller/internal/clock"
)

// This file is for callers in a bubble of testing/synctest. What a goroutine of a bubble
// starts or makes belongs to the bubble: a goroutine keeps it from ending, and a channel
// panics when anybody outside uses it. A reactor and the channels on which owners park
// belong to nobody, and outlive every bubble.

// outside calls f on a goroutine that belongs to no bubble, and returns when f has. That
// is where cleanup functions run, as package testing/synctest says, so a collection is
// forced. It takes about a millisecond. The caller holds no lock: other cleanup functions
// may want it first.
func outside(f func()) {
	var done atomic.Bool
	attach(func() {
		f()
		done.Store(true)
	})
	for !done.Load() {
		runtime.GC()
		runtime.Gosched()
	}
}

// attach makes f the cleanup function of something that is garbage at once.
//
//go:noinline
func attach(f func()) {
	runtime.AddCleanup(new([64]byte), func(f func()) { f() }, f)
}

// spawn calls f in a goroutine of its own, which belongs to no bubble.
func spawn(f func()) {
	if clock.InBubble() {
		outside(func() { go f() })
		return
	}
	go f()
}

// spawnPlain is spawn for a goroutine that works for others than the caller too: it has
// none of the caller's profiler labels, because the function of a timer has none.
func spawnPlain(f func()) {
	if clock.InBubble() {
		outside(func() { go f() })
		return
	}
	time.AfterFunc(0, f)
}

// newToken makes a channel that belongs to no bubble.
func newToken() chan struct{} {
	if !clock.InBubble() {
		return make(chan struct{}, 1)
	}
	return spares.take()
}

// spares are channels made outside of any bubble, several at a time.
var spares spareTokens

type spareTokens struct {
	mu   sync.Mutex // guards free
	free []chan struct{}
}

const sparesAtATime = 64

func (s *spareTokens) take() chan struct{} {
	for {
		s.mu.Lock()
		if n := len(s.free); n > 0 {
			token := s.free[n-1]
			s.free = s.free[:n-1]
			s.mu.Unlock()
			return token
		}
		s.mu.Unlock()
		outside(s.more)
	}
}

func (s *spareTokens) more() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range sparesAtATime {
		s.free = append(s.free, make(chan struct{}, 1))
	}
}
