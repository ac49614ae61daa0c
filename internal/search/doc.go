// Package search runs the goroutines of a scenario under every schedule that matters.
//
// Where it stands: beside the product, in tests only. Package overlay rewrites the sources of
// timer, polldesc, poller and fd so that their atomics, locks, channels and go statements are
// those of this package, and go test -overlay compiles the result with a table of scenarios.
// The sources in the repository have no hooks and no build tags for it.
//
//	scenario          Go("reader", ...), Go("poller", ...), Check(...)
//	    |
//	code under test   rewritten: atomic, sync, chan and go are those of this package
//	    |   and the kernel, the clock and os are those of package kernel
//	    |   before each operation: point
//	Explorer          which goroutine takes the next step; what else could have
//
// The scenarios are in testdata/search of the packages timer, polldesc, poller and fd. Those of
// poller and fd run over the simulated kernel of package kernel.
//
//	go test ./timer ./polldesc ./poller ./fd -run TestSearch -v   # all, in a minute
//	go test ./polldesc -run TestSearch -only evict                # the one of that name, or those that contain it
//	go test ./polldesc -run TestSearch -patches FILE              # with a mistake: see overlay.Patch
//	go test ./polldesc -run TestSearch -short                     # some thousand schedules of each
//
// # How it works
//
//  1. Each goroutine of a scenario is a coroutine. It stops before each operation that other
//     goroutines can see: an atomic operation, a lock, a send or receive.
//  2. The Explorer lets one of them take its step, and notes the choice on a stack. When all
//     have returned, that was one schedule, and Check says whether it went well.
//  3. Two steps depend on each other if they touch the same object and do not both read it.
//     Schedules that differ only in the order of independent steps are equivalent. When two
//     dependent steps of different goroutines could have come in the other order, the Explorer
//     notes at the earlier one which goroutine has to go first for that.
//  4. It goes back to the last choice that has such a note, takes it, and runs the scenario
//     again from the beginning, until no note is left.
//
// This is dynamic partial-order reduction with source sets and sleep sets (Abdulla, Aronis,
// Jonsson and Sagonas 2014). It runs one schedule of each class of equivalent ones, at least,
// and all classes. A search that breaks one of three rules misses classes, and no error shows
// it:
//
//   - A compare-and-swap that fails is a read, and so is an update that changes nothing.
//   - The next step of a goroutine that is blocked counts like that of any other.
//   - The goroutine that has to go first is one that can begin with what came between the two
//     steps and does not depend on the earlier one. That need not be the goroutine of the later
//     step.
//
// The litmus test compares the reduced search of random programs with one that leaves nothing
// out.
//
// # Memory
//
// Go's atomics are sequentially consistent, so a schedule is an order of steps. Between two
// steps a goroutine runs alone; what it does to plain memory there is checked with vector
// clocks: two accesses that no chain of operations orders are a data race, and fail the
// scenario in whichever schedule shows them.
//
// # Counterexamples
//
// A schedule that goes wrong is searched for again with no preemption, with one, with two and
// so on, and the first one found is printed: most mistakes need one or two, and such a schedule
// is the easiest to follow. Abandoned schedules unwind by a panic in each goroutine, during
// which the operations of this package do nothing.
//
// The idea is that of CHESS (2008) and of tokio's loom. Package runtime's scheduler is not
// involved, and the tests are as repeatable as a calculation.
package search
