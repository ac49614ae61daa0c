// Package netpoller is the socket part of package net on an epoll reactor of its own:
// Go's netpoller, rebuilt in user space, for Linux.
//
//	import net "github.com/a57b2d82/netpoller"
//
// A program that uses TCP, UDP, Unix or raw IP sockets compiles with that import and
// does the same. Where only the sockets should change, hand them over:
//
//	http.Serve(ln, nil) // ln from Listen
//
//	transport := http.DefaultTransport.(*http.Transport).Clone()
//	transport.DialContext = (&netpoller.Dialer{Timeout: 30 * time.Second}).DialContext
//
// A Transport made from nothing has no proxy, no HTTP/2 with a DialContext, and none of the
// timeouts of http.DefaultTransport.
//
// # Goals
//
//   - The same names, methods, errors (identity, type and text), defaults and deadlines
//     as package net's. Where that is not so, docs/reference/divergences.md says why.
//   - Code to learn from. The core, which is the word that a goroutine waits on, the
//     reactor and the deadline heap, is readable in one sitting, and every subtle step
//     has an id (O3, E4, HB-1, D2) that is the same in code, documentation and tests.
//   - No help from inside the runtime: no linkname, no pointer in an integer. Goroutines
//     park on channels.
//   - The same code everywhere: no build tag selects another algorithm, and the race
//     detector runs what ships.
//   - More than net has: see below.
//
// # Not goals
//
//   - To be another API. Nothing has to be given back, and no handler is called but by
//     NotifyReadable.
//   - Names and addresses: resolving and parsing are package net's own.
//   - Reactors on other systems than Linux: there the sockets are package net's, in types of
//     this module.
//   - To be faster in every case. bench measures, and shows the cases that lose.
//
// # Additions
//
// Package net has none of these:
//
//   - A limit for each Read and each Write, of any connection: [WithTimeout].
//   - A connection waits without a goroutine and without a buffer
//     ([conn.TCPConn.NotifyReadable]), without taking anything
//     ([conn.TCPConn.WaitReadable], [conn.TCPConn.WaitWritable]), or until a context ends
//     ([conn.TCPConn.ReadContext], [conn.TCPConn.WriteContext]).
//     [conn.TCPConn.PeerClosed] reports whether the peer has closed. Every connection has
//     these methods.
//   - An [IdleServer] serves many connections that are mostly silent, wrapped by TLS or not.
//   - A UDP socket reads and writes many packets in one system call:
//     [conn.UDPConn.ReadBatch], [conn.UDPConn.WriteBatch].
//   - A program has reactors of its own, and their statistics: [NewPollerGroup],
//     [poller.Group.Stats], and the field Poller of [dialer.Dialer] and
//     [listener.ListenConfig].
//   - A listener has a backlog of one's choice ([listener.ListenConfig.Backlog]), and several
//     share a port ([listener.ListenConfig.ReusePort]).
//
// On other systems than Linux, all of this compiles. WithTimeout and IdleServer work there. The
// other methods of connections fail with an error that is errors.ErrUnsupported; NotifyReadable
// and PeerClosed, which return no error, panic with one. A Listen with Backlog or ReusePort
// fails with one, too. A PollerGroup has no reactors, and the fields Poller are ignored.
//
// Each package that these links lead to has examples. The go command documents a method under
// the name of its package: go doc github.com/a57b2d82/netpoller/conn.TCPConn.NotifyReadable.
//
// # Compatibility
//
// The promise covers this package and package nettls: their names, and the exported fields
// and methods of the types that they stand for, in whatever package those are declared.
// From v1.0.0 on, a program that uses no more than that compiles and works with each later
// version of the same major version. Before v1.0.0, CHANGELOG.md says what a new version
// breaks.
//
// The promise does not cover the other packages' own names (timer, polldesc, poller, fd,
// conn, listener, dialer, trace, debug), which are exported for each other and for readers, or a method
// that has one of their types as a parameter or result, such as [poller.Group.Register].
// Nor does it cover anything below internal, bench and examples. These may change in any
// version.
//
// Where package net gains a name in a new version of Go, or an error of its changes, this
// package follows.
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
