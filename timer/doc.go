// Package timer keeps the deadlines of one reactor.
//
// Where it stands: below polldesc, which owns the entries, and beside poller,
// which asks when the next one is due and runs those that are.
//
//	polldesc  -- Arm, Disarm -->  inbox  -->  places  <-- Next, RunDue --  poller
//	    ^                          |            |
//	    |                          |            +-- Due: it has come
//	    +--------------------------|------------+
//	                               +-- wake: a new earliest deadline
//
// A Heap is in two parts. The inbox takes in, from any goroutine, the entries that were
// armed. The places are a 4-ary heap ordered by (when, seq), which belongs to the reactor
// alone: RunDue gives the entries of the inbox their places, and takes out what is due. The
// two sides share atomics only, so a goroutine that arms a deadline never blocks.
//
// The sequence number is given out by Arm, a new one each time, and serves twice: it breaks
// ties, so that entries due at the same instant fire in the order they were armed; and it
// names that one arming, so that an owner that has armed again since can tell that the
// arming that came due is stale.
//
// # Costs
//
//	Arm      O(1): seven atomic writes, and five if the inbox has the entry already
//	Disarm   O(1): one or two
//	Next     one atomic load
//	RunDue   nothing while Next is to come; else O(log4 n) for each entry that was armed
//	         since, is due, or was first and has been disarmed; no allocation once warm
//
// An entry is in the inbox at most once and has one place at most. So there are never more
// of both than there are entries, however often they are armed. A disarmed entry keeps its
// place until RunDue finds it there: when its time comes, or when it is the first while RunDue
// runs for another. So disarming costs the reactor at most one needless wake-up, for the first
// of them.
//
// # Ordering
//
// Go's atomics are sequentially consistent, so "before" below is in one total order.
//
//	HB-8  No entry is forgotten. Arm writes when, posts the entry, and then lowers next;
//	      RunDue resets next, takes the inbox, clears each entry's link and then reads its
//	      when. An entry posted too late for that inbox lowers next after the reset. One
//	      that seems to be in the inbox still, because its link is not cleared yet, has a
//	      when that is not read yet.
//	HB-9  No owner misses its arming. Arm writes seq before when; RunDue takes when out and
//	      then reads seq. So Due may get the new seq with the old time, never the old seq
//	      with the new time. The owner that is told so looks at its own deadline, and the new arming
//	      stays where it is: it comes due as well.
//
// TestSearch runs every order of these steps. Each of the rules is broken in turn, and it
// finds that.
//
// # Concurrency
//
// Every method may be called from any goroutine, with two exceptions: RunDue is called by one
// at a time, and so are Arm and Disarm of the same entry. There are no locks. An owner's Due
// may take the lock under which the owner calls Arm; wake, which Arm calls, may not.
//
// To the race detector, the shared atomics do not order the goroutines that arm: see package
// race. An arming orders its goroutine before the owner's Due, and nothing else.
package timer
