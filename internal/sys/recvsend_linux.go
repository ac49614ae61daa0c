package sys

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The calls below return EAGAIN where they would block, and never EINTR, as Read and
// Write do.

// RecvFrom receives a packet and its sender's address.
func (c Calls) RecvFrom(fd int, p []byte, from *RawAddr) (n int, err error) {
	for {
		if err = failed(CallRead, fd); err == nil {
			from.len = uint32(unsafe.Sizeof(from.any))
			var r uintptr
			var errno syscall.Errno
			if len(p) <= int(c) {
				r, _, errno = syscall.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd),
					uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), unix.MSG_DONTWAIT,
					uintptr(unsafe.Pointer(&from.any)), uintptr(unsafe.Pointer(&from.len)))
			} else {
				r, _, errno = syscall.Syscall6(unix.SYS_RECVFROM, uintptr(fd),
					uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), unix.MSG_DONTWAIT,
					uintptr(unsafe.Pointer(&from.any)), uintptr(unsafe.Pointer(&from.len)))
			}
			n, err = result(r, errno)
		}
		if err == nil {
			raceReadDone(fd, p[:n])
			return n, nil
		}
		if err != syscall.EINTR {
			from.len = 0
			return 0, err
		}
	}
}

// SendTo sends a packet to an address.
func (c Calls) SendTo(fd int, p []byte, to *RawAddr) (err error) {
	raceWriteStart(p)
	for {
		if err = failed(CallWrite, fd); err == nil {
			const flags = unix.MSG_DONTWAIT | unix.MSG_NOSIGNAL
			var errno syscall.Errno
			if len(p) <= int(c) {
				_, _, errno = syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(fd),
					uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), flags,
					uintptr(unsafe.Pointer(&to.any)), uintptr(to.len))
			} else {
				_, _, errno = syscall.Syscall6(unix.SYS_SENDTO, uintptr(fd),
					uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), flags,
					uintptr(unsafe.Pointer(&to.any)), uintptr(to.len))
			}
			_, err = result(0, errno)
		}
		if err != syscall.EINTR {
			return err
		}
	}
}

// RecvMsg receives a packet, its control messages and its sender's address. flags are
// those of recvmsg(2).
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
			n, err = c.message(unix.SYS_RECVMSG, fd, &msg, flags|unix.MSG_DONTWAIT, len(p)+len(oob))
		}
		if err == nil {
			raceReadDone(fd, p[:min(n, len(p))]) // MSG_TRUNC tells of more than there is
			from.len = msg.Namelen
			return n, int(msg.Controllen), int(msg.Flags), nil
		}
		if err != syscall.EINTR {
			from.len = 0
			return 0, 0, 0, err
		}
	}
}

// SendMsg sends a packet and its control messages, to an address unless that is nil.
func (c Calls) SendMsg(fd int, p, oob []byte, to *RawAddr) (n int, err error) {
	raceWriteStart(p)
	iov := iovec(p)
	msg := unix.Msghdr{Iov: &iov, Control: unsafe.SliceData(oob)}
	msg.SetIovlen(1)
	msg.SetControllen(len(oob))
	if to != nil {
		msg.Name, msg.Namelen = (*byte)(unsafe.Pointer(&to.any)), to.len
	}
	for {
		if err = failed(CallWrite, fd); err == nil {
			n, err = c.message(unix.SYS_SENDMSG, fd, &msg, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, len(p)+len(oob))
		}
		if err != syscall.EINTR {
			return n, err
		}
	}
}

// message is sendmsg(2) or recvmsg(2) of size bytes in all.
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

func result(n uintptr, errno syscall.Errno) (int, error) {
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
