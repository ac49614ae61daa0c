package sys

import (
	"fmt"
	"math"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Facts about epoll that the poller depends on. Each is documented in epoll(7) or was read
// in the kernel's fs/eventpoll.c, and has a test.
//
//	a  Edge-triggered means: at least one event after every change. Between two
//	   waits changes coalesce into one event that reports the state then.
//	b  EPOLL_CTL_ADD reports a descriptor that is ready already, so registering after
//	   data came loses nothing.
//	c  EPOLLERR and EPOLLHUP are always reported; EPOLLRDHUP and EPOLLPRI only if they
//	   were requested.
//	d  close(2) alone does not end a registration while a duplicate of the description is
//	   open. Since Linux 6.10, and in stable kernels since 2024, epoll_wait(2) itself holds
//	   each description that it looks at; if it has the last one, the file stays open until
//	   the call returns. So a registration is deleted before close(2): EPOLL_CTL_DEL waits
//	   until no call looks.
//	e  An epoll descriptor can itself be watched. Events left in the inner one do not
//	   wake the outer one again: read until fewer come than the buffer holds.
//	f  EPOLL_CTL_ADD to an epoll instance that is itself watched takes a system-wide
//	   mutex, which any local user can keep busy. EPOLL_CTL_MOD and EPOLL_CTL_DEL do not.
//	g  One descriptor can be watched by 500 epoll instances that are themselves watched,
//	   of all processes together, and by any number that are not. EPOLL_CTL_ADD fails
//	   with EINVAL for one more.

// An EpollEvent is struct epoll_event; the two words of user data are Fd and Pad.
type EpollEvent = unix.EpollEvent

// EpollCreate returns a new epoll instance. It is non-blocking, so that Go's poller can
// watch it, unless a seccomp filter denies that.
func EpollCreate() (epfd int, err error) {
	if err = failed(CallEpollCreate, -1); err == nil {
		epfd, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	}
	if err != nil {
		return -1, os.NewSyscallError("epoll_create1", err)
	}
	if failed(CallFcntl, epfd) == nil {
		_ = unix.SetNonblock(epfd, true) // if it fails, the caller cannot watch epfd
	}
	return epfd, nil
}

// EpollAdd registers fd for events, with two words of user data. It is not a raw call,
// because it may wait for the mutex of fact f.
func EpollAdd(epfd, fd int, events uint32, lo, hi int32) error {
	err := failed(CallEpollCtl, fd)
	if err == nil {
		ev := EpollEvent{Events: events, Fd: lo, Pad: hi}
		// DOC: ordinary-add
		_, _, errno := unix.Syscall6(unix.SYS_EPOLL_CTL, uintptr(epfd), unix.EPOLL_CTL_ADD, uintptr(fd),
			uintptr(unsafe.Pointer(&ev)), 0, 0)
		_, err = result(0, errno)
	}
	return os.NewSyscallError("epoll_ctl", err)
}

// EpollModify registers fd for other events. It makes epoll report the current ones again.
func EpollModify(epfd, fd int, events uint32, lo, hi int32) error {
	err := failed(CallEpollCtl, fd)
	if err == nil {
		ev := EpollEvent{Events: events, Fd: lo, Pad: hi}
		err = unix.EpollCtl(epfd, unix.EPOLL_CTL_MOD, fd, &ev)
	}
	return os.NewSyscallError("epoll_ctl", err)
}

// EpollDelete ends the registration of fd (fact d).
func EpollDelete(epfd, fd int) error {
	err := failed(CallEpollDelete, fd)
	if err == nil {
		var ev EpollEvent // required before Linux 2.6.9
		err = unix.EpollCtl(epfd, unix.EPOLL_CTL_DEL, fd, &ev)
	}
	return os.NewSyscallError("epoll_ctl", err)
}

// EpollPoll fills events with those that are ready now. It does not block and is raw.
func EpollPoll(epfd int, events []EpollEvent) (n int) {
	for {
		var r uintptr
		errno := refused(CallEpollWait, epfd)
		if errno == 0 {
			r, _, errno = unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epfd),
				uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), 0, 0, 0)
		}
		switch errno {
		case 0:
			return int(r)
		case unix.EINTR:
		default:
			panic("epoll_pwait: " + errno.Error()) // a bug: the argument is bad
		}
	}
}

