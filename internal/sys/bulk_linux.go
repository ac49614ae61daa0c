package sys

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// An Iovec is struct iovec.
type Iovec = unix.Iovec

// MaxIovecs is how many buffers one call takes (UIO_MAXIOV of linux/uio.h).
const MaxIovecs = 1024

// MakeIovec returns an Iovec of the first n bytes of p, which is not empty.
func MakeIovec(p []byte, n int) (iov Iovec) {
	iov.Base = &p[0]
	iov.SetLen(n)
	return iov
}

// Writev sends buffers, size bytes in all, to a connected socket. It is sendmsg(2)
// rather than writev(2), which knows no MSG_DONTWAIT. It returns EAGAIN where it would
// block, and never EINTR; so do SendFile and Splice.
func (c Calls) Writev(fd int, iovs []Iovec, size int) (n int, err error) {
	raceWriteStart(nil)
	msg := unix.Msghdr{Iov: &iovs[0]}
	msg.SetIovlen(len(iovs))
	for {
		if err = failed(CallWrite, fd); err == nil {
			n, err = c.message(unix.SYS_SENDMSG, fd, &msg, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, size)
		}
		if err != syscall.EINTR {
			return n, err
		}
	}
}

// SendFile sends up to n bytes from a file's position, which moves on, to a socket. 0
// means that the file has no more.
func SendFile(fd, file int, n int) (sent int, err error) {
	raceWriteStart(nil)
	for {
		if err = failed(CallWrite, fd); err == nil {
			sent, err = syscall.Sendfile(fd, file, nil, n)
		}
		if err != syscall.EINTR {
			return max(sent, 0), err
		}
	}
}

// Splice moves up to n bytes from one descriptor to another, one of which is a pipe. 0
// means that there are no more.
func Splice(to, from, n int) (moved int, err error) {
	raceWriteStart(nil)
	for {
		if err = failed(CallSplice, from); err == nil {
			r, splice := unix.Splice(from, nil, to, nil, n, unix.SPLICE_F_NONBLOCK|unix.SPLICE_F_MOVE)
			moved, err = int(r), splice // r is an int on some systems, an int64 on others
		}
		if err == nil {
			raceReadDone(from, nil)
			return moved, nil
		}
		if err != syscall.EINTR {
			return 0, err
		}
	}
}

// Queued returns how much of what was written to a socket is still on this side: of TCP,
// bytes that the peer's kernel has not acknowledged; of others, memory that is in use. It
// is 0 where the kernel does not tell.
func Queued(fd int) int {
	if failed(CallIoctl, fd) != nil {
		return 0
	}
	n, err := unix.IoctlGetUint32(fd, unix.SIOCOUTQ)
	if err != nil {
		return 0
	}
	return int(n)
}

// Pipe returns the ends of a new pipe, non-blocking and close-on-exec, with room for
// size bytes if the system allows that many.
func Pipe(size int) (r, w int, err error) {
	var fds [2]int
	if err = failed(CallPipe, -1); err == nil {
		err = unix.Pipe2(fds[:], unix.O_CLOEXEC|unix.O_NONBLOCK)
	}
	if err != nil {
		return -1, -1, err
	}
	if failed(CallFcntl, fds[0]) == nil {
		_, _ = unix.FcntlInt(uintptr(fds[0]), unix.F_SETPIPE_SZ, size)
	}
	return fds[0], fds[1], nil
}
