//go:build linux

package main

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// rawRead and rawWrite skip the scheduler's entry and exit work, which a call on a non-blocking socket does not need. The
// client uses them to stay cheap, the raw epoll server to be a floor. p must not be empty.

func rawRead(fd int, p []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
	return int(n), errno
}

func rawWrite(fd int, p []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
	return int(n), errno
}

// rawDiscard reads from a TCP socket without copying, which keeps a client cheap that is there to be written to.
func rawDiscard(fd int, p []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)),
		unix.MSG_TRUNC, 0, 0)
	return int(n), errno
}

// rawAnswerDatagram waits for a datagram and sends it back. unix.Recvfrom would allocate.
func rawAnswerDatagram(fd int, p []byte) unix.Errno {
	var from unix.RawSockaddrInet4
	size := uint32(unsafe.Sizeof(from))
	n, _, errno := unix.Syscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), 0,
		uintptr(unsafe.Pointer(&from)), uintptr(unsafe.Pointer(&size)))
	if errno != 0 {
		return errno
	}
	_, _, errno = unix.Syscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), n, 0,
		uintptr(unsafe.Pointer(&from)), uintptr(size))
	return errno
}
