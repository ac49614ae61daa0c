// Package polldesc is the record of one descriptor that goroutines wait for: who
// is parked, what the kernel has reported, when patience ends.
//
// Where it stands: fd calls Prepare and Wait around its system calls and sets
// deadlines; poller calls Edge when epoll reports, and the timer heap calls Due
// when a deadline has come.
//
//	fd      Prepare -> system call -> EAGAIN -> Wait        SetDeadline, Evict
//	                                             |               |
//	polldesc                  side[Read].word  side[Write].word  info  deadlines
//	                                 ^                                    ^
//	poller                      Edge(gen, events)                 timer: Due(seq)
//
// # The life of a descriptor
//
//   - Free: in the cache. Its generation has been raised, so a token of an earlier
//     life matches nothing. Its memory is never given back or used for anything
//     else, so an event in the poller's hand may always look at it.
//   - Open: between Cache.Alloc and Evict. At most one goroutine a side calls
//     Prepare and Wait (package fd sees to that with its read and write locks).
//   - Closing: after Evict. Whoever is parked has been woken; every Prepare and
//     Wait fails with net.ErrClosed.
//   - Free again: Cache.Free, once no goroutine uses it.
//
// # Reading order
//
// state.go is the word each side waits on and its complete transition table;
// info.go the published facts; polldesc.go puts the two together; deadline.go sets
// and fires deadlines; parker.go is where owners park; cache.go and token.go keep slots and
// names. search_test.go runs them under every schedule.
package polldesc
