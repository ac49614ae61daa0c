// Package kernel is a simulated kernel: sockets, epoll instances and event descriptors, the
// part of Go's runtime that watches a file, and a clock that a goroutine of the scenario moves.
//
// Where it stands: in a search, in the place of internal/sys and of packages os, runtime, time,
// context and internal/clock.
//
//	scenario       Boot, Socket, Arrive, Drain, Pass, Check
//	    |
//	fd, poller     rewritten: they import this package where they import internal/sys
//	    |
//	kernel         each system call is some steps on objects of package search
//
// # What it promises
//
// A system call is a few steps, and each of them looks at one object. Other goroutines may come
// between them. So what a schedule shows is what the kernel may do, or a little more: an event
// may be reported though it was just taken. It never loses one. Each rule is one that a test of
// package sys shows of the real kernel, and is named by the letter that it has there.
//
//   - Data arrives first. Then the epoll instances that watch the socket put it on their lists,
//     and then those who wait for these are woken (HB-2).
//   - To register or to modify is to do that first, and then to look at what is there (b).
//   - To fetch is to take the list, and then to look at what is there: what is not there any
//     more is not reported (a).
//   - The runtime watches an epoll or event descriptor as it does a socket, by edges. If nothing
//     is there when it looks, there is no edge (e).
//   - TCP reports room only after a write found none, or after somebody looked and found none.
//     Other sockets report it each time.
//   - A system call with a number that is closed fails the schedule (HB-6).
//
// System calls are counted by kind, because some mistakes correct themselves, at a price.
package kernel
