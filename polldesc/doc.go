// Package polldesc is the record of one descriptor that goroutines wait for: which of them
// are parked, what the kernel has reported, and when their deadlines are.
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
//   - Free: in the cache. Its generation has been raised, so a Token of an earlier
//     life matches nothing. Its memory is never freed or used for anything else, so
//     the poller may look at it for any event.
//   - Open: between Cache.Alloc and Evict. At most one goroutine a side calls
//     Prepare and Wait (package fd sees to that with its read and write locks).
//   - Closing: after Evict. Parked owners have been woken; every Prepare and Wait
//     fails with net.ErrClosed.
//   - Free again: Cache.Free, once no goroutine uses it.
//
// # Reading order
//
// state.go is the word each side waits on and its complete transition table;
// info.go the published facts; polldesc.go puts the two together; deadline.go sets
// and fires deadlines; parker.go is where owners park; cache.go and token.go keep slots and
// names. search_test.go runs them under every schedule.
package polldesc