// noPwait2 is set when epoll_pwait2 has failed: the kernel does not have it (before 5.11), or
// a seccomp filter denies it, with any error.
var noPwait2 atomic.Bool

// EpollWait blocks until a descriptor is ready or timeout has passed. A negative timeout
// never passes. It may return 0 early.
func EpollWait(epfd int, events []EpollEvent, timeout time.Duration) (n int) {
	if !noPwait2.Load() {
		n, errno := epollPwait2(epfd, events, timeout)
		if errno == 0 || errno == unix.EINTR {
			return n
		}
		noPwait2.Store(true) // a bad argument makes epoll_wait fail too
	}
	err := failed(CallEpollWait, epfd)
	if err == nil {
		n, err = unix.EpollWait(epfd, events, timeoutMillis(timeout))
	}
	switch err {
	case nil:
		return n
	case unix.EINTR:
		return 0
	}
	panic("epoll_pwait: " + err.Error()) // a bug: the argument is bad
}

// epollPwait2 takes struct __kernel_timespec, which has 64-bit fields everywhere.
func epollPwait2(epfd int, events []EpollEvent, timeout time.Duration) (int, unix.Errno) {
	if errno := refused(CallEpollWait2, epfd); errno != 0 {
		return 0, errno
	}
	var ts *[2]int64
	if timeout >= 0 {
		ts = &[2]int64{int64(timeout / time.Second), int64(timeout % time.Second)}
	}
	r, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(epfd),
		uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)), uintptr(unsafe.Pointer(ts)), 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(r), 0
}

// timeoutMillis rounds up to milliseconds, so that a wait is never short. A timeout that
// does not fit an int32 is cut; the caller then finds nothing due and waits again.
func timeoutMillis(d time.Duration) int {
	if d < 0 {
		return -1
	}
	ms := int64(d / time.Millisecond)
	if d%time.Millisecond != 0 {
		ms++
	}
	return int(min(ms, math.MaxInt32))
}

// Eventfd returns a new eventfd. If it is registered edge-triggered, it need not be read:
// every Notify is a change, and so an edge.
func Eventfd() (fd int, err error) {
	if err = failed(CallEventfd, -1); err == nil {
		fd, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	}
	return fd, os.NewSyscallError("eventfd", err)
}

// Notify adds one to an eventfd. If the counter is full, or a seccomp filter returns EAGAIN,
// Notify resets the counter and tries again, because no wake-up may be lost.
func Notify(fd int) {
	one := uint64(1)
	for emptied := 0; ; {
		errno := refused(CallNotify, fd)
		if errno == 0 {
			_, _, errno = unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&one)), 8)
		}
		if errno == unix.EAGAIN && emptied < mostEmptied {
			TakeNotify(fd)
			emptied++
			continue
		}
		if eventfdDone(fd, errno) {
			return
		}
	}
}

// mostEmptied is how often Notify tries again. A filter that always denies the call denies
// it to Go's runtime too.
const mostEmptied = 3

// TakeNotify resets an eventfd to zero. It reports whether the counter was not zero.
func TakeNotify(fd int) bool {
	var n uint64
	for {
		errno := refused(CallNotify, fd)
		if errno == 0 {
			_, _, errno = unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&n)), 8)
		}
		if eventfdDone(fd, errno) {
			return errno == 0
		}
	}
}

// eventfdDone reports whether a call on an eventfd is done. EAGAIN means that the counter is
// zero. It panics for any other error: to ignore it could leave a goroutine asleep.
func eventfdDone(fd int, errno unix.Errno) bool {
	switch errno {
	case 0, unix.EAGAIN:
		return true
	case unix.EINTR:
		return false
	}
	panic(fmt.Sprintf("eventfd %d: %v", fd, errno)) // a bug: it is closed
}
