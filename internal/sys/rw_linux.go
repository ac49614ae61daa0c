package sys

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Calls are the calls that move data, by how they enter the kernel. The value is the size
// in bytes of the largest transfer that is made raw, without telling the scheduler.
type Calls int32

const (
	// RawCalls are raw up to a size that takes a few microseconds to copy. They never wait
	// for the peer. But they hold their P for as long as the pages of a buffer take to
	// come, and so does a call on a socket that another one has locked meanwhile.
	RawCalls Calls = 16 << 10

	// OrdinaryCalls are never raw.
	OrdinaryCalls Calls = -1
)

// Read receives from a socket. It returns EAGAIN where it would block, and never EINTR.
//
// It says MSG_DONTWAIT each time, because O_NONBLOCK belongs to the description: a
// process that shares it can clear it (golang/go#43894), and a raw call must not block.
func (c Calls) Read(fd int, p []byte) (n int, err error) {
	for {
		if err = failed(CallRead, fd); err == nil {
			n, err = c.transfer(unix.SYS_RECVFROM, fd, p, unix.MSG_DONTWAIT)
		}
		if err == nil {
			raceReadDone(fd, p[:n])
			return n, nil
		}
		if err != syscall.EINTR {
			return 0, err
		}
	}
}

// Write sends to a connected socket. It returns EAGAIN where it would block, and never
// EINTR. A broken connection raises no SIGPIPE.
func (c Calls) Write(fd int, p []byte) (n int, err error) {
	raceWriteStart(p)
	for {
		if err = failed(CallWrite, fd); err == nil {
			n, err = c.transfer(unix.SYS_SENDTO, fd, p, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL) // DOC: sendto
		}
		if err == nil {
			return n, nil
		}
		if err != syscall.EINTR {
			return 0, err
		}
	}
}

// transfer names both calls, because the compiler keeps p alive, and where it is, only
// for a direct call of package syscall's with the conversion in its arguments.
func (c Calls) transfer(trap uintptr, fd int, p []byte, flags uintptr) (int, error) {
	var n uintptr
	var errno syscall.Errno
	if len(p) <= int(c) { // DOC: raw-call
		n, _, errno = syscall.RawSyscall6(trap, uintptr(fd),
			uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), flags, 0, 0)
	} else {
		n, _, errno = syscall.Syscall6(trap, uintptr(fd),
			uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), flags, 0, 0)
	}
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

// AtMark reports whether the next byte of a TCP stream is at the urgent mark, and true if
// ioctl(2) fails. The call takes no lock of the socket, and is raw.
func AtMark(fd int) bool {
	var at int32
	errno := refused(CallIoctl, fd)
	if errno == 0 {
		_, _, errno = syscall.RawSyscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCATMARK, uintptr(unsafe.Pointer(&at)))
	}
	return at != 0 || errno != 0
}
