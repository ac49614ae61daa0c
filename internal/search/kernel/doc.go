// Package kernel is a simulated kernel: sockets, epoll instances and eventfds, the
// part of Go's runtime that watches a file, and a clock that a goroutine of the scenario moves.
//
// Where it stands: in a search, in the place of internal/sys and of packages os, runtime, time,
// context and internal/clock.
//
//	scenario       Boot, Socket, Arrive, Drain, Pass
//	    |
//	fd, poller     rewritten: they import this package where they import internal/sys
//	    |
//	kernel         each system call is a few steps on objects of package search
//
// # What it promises
//
// Each step looks at one object, and steps of other goroutines may come between those of a
// system call. So what a schedule shows is what the kernel may do, or a little more. It never
// loses an event, and never reports one because it would be convenient. The letters are those
// of the facts in package sys, whose tests show them of the real kernel.
//
//   - Data arrives first. Then the epoll instances that watch the socket list it, and then the
//     runtime is told, if it watches the instance (HB-2).
//   - To register, or to modify, is to do that first and then to look at what is there (b).
//   - To fetch is to take the list first and then to look at what is there. An event whose cause
//     has gone is not reported (a).
//   - The runtime watches an instance, or an eventfd, by edges. If nothing is listed
//     when it looks, there is no edge (e).
//   - TCP reports room once a write has found none and a third of all is free. Other sockets
//     report it whenever a packet has left.
//   - A system call on a descriptor that was closed fails the schedule (HB-6).
//   - A wait with a deadline ends when the scenario has moved the clock.
//
// System calls are counted by kind, because some mistakes cost no more than a call.
package kernel
