package main

import (
	"errors"
	"fmt"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"
)

// System calls are counted in runs of their own, one way of two:
//
//   - tracepoint: the kernel counts (perf_event_open on its system call tracepoints). That adds well under a microsecond
//     to a call, so the server behaves as it does otherwise. It needs privileges and a mounted tracefs.
//   - ptrace: this program stops the server at every call, as strace does. It needs no privileges, but calls get slow
//     against everything else, so requests go out in waves, and a wait finds more or fewer of them ready than it would.

// callKinds are the calls that get a column; all others are counted together. A futex is a goroutine handed from thread
// to thread, nanosleep the Go runtime's monitor, which follows the clock more than the load.
var callKinds = [...]struct {
	name  string
	calls []tracedCall
}{
	{"read", []tracedCall{{"read", unix.SYS_READ}, {"recvfrom", unix.SYS_RECVFROM}, {"recvmsg", unix.SYS_RECVMSG}}},
	{"write", []tracedCall{{"write", unix.SYS_WRITE}, {"sendto", unix.SYS_SENDTO}, {"sendmsg", unix.SYS_SENDMSG}}},
	{"epoll wait", append([]tracedCall{
		{"epoll_pwait", unix.SYS_EPOLL_PWAIT}, {"epoll_pwait2", unix.SYS_EPOLL_PWAIT2},
	}, olderEpollWait...)},
	{"futex", []tracedCall{{"futex", unix.SYS_FUTEX}}},
	{"nanosleep", []tracedCall{{"nanosleep", unix.SYS_NANOSLEEP}}},
}

// tracedCall is a system call by its two identities.
type tracedCall struct {
	tracepoint string
	number     uint64
}

// callCounts is a process's count of system calls so far.
type callCounts struct {
	total  int64
	byKind [len(callKinds)]int64
}

// counter counts the system calls of one process, all threads included. start and wait replace those of the command.
type counter interface {
	start(cmd *exec.Cmd) error
	read() (callCounts, error)
	wait(cmd *exec.Cmd) error
	pause() time.Duration // between waves of requests; 0 if the server runs at about its usual speed
	close()
}

type newCounter func() (counter, error)

// errCountingRefused is why no counts are shown, where the system does not allow them.
var errCountingRefused = errors.New("counting system calls is not permitted")

// chooseCounter returns how to count and a note for the table; nil if there is no way or none is wanted.
func chooseCounter(how string) (newCounter, string) {
	if how == "off" {
		return nil, "n/a: switched off"
	}
	if how == "ptrace" {
		return newPtraceCounter, "ptrace, in separate runs; which slows wake-ups and so changes batching"
	}
	probe, err := newTracepointCounter()
	if err == nil {
		probe.close()
		return newTracepointCounter, "kernel tracepoint, in separate runs"
	}
	if how == "tracepoint" {
		return nil, fmt.Sprintf("n/a: %v", err)
	}
	return newPtraceCounter, fmt.Sprintf("ptrace, in separate runs; which slows wake-ups and so changes batching (%v)", err)
}
