// Package sys is where the socket code enters the kernel to wait, to move data and to
// make or end a descriptor. (Options and names are set and asked for with package
// syscall.)
//
// Where it stands: at the bottom. poller uses its epoll calls, fd its data calls, conn
// those that make sockets. It decides two things for all of them: a call that a signal
// interrupts is made again where that is right (EINTR leaves this package from connect
// only, and ends an EpollWait early), and sockets are created non-blocking and
// close-on-exec in one step.
//
// Data calls on behalf of a Conn are raw: they do not tell the scheduler, which for a
// call that does not wait for the peer costs more than it gives. A raw call holds its P
// and delays a stop of the world, so they are up to 16 KiB only, and none where memory may
// fault: see Calls.
//
// Tests make calls fail with SetFault.
package sys
