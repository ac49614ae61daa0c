// Package race hides synchronization inside the library from the race detector.
//
// The detector takes every atomic operation, lock and channel for an order that the program
// relies on. Goroutines that use different connections share atomics inside the library. The
// detector would take them for ordered, and would not report a race between them that it does
// report with package net, whose poller is in the runtime, where the detector does not look.
// So the library hides these operations, and tells the detector of the one order that its own
// fields rely on: from an owner to the reactor.
//
// Some operations of different connections are still ordered: opening and closing, which take
// slots from one list; and what the reactor does for an owner when a deadline comes due or a
// notification is delivered.
//
// The functions do nothing without -race, and nothing but tell the detector with it.
package race
