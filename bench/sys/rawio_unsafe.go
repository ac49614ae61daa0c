//go:build linux

package sys

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Read reads from a non-blocking socket. p must not be empty, here and below.
func Read(fd int, p []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
	return int(n), errno
}

// Write writes to a non-blocking socket.
func Write(fd int, p []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
	return int(n), errno
}

// Discard reads from a TCP socket without copying, which keeps a client cheap that is there to be written to.
func Discard(fd int, p []byte) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)),
		unix.MSG_TRUNC, 0, 0)
	return int(n), errno
}

// AnswerDatagram waits for a datagram and sends it back. unix.Recvfrom would allocate.
func AnswerDatagram(fd int, p []byte) unix.Errno {
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
