package sys

import (
	"os"
	"syscall"

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

// Accept removes a connection from a listening socket's queue and returns its descriptor,
// non-blocking and close-on-exec. The error is the bare errno, and never EINTR.
func Accept(fd int) (nfd int, sa syscall.Sockaddr, err error) {
	for {
		if err = failed(CallAccept, fd); err == nil {
			nfd, sa, err = syscall.Accept4(fd, syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC)
		}
		if err != syscall.EINTR {
			return nfd, sa, err
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

// Connect starts a connection. The error is the bare errno. EINPROGRESS and EINTR mean
// that the connection is in progress.
func Connect(fd int, sa syscall.Sockaddr) error {
	if err := failed(CallConnect, fd); err != nil {
		return err
	}
	return syscall.Connect(fd, sa)
}

// SocketError returns and clears the error that a socket holds (SO_ERROR), 0 for none.
func SocketError(fd int) (syscall.Errno, error) {
	err := failed(CallGetsockopt, fd)
	var v int
	if err == nil {
		v, err = syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ERROR)
	}
	return syscall.Errno(v), os.NewSyscallError("getsockopt", err)
}

// Getpeername is getpeername(2).
func Getpeername(fd int) (syscall.Sockaddr, error) {
	if err := failed(CallGetpeername, fd); err != nil {
		return nil, err
	}
	return syscall.Getpeername(fd)
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
func CloseFD(fd int) error {
	err := syscall.Close(fd)
	if err == nil {
		err = failed(CallClose, fd)
	}
	if err != syscall.EINTR {
		return err
	}
	return nil
}
