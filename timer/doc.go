// Package timer keeps the deadlines of one reactor.
//
// Where it stands: below polldesc, which owns the entries, and beside poller,
// which asks when the next one is due and runs those that are.
//
//	polldesc  -- Arm, Disarm -->  Heap  <-- Next, RunDue --  poller
//	    ^                          | |
//	    +--------- Due ------------+ +-- wake: a new earliest deadline
//
// A Heap is a 4-ary heap of entries ordered by (when, seq). The sequence number
// is given out by Arm, a new one each time, and serves twice: it breaks ties, so
// that entries due at the same instant fire in the order they were armed; and it
// names that one arming, so that an owner who has armed again since can tell that
// what came due is stale.
//
// # Costs
//
//	Arm      O(log4 n), O(1) when the new entry is later than its parent
//	Disarm   O(log4 n)
//	Next     one atomic load
//	RunDue   O(k log4 n) for k due entries, no allocation once warm
//
// # Locks
//
// Every method may be called from any goroutine, RunDue from one at a time. The heap's
// own mutex is never held while an owner is told or while wake runs. An owner that is
// told may therefore take the lock under which it calls Arm; wake, which Arm calls, may
// not.
package timer
