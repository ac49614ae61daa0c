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
//  2. Prepare: closed? deadline passed? forget old edges park_linux.go
//  3. system call
//  4. EAGAIN: register, wait for an edge, then 3 again   park_linux.go
//  5. unlock; the last user after Close closes the descriptor
//
// Reads and Accepts share one side, Writes have the other; operations on one side take
// turns. Connect runs before any other goroutine has the FD and needs no lock. Close wakes
// all waiters and returns when the descriptor is closed.
//
// # The short-read rule
//
// A read that returns fewer bytes than its buffer holds shows that a TCP stream was
// empty at that instant. Data that arrives later makes a new edge, so the next Read may
// wait for an edge before its first system call, and a request costs one read instead of
// two. The rule holds only while epoll has reported nothing but plain readiness: a FIN may
// share its edge with the data before it, and the kernel ends a read at an urgent byte with
// more data behind it. The rule also ends when the descriptor is exposed. See FD.sawEmpty
// and FD.MarkExposed.
//
// Three kinds of short reads prove nothing and cannot be detected: a read into a buffer
// that faults half-way, a read of a connection to which a BPF sockmap redirects data, and a
// read of one whose SO_RCVLOWAT was set by a BPF program or by another process. For these
// there is poller.Config.MemoryMayFault.
package fd
