package sys

import (
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Socket returns a new socket, non-blocking and close-on-exec.
func Socket(family, sotype, proto int) (fd int, err error) {
	if err = failed(CallSocket, -1); err == nil {
		fd, err = unix.Socket(family, sotype|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, proto)
	}
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	return fd, nil
}

// Accept removes a connection from a listening socket's queue. It returns its descriptor,
// non-blocking and close-on-exec, and the peer's address. The error is the bare errno, and
// never EINTR. A raw call requires that no other code has the descriptor: accept4 has no
// MSG_DONTWAIT, and blocks if O_NONBLOCK was cleared. When the table of descriptors grows, at
// powers of two, it takes 5 to 10 ms, as socket(2) does.
func (c Calls) Accept(fd int) (nfd int, peer RawAddr, err error) {
	const flags = syscall.SOCK_NONBLOCK | syscall.SOCK_CLOEXEC
	for {
		if err = failed(CallAccept, fd); err == nil {
			peer.whole()
			var r uintptr
			var errno syscall.Errno
			if c == OrdinaryCalls {
				r, _, errno = syscall.Syscall6(unix.SYS_ACCEPT4, uintptr(fd), uintptr(unsafe.Pointer(&peer.any)),
					uintptr(unsafe.Pointer(&peer.len)), flags, 0, 0)
			} else {
				r, _, errno = syscall.RawSyscall6(unix.SYS_ACCEPT4, uintptr(fd), uintptr(unsafe.Pointer(&peer.any)),
					uintptr(unsafe.Pointer(&peer.len)), flags, 0, 0)
			}
			nfd, err = result(r, errno)
		}
		if err != syscall.EINTR {
			return nfd, peer, err
		}
	}
}

// Listens reports whether a socket is listening (SO_ACCEPTCONN), and true if getsockopt(2)
// fails.
func Listens(fd int) bool {
	v, err := 0, failed(CallGetsockopt, fd)
	if err == nil {
		v, err = syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ACCEPTCONN)
	}
	return v != 0 || err != nil
}

// IsTCP reports whether the protocol of a stream socket is TCP, and false if getsockopt(2)
// fails. The call takes no lock of the socket, and is raw.
func IsTCP(fd int) bool {
	var proto int32
	size := uint32(unsafe.Sizeof(proto))
	errno := refused(CallGetsockopt, fd)
	if errno == 0 {
		_, _, errno = syscall.RawSyscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_PROTOCOL,
			uintptr(unsafe.Pointer(&proto)), uintptr(unsafe.Pointer(&size)), 0)
	}
	return errno == 0 && proto == unix.IPPROTO_TCP
}

// HoldsUnread reports whether a TCP connection has received what was not read, and true if
// ioctl(2) fails, as it does for a listener. The call is raw.
func HoldsUnread(fd int) bool { return ioctlTells(fd, unix.SIOCINQ) }

// Connect starts a connection. The error is the bare errno. EINPROGRESS and EINTR mean
// that the connection is in progress. Called again, it returns EALREADY while that is so, and
// then once nil or the error with which the connection failed.
func Connect(fd int, sa syscall.Sockaddr) error {
	if err := failed(CallConnect, fd); err != nil {
		return err
	}
	return syscall.Connect(fd, sa)
}

// Getsockname stores the local address of a socket in a.
func (c Calls) Getsockname(fd int, a *RawAddr) error {
	return c.getname(CallGetsockname, unix.SYS_GETSOCKNAME, fd, a)
}

// Getpeername stores the address of a socket's peer in a.
func (c Calls) Getpeername(fd int, a *RawAddr) error {
	return c.getname(CallGetpeername, unix.SYS_GETPEERNAME, fd, a)
}

// getname makes a call that waits for nothing but the lock of the socket.
func (c Calls) getname(call Call, trap uintptr, fd int, a *RawAddr) error {
	a.whole()
	errno := refused(call, fd)
	switch {
	case errno != 0:
	case c == OrdinaryCalls:
		_, _, errno = syscall.Syscall(trap, uintptr(fd), uintptr(unsafe.Pointer(&a.any)), uintptr(unsafe.Pointer(&a.len)))
	default:
		_, _, errno = syscall.RawSyscall(trap, uintptr(fd), uintptr(unsafe.Pointer(&a.any)), uintptr(unsafe.Pointer(&a.len)))
	}
	if errno != 0 {
		a.len = 0
		return errno
	}
	return nil
}

// SetsockoptInt is setsockopt(2) with an int. Of the options that are an int, none waits for
// anything but the lock of the socket.
func (c Calls) SetsockoptInt(fd, level, name, value int) error {
	v := int32(value)
	errno := refused(CallSetsockopt, fd)
	switch {
	case errno != 0:
	case c == OrdinaryCalls:
		_, _, errno = syscall.Syscall6(unix.SYS_SETSOCKOPT, uintptr(fd), uintptr(level), uintptr(name),
			uintptr(unsafe.Pointer(&v)), unsafe.Sizeof(v), 0)
	default:
		_, _, errno = syscall.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(fd), uintptr(level), uintptr(name),
			uintptr(unsafe.Pointer(&v)), unsafe.Sizeof(v), 0)
	}
	if errno != 0 {
		return errno
	}
	return nil
}

// Dup returns a duplicate of fd, close-on-exec in one step. If that fails with EINVAL, as
// with RLIMIT_NOFILE 0, or ENOSYS, it uses dup(2) and holds syscall.ForkLock until the
// duplicate is close-on-exec, as package net does.
func Dup(fd int) (nfd int, err error) {
	if err = failed(CallDup, fd); err == nil {
		nfd, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	}
	if err != syscall.EINVAL && err != syscall.ENOSYS {
		return nfd, os.NewSyscallError("fcntl", err)
	}
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	if err = failed(CallPlainDup, fd); err == nil {
		nfd, err = syscall.Dup(fd)
	}
	if err != nil {
		return -1, os.NewSyscallError("dup", err)
	}
	syscall.CloseOnExec(nfd)
	return nfd, nil
}

// Blocks reports whether O_NONBLOCK is cleared. Any process that shares the file
// description can clear it. It reports false if fcntl(2) fails.
func Blocks(fd int) bool {
	if failed(CallFcntl, fd) != nil {
		return false
	}
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	return err == nil && flags&unix.O_NONBLOCK == 0
}

// CloseFD is close(2) that does not return EINTR: Linux has closed the descriptor then.
func CloseFD(fd int) error { return OrdinaryCalls.Close(fd) }

// Close is CloseFD. A raw call requires a socket that closes at once: see FD.closeCalls of
// package fd.
func (c Calls) Close(fd int) (err error) {
	var errno syscall.Errno
	if c == OrdinaryCalls {
		_, _, errno = syscall.Syscall(unix.SYS_CLOSE, uintptr(fd), 0, 0)
	} else {
		_, _, errno = syscall.RawSyscall(unix.SYS_CLOSE, uintptr(fd), 0, 0)
	}
	if _, err = result(0, errno); err == nil {
		err = failed(CallClose, fd)
	}
	if err != syscall.EINTR {
		return err
	}
	return nil
}
