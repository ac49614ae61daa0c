package sys

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Calls says how the calls that move data enter the kernel. The value is the size in bytes
// of the largest buffer that is passed in a raw call, which does not tell the scheduler.
type Calls int32

const (
	// RawCalls are raw up to a size that takes some ten microseconds to copy. They never wait
	// for the peer. But a raw call holds its P while the pages of its buffer are brought in,
	// and while another call has the socket locked.
	//
	// No datagram is larger. A program that receives datagrams often has a buffer for the
	// largest, although most are small. An ordinary call would wake the runtime's monitor, which
	// sleeps while all Ps are idle: with one client a thousand times a second.
	// Measured: a receive from a full TCP socket took 2 µs for 16 KiB, 3 µs for 32 KiB, 11 µs
	// for 64 KiB and 72 µs for 256 KiB; a send took 6 µs for 64 bytes and 14 µs for 64 KiB. A
	// stop of the world waits that long. And bench, udp, whose buffer has 64 KiB: with one
	// client, 0.7 to 0.8 times the CPU.
	RawCalls Calls = 64 << 10

	// OrdinaryCalls are never raw.
	OrdinaryCalls Calls = -1
)

// RecvFrom receives from a stream, or one packet. If from is not nil, it stores the
// sender's address there. It returns EAGAIN instead of blocking, and never EINTR.
//
// It passes MSG_DONTWAIT, because a process that shares the file description may clear
// O_NONBLOCK (golang/go#43894), and a raw call must not block.
func (c Calls) RecvFrom(fd int, p []byte, from *RawAddr) (n int, err error) {
	var addr *unix.RawSockaddrAny
	var size *uint32
	if from != nil {
		addr, size = &from.any, &from.len
	}
	for {
		if size != nil {
			*size = uint32(unsafe.Sizeof(*addr))
		}
		if err = failed(CallRead, fd); err == nil {
			// Both calls are written out: the compiler keeps p alive and in place only for a
			// direct call of package syscall's that has the conversion in its arguments.
			var r uintptr
			var errno syscall.Errno
			if len(p) <= int(c) { // DOC: raw-call
				r, _, errno = syscall.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd),
					uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), unix.MSG_DONTWAIT,
					uintptr(unsafe.Pointer(addr)), uintptr(unsafe.Pointer(size)))
			} else {
				r, _, errno = syscall.Syscall6(unix.SYS_RECVFROM, uintptr(fd),
					uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), unix.MSG_DONTWAIT,
					uintptr(unsafe.Pointer(addr)), uintptr(unsafe.Pointer(size)))
			}
			n, err = result(r, errno)
		}
		if err == nil {
			if from == nil { // a Read
				raceReadDone(fd, p[:n])
			} else {
				received(p[:n])
			}
			return n, nil
		}
		if err != syscall.EINTR {
			if size != nil {
				*size = 0
			}
			return 0, err
		}
	}
}

// SendTo sends to the peer of a connected socket if to is nil, else one packet to an
// address. It returns EAGAIN instead of blocking, and never EINTR. A broken connection
// raises no SIGPIPE.
func (c Calls) SendTo(fd int, p []byte, to *RawAddr) (n int, err error) {
	const flags = unix.MSG_DONTWAIT | unix.MSG_NOSIGNAL
	var addr *unix.RawSockaddrAny
	var size uint32
	if to != nil {
		if err := to.Err(); err != nil {
			return 0, err
		}
		addr, size = &to.any, to.len
	} else { // a Write
		raceWriteStart()
	}
	for {
		if err = failed(CallWrite, fd); err == nil {
			var r uintptr
			var errno syscall.Errno
			if len(p) <= int(c) {
				r, _, errno = syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(fd),
					uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), flags, // DOC: sendto
					uintptr(unsafe.Pointer(addr)), uintptr(size))
			} else {
				r, _, errno = syscall.Syscall6(unix.SYS_SENDTO, uintptr(fd),
					uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), flags,
					uintptr(unsafe.Pointer(addr)), uintptr(size))
			}
			n, err = result(r, errno)
		}
		if err != syscall.EINTR {
			if to == nil {
				raceWriteDone(p, n)
			} else {
				sent(p, n)
			}
			return n, err
		}
	}
}

// AtMark reports whether the next byte of a TCP stream is at the urgent mark, and true if
// ioctl(2) fails. The call takes no lock of the socket, and is raw.
func AtMark(fd int) bool {
	return ioctlTells(fd, unix.SIOCATMARK)
}

// ioctlTells reports whether what an ioctl(2) tells of a socket is not 0, and true if it fails.
func ioctlTells(fd int, request uintptr) bool {
	var v int32
	errno := refused(CallIoctl, fd)
	if errno == 0 {
		_, _, errno = syscall.RawSyscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(unsafe.Pointer(&v)))
	}
	return v != 0 || errno != 0
}

func result(n uintptr, errno syscall.Errno) (int, error) {
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}
