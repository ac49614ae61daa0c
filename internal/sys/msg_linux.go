package sys

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// RecvMsg receives a packet, its control messages and its sender's address. flags are
// those of recvmsg(2). It returns EAGAIN instead of blocking, and never EINTR.
func (c Calls) RecvMsg(fd int, p, oob []byte, flags int, from *RawAddr) (n, oobn, recvflags int, err error) {
	iov := iovec(p)
	for {
		msg := unix.Msghdr{
			Name:    (*byte)(unsafe.Pointer(&from.any)),
			Namelen: uint32(unsafe.Sizeof(from.any)),
			Iov:     &iov,
			Control: unsafe.SliceData(oob),
		}
		msg.SetIovlen(1)
		msg.SetControllen(len(oob))
		if err = failed(CallRead, fd); err == nil {
			n, err = c.message(unix.SYS_RECVMSG, fd, &msg, flags|unix.MSG_DONTWAIT, len(p))
		}
		if err == nil {
			received(p[:min(n, len(p))]) // with MSG_TRUNC, n is the size of the packet
			from.len = msg.Namelen
			return n, int(msg.Controllen), int(msg.Flags), nil
		}
		if err != syscall.EINTR {
			from.len = 0
			return 0, 0, 0, err
		}
	}
}

// SendMsg sends a packet and its control messages, to the peer if to is nil. It returns
// EAGAIN instead of blocking, and never EINTR. A broken connection raises no SIGPIPE.
func (c Calls) SendMsg(fd int, p, oob []byte, to *RawAddr) (n int, err error) {
	iov := iovec(p)
	msg := unix.Msghdr{Iov: &iov, Control: unsafe.SliceData(oob)}
	msg.SetIovlen(1)
	msg.SetControllen(len(oob))
	if to != nil {
		if err := to.Err(); err != nil {
			return 0, err
		}
		msg.Name, msg.Namelen = (*byte)(unsafe.Pointer(&to.any)), to.len
	}
	for {
		if err = failed(CallWrite, fd); err == nil {
			n, err = c.message(unix.SYS_SENDMSG, fd, &msg, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, len(p))
		}
		if err != syscall.EINTR {
			sent(p, n)
			return n, err
		}
	}
}

// message makes one sendmsg(2) or recvmsg(2) of size bytes of data. Control messages are small,
// however large the buffer for them.
func (c Calls) message(trap uintptr, fd int, msg *unix.Msghdr, flags, size int) (int, error) {
	var n uintptr
	var errno syscall.Errno
	if size <= int(c) {
		n, _, errno = syscall.RawSyscall(trap, uintptr(fd), uintptr(unsafe.Pointer(msg)), uintptr(flags))
	} else {
		n, _, errno = syscall.Syscall(trap, uintptr(fd), uintptr(unsafe.Pointer(msg)), uintptr(flags))
	}
	return result(n, errno)
}

func iovec(p []byte) (iov unix.Iovec) {
	iov.Base = unsafe.SliceData(p)
	iov.SetLen(len(p))
	return iov
}
