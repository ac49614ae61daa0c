package counting

import (
	"errors"
	"fmt"
	"os/exec"
	"time"

	"golang.org/x/sys/unix"
)

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

// Kinds are the names of the kinds of calls that get a column.
func Kinds() []string {
	var names []string
	for _, kind := range callKinds {
		names = append(names, kind.name)
	}
	return names
}

// Counts is a process's count of system calls so far.
type Counts struct {
	total  int64
	byKind [len(callKinds)]int64
}

// Since returns how many calls came after before was read: all of them, and those of each kind, one of which is "other".
func (c Counts) Since(before Counts) (total int64, byKind map[string]int64) {
	total, byKind = c.total-before.total, map[string]int64{}
	other := total
	for i, kind := range callKinds {
		byKind[kind.name] = c.byKind[i] - before.byKind[i]
		other -= byKind[kind.name]
	}
	byKind["other"] = other
	return total, byKind
}

// A Counter counts the system calls of one process, all threads included. Start and Wait replace those of the command.
type Counter interface {
	Start(cmd *exec.Cmd) error
	Read() (Counts, error)
	Wait(cmd *exec.Cmd) error
	Pause() time.Duration // between waves of requests; 0 if the server runs at about its usual speed
	Close()
}

// New returns a Counter for one process. It must be called on the thread that will start the process.
type New func() (Counter, error)

// ErrRefused is why no counts are shown, where the system does not allow them.
var ErrRefused = errors.New("counting system calls is not permitted")

// Choose returns how to count and a note for the table; nil if there is no way or none is wanted.
func Choose(how string) (New, string) {
	if how == "off" {
		return nil, "n/a: switched off"
	}
	if how == "ptrace" {
		return newPtraceCounter, "ptrace, in separate runs; which slows wake-ups and so changes batching"
	}
	probe, err := newTracepointCounter()
	if err == nil {
		probe.Close()
		return newTracepointCounter, "kernel tracepoint, in separate runs"
	}
	if how == "tracepoint" {
		return nil, fmt.Sprintf("n/a: %v", err)
	}
	return newPtraceCounter, fmt.Sprintf("ptrace, in separate runs; which slows wake-ups and so changes batching (%v)", err)
}
