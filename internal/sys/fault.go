package sys

import (
	"sync/atomic"
	"syscall"
)

// A Call names a system call of this package. SetFault can make each of them fail.
type Call uint8

const (
	CallRead  Call = iota // of data, and a peek
	CallWrite             // of data, and sendfile
	CallAccept
	CallConnect
	CallSocket
	CallGetsockopt
	CallSetsockopt // of an int
	CallGetsockname
	CallGetpeername
	CallPoll
	CallEpollCtl // to register
	CallEpollDelete
	CallSplice
	CallDup // F_DUPFD_CLOEXEC
	CallPlainDup
	CallFcntl
	CallIoctl
	CallPipe
	CallClose // closes the descriptor even if it fails
	CallEpollCreate
	CallEpollWait
	CallEpollWait2
	CallEventfd
	CallNotify // read and write of an eventfd
)

var callNames = [...]string{
	CallRead:        "read",
	CallWrite:       "write",
	CallAccept:      "accept4",
	CallConnect:     "connect",
	CallSocket:      "socket",
	CallGetsockopt:  "getsockopt",
	CallSetsockopt:  "setsockopt",
	CallGetsockname: "getsockname",
	CallGetpeername: "getpeername",
	CallPoll:        "poll",
	CallEpollCtl:    "epoll_ctl",
	CallEpollDelete: "EPOLL_CTL_DEL",
	CallSplice:      "splice",
	CallDup:         "F_DUPFD_CLOEXEC",
	CallPlainDup:    "dup",
	CallFcntl:       "fcntl",
	CallIoctl:       "ioctl",
	CallPipe:        "pipe2",
	CallClose:       "close",
	CallEpollCreate: "epoll_create1",
	CallEpollWait:   "epoll_pwait",
	CallEpollWait2:  "epoll_pwait2",
	CallEventfd:     "eventfd2",
	CallNotify:      "notify",
}

// NumCalls is how many Calls there are, from 0.
const NumCalls = Call(len(callNames))

func (c Call) String() string { return callNames[c] }

// A Fault is called before every system call. If it returns an error, the call fails with
// that error and is not made. fd is -1 if the call creates the descriptor. A Fault may be
// called from several goroutines at once.
type Fault func(call Call, fd int) error

var fault atomic.Pointer[Fault]

// SetFault installs f for the whole process, for tests. restore removes it.
func SetFault(f Fault) (restore func()) {
	old := fault.Swap(&f)
	return func() { fault.Store(old) }
}

// failed returns the error of the installed Fault, if there is one.
func failed(call Call, fd int) error {
	if f := fault.Load(); f != nil {
		return (*f)(call, fd)
	}
	return nil
}

// refused is failed for a caller that needs an errno.
func refused(call Call, fd int) syscall.Errno {
	errno, _ := failed(call, fd).(syscall.Errno)
	return errno
}
