package sys

import "sync/atomic"

// A Call names a system call that SetFault can make fail.
type Call uint8

const (
	CallRead Call = iota
	CallWrite
	CallAccept
	CallConnect
	CallSocket
	CallGetsockopt
	CallGetpeername
	CallPoll
	CallEpollCtl
	CallSplice
	CallDup
)

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
