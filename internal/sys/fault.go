package sys

import (
	"sync/atomic"
	"syscall"
)

// A Call names a system call that SetFault can make fail, and every system call of this
// package is one of them.
type Call uint8

const (
	CallRead  Call = iota // of data, and a peek
	CallWrite             // of data, and sendfile
	CallAccept
	CallConnect
	CallSocket
	CallGetsockopt
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
	CallClose // after which the descriptor is closed, whatever it says
	CallEpollCreate
	CallEpollWait
	CallEpollWait2
	CallEventfd
	CallNotify // reading and writing an event descriptor
)

var callNames = [...]string{
	CallRead:        "read",
	CallWrite:       "write",
	CallAccept:      "accept4",
	CallConnect:     "connect",
	CallSocket:      "socket",
	CallGetsockopt:  "getsockopt",
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

// A Fault decides whether a call about to be made fails instead: it returns the
// error, or nil to let the call through. It is called at every attempt, from many
// goroutines. fd is -1 where there is none yet.
type Fault func(call Call, fd int) error

var fault atomic.Pointer[Fault]

// SetFault installs f for the whole process, for tests, and returns what takes it
// out again.
func SetFault(f Fault) (restore func()) {
	old := fault.Swap(&f)
	return func() { fault.Store(old) }
}

// failed asks the Fault, if there is one.
func failed(call Call, fd int) error {
	if f := fault.Load(); f != nil {
		return (*f)(call, fd)
	}
	return nil
}

// refused is failed where an errno is at hand.
func refused(call Call, fd int) syscall.Errno {
	errno, _ := failed(call, fd).(syscall.Errno)
	return errno
}
