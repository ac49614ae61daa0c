// Package netpoller is the socket part of package net on an epoll reactor of its own:
// Go's netpoller, rebuilt in user space, for Linux.
//
//	import net "github.com/a57b2d82/netpoller"
//
// A program that uses TCP, UDP, Unix or raw IP sockets compiles with that import and
// does the same. Where only the sockets should change, hand them over:
//
//	http.Serve(ln, nil)                                        // ln from Listen
//	http.Transport{DialContext: new(netpoller.Dialer).DialContext}
//
// # Goals
//
//   - The same names, methods, errors (identity, type and text), defaults and deadlines
//     as package net's. Where that is not so, docs/divergences.md says why.
//   - Code to learn from. The core, which is the word that a goroutine waits on, the
//     reactor and the deadline heap, is readable in one sitting, and every subtle step
//     has an id (O3, E4, HB-1, D2) that is the same in code, documentation and tests.
//   - No help from inside the runtime: no linkname, no pointer in an integer. Goroutines
//     park on channels.
//   - The same code everywhere: no build tag selects another algorithm, and the race
//     detector runs what ships.
//   - More than net has: a limit for each Read and Write (WithTimeout); waiting without a
//     goroutine (NotifyReadable), without taking anything (WaitReadable, PeerClosed), or
//     until a context ends (ReadContext), on every connection; batches of UDP packets;
//     groups of reactors of one's own, statistics, a listen backlog, shared ports.
//     These methods are Linux's only; go doc of package conn shows them.
//
// # Not goals
//
//   - To be another API. Nothing has to be given back, and no handler is called but by
//     NotifyReadable.
//   - Names and addresses: resolving and parsing are package net's own.
//   - Systems other than Linux: there everything is an alias of package net's.
//   - To be faster in every case. bench measures, and shows the cases that lose.
//
// # The picture
//
//	user goroutines     Read Write Accept Dial SetDeadline Close
//	      |
//	listener dialer     accepting; resolving, happy eyeballs
//	      |
//	    conn            addresses, net.OpError, socket options
//	      |
//	     fd             fdMutex: who may use the descriptor, when it is closed
//	      |
//	  polldesc          rg/wg words, published facts, deadlines  -- Arm -->  timer
//	      |                     ^                                <-- Due --  heap of
//	      |                     | Edge(gen, events)                          deadlines
//	   poller           one goroutine a reactor: wait, edges  -- RunDue -->
//	      |
//	internal/sys        epoll, eventfd, recvfrom, sendto, accept4, connect
//
// A goroutine comes down on the left: it locks its side of the descriptor in fd, tries
// the system call, and parks in polldesc when the kernel says EAGAIN. The reactor comes
// up: it waits for epoll, hands each event to the descriptor that its token names, and
// wakes who is parked there. Deadlines wait in a heap that the reactor runs. Each
// package is imported only by those after it in internal/..., timer, polldesc, poller,
// fd, conn, listener and dialer: the record of a descriptor knows no poller.
//
// # Reading order
//
// In a hurry: polldesc/state.go (the word and its table of transitions),
// poller/loop_linux.go (the reactor), fd/rw_linux.go (a Read and a Write). At leisure:
// timer, polldesc, poller, fd, conn, listener, dialer; each has a package comment that
// begins with where it stands in the picture. docs/README.md has the order with times,
// and docs/one-read.md follows a single Read through every layer, with the name that
// each step has in Go's own runtime beside ours.
package netpoller
