// Package sys makes the system calls that wait, move data, and create or close
// descriptors, and those that each connection makes: for its options and addresses.
// (Package syscall makes the others.)
//
// Where it stands: at the bottom. poller uses its epoll calls, fd its data calls, conn
// those that make sockets. It decides two things for all of them. It repeats a call that a
// signal interrupted where that is correct: only Connect returns EINTR, and EpollWait
// returns early. And it creates descriptors non-blocking and close-on-exec in one step.
//
// The data calls of a Conn are raw: they do not tell the scheduler, which costs more than
// it gains for a call that does not wait for the peer. A raw call holds its P and delays a
// stop of the world, so calls of more than 64 KiB are not raw, and no data call is where
// memory may fault: see Calls. The calls for options and names are raw, too; they wait for
// nothing but the lock of the socket. So are accept4(2) and close(2) of a connection, unless they
// may wait for something else.
//
// Tests make calls fail with SetFault.
package sys
