// Package sys is the one place where the socket code enters the kernel.
//
// Where it stands: at the bottom. poller uses its epoll calls, fd its data calls,
// conn and listener the rest. It decides two things for all of them: a call that a
// signal interrupts is made again (EINTR never leaves this package, except from
// connect, where making it again would be wrong), and every descriptor is created
// non-blocking and close-on-exec in one step.
//
// Data calls (Read, Write) on behalf of a Conn are raw: they do not tell the
// scheduler, which for a call that cannot block costs more than it gives. A raw call
// holds its P and delays a stop of the world, so Read and Write use it up to
// rawLimit bytes only.
//
// Tests make calls fail with SetFault.
package sys
