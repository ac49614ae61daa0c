//go:build linux && (amd64 || arm64)

package main

import "golang.org/x/sys/unix"

// numbers are those of the system calls. Where it is empty nothing can be made to fail
// from outside: on 386 the calls of sockets are one.
var numbers = map[string]uint32{
	"socket": unix.SYS_SOCKET, "bind": unix.SYS_BIND, "listen": unix.SYS_LISTEN, "connect": unix.SYS_CONNECT,
	"accept4": unix.SYS_ACCEPT4, "accept": unix.SYS_ACCEPT, "getsockname": unix.SYS_GETSOCKNAME,
	"getpeername": unix.SYS_GETPEERNAME, "setsockopt": unix.SYS_SETSOCKOPT, "getsockopt": unix.SYS_GETSOCKOPT,
	"shutdown": unix.SYS_SHUTDOWN, "read": unix.SYS_READ, "readv": unix.SYS_READV, "recvfrom": unix.SYS_RECVFROM,
	"recvmsg": unix.SYS_RECVMSG, "recvmmsg": unix.SYS_RECVMMSG, "write": unix.SYS_WRITE, "writev": unix.SYS_WRITEV,
	"sendto": unix.SYS_SENDTO, "sendmsg": unix.SYS_SENDMSG, "sendmmsg": unix.SYS_SENDMMSG, "sendfile": unix.SYS_SENDFILE,
	"splice": unix.SYS_SPLICE, "pipe2": unix.SYS_PIPE2, "fcntl": unix.SYS_FCNTL, "ioctl": unix.SYS_IOCTL,
	"ppoll": unix.SYS_PPOLL, "close": unix.SYS_CLOSE, "unlinkat": unix.SYS_UNLINKAT, "epoll_ctl": unix.SYS_EPOLL_CTL,
	"epoll_create1": unix.SYS_EPOLL_CREATE1, "epoll_pwait": unix.SYS_EPOLL_PWAIT, "epoll_pwait2": unix.SYS_EPOLL_PWAIT2,
	"eventfd2": unix.SYS_EVENTFD2,
}
