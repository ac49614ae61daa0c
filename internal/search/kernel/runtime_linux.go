package kernel

import (
	"runtime"

	"github.com/a57b2d82/netpoller/internal/search"
)

// This file stands for package runtime.

// GOMAXPROCS says two.
func GOMAXPROCS(int) int { return 2 }

// Gosched does nothing: the next step may be anybody's anyway.
func Gosched() {}

// A Cleanup is the real one.
type Cleanup = runtime.Cleanup

// AddCleanup and SetFinalizer run f in a goroutine: what it is for is garbage at once.
func AddCleanup[T, S any](_ *T, f func(S), arg S) (none Cleanup) {
	cleanup(func() { f(arg) })
	return none
}

func SetFinalizer[T any](obj T, f func(T)) { cleanup(func() { f(obj) }) }

func cleanup(f func()) {
	machine.cleanups.Update(func(n uint64) uint64 { return n + 1 })
	search.GoNamed("cleanup", func() {
		f()
		machine.cleanups.Update(func(n uint64) uint64 { return n - 1 })
	})
}

// GC returns when all of them have run. The real one may have to be called again.
func GC() {
	machine.cleanups.Await(func(n uint64) bool { return n == 0 }, func(n uint64) uint64 { return n })
}
