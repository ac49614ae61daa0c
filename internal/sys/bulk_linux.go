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

// Writev sends buffers, size bytes in all, to a connected socket. It uses sendmsg(2),
// because writev(2) has no MSG_DONTWAIT. Writev, SendFile and Splice return EAGAIN instead
// of blocking, and never EINTR.
func (c Calls) Writev(fd int, iovs []Iovec, size int) (n int, err error) {
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

// SendFile sends up to n bytes to a socket from a file's position, and advances the
// position. It returns 0 at the end of the file.
func SendFile(fd, file int, n int) (sent int, err error) {
	for {
		if err = failed(CallWrite, fd); err == nil {
			sent, err = syscall.Sendfile(fd, file, nil, n)
		}
		if err != syscall.EINTR {
			return max(sent, 0), err
		}
	}
}

// Splice moves up to n bytes from one descriptor to another, one of which is a pipe. It
// returns 0 at the end of the stream.
func Splice(to, from, n int) (moved int, err error) {
	for {
		if err = failed(CallSplice, from); err == nil {
			r, splice := unix.Splice(from, nil, to, nil, n, unix.SPLICE_F_NONBLOCK|unix.SPLICE_F_MOVE)
			moved, err = int(r), splice // r is an int on some systems, an int64 on others
		}
		if err == nil {
			return moved, nil
		}
		if err != syscall.EINTR {
			return 0, err
		}
	}
}

// Queued returns how much of the data written to a socket is still in the send queue
// (SIOCOUTQ): for TCP, the bytes that the peer's kernel has not acknowledged; for other
// sockets, the memory in use. It returns 0 if ioctl(2) fails.
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

// Pipe returns the ends of a new pipe, non-blocking and close-on-exec. It requests a
// capacity of size bytes, which the system may not grant.
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
