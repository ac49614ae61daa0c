// Package fd is a non-blocking descriptor that goroutines use as if it blocked.
//
// Where it stands: conn and listener put addresses and net's errors around an FD; an
// FD enters the kernel through internal/sys and waits through polldesc.
//
//	conn, listener
//	      |   Read Write Accept Connect Raw... SetDeadline Close
//	     FD   fdMutex: who may use the descriptor, when it may be closed
//	      |
//	      +-- system call -- EAGAIN --> polldesc.Wait --> system call ...
//
// Every operation has one shape:
//
//  1. lock its side, which also takes a reference        fdmutex.go
//  2. Prepare: closed? deadline passed? forget old edges
//  3. system call
//  4. EAGAIN: Wait, then 3 again
//  5. unlock; the last one out after Close closes the descriptor
//
// Reads and Accepts share one side, Writes have the other; operations on one side take
// turns. Connect comes before anyone else has the FD and needs no lock. Close wakes
// everyone and returns when the descriptor is gone.
//
// # The short-read rule
//
// A read that returns less than it was given room for shows that a TCP stream was
// empty at that instant. What arrives later makes a new edge, so the next Read may
// wait for one instead of asking the kernel first, and a request costs one read
// instead of two. That is sound only while nothing but plain readiness was ever
// reported: a FIN may share its edge with the data before it, and the kernel stops a
// read at an urgent byte with more behind it. It is also over once somebody else had
// the descriptor. See FD.drained and FD.lend.
//
// Three kinds of short reads that prove nothing cannot be seen from here: of a buffer that
// faults half-way, of a connection to which a BPF sockmap redirects data, and of one whose
// SO_RCVLOWAT was set by a BPF program or from another process. For these there is
// poller.Config.MemoryMayFault.
package fd
