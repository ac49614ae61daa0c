package main

import (
	"slices"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/sys"
)

// A call is what is made to fail: system calls that do one thing. Package net reads from a
// connection by read, we do by recvfrom; both receive.
type call struct {
	name   string
	system []string // system calls
	on     string   // what the descriptor must be: "socket", "eventfd"; "" for anything
	op     int      // what the second argument must be; any if anyOp
	errnos []syscall.Errno

	inside bool // the call hook of package sys fails, in ours only
	hook   sys.Call
}

const anyOp = -1

// denied are the errors by which filters of system calls say no.
var denied = []syscall.Errno{syscall.EPERM, syscall.EACCES, syscall.ENOSYS}

// The errors are those of the manual pages and of the kernel's source, and no system call
// is safe from those of a filter, from EINTR, and from an argument that the kernel does not
// like.
func errnos(more ...syscall.Errno) []syscall.Errno {
	all := append([]syscall.Errno{}, denied...)
	all = append(all, syscall.EINTR, syscall.EINVAL, syscall.ENOMEM)
	return append(all, more...)
}

var calls = []call{
	{name: "socket", system: []string{"socket"}, op: anyOp, errnos: errnos(syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS,
		syscall.EAFNOSUPPORT, syscall.EPROTONOSUPPORT)},
	{name: "bind", system: []string{"bind"}, op: anyOp, errnos: errnos(syscall.EADDRINUSE, syscall.EADDRNOTAVAIL, syscall.EBADF,
		syscall.EROFS)},
	{name: "listen", system: []string{"listen"}, op: anyOp, errnos: errnos(syscall.EADDRINUSE, syscall.EOPNOTSUPP, syscall.EBADF)},
	{name: "connect", system: []string{"connect"}, op: anyOp, errnos: errnos(syscall.EAGAIN, syscall.EADDRNOTAVAIL, syscall.ECONNREFUSED,
		syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.ETIMEDOUT, syscall.ECONNRESET, syscall.EALREADY, syscall.EISCONN,
		syscall.ENOBUFS, syscall.EBADF)},
	{name: "accept", system: []string{"accept4", "accept"}, op: anyOp, errnos: errnos(syscall.EAGAIN, syscall.ECONNABORTED, syscall.EMFILE,
		syscall.ENFILE, syscall.ENOBUFS, syscall.EPROTO, syscall.ENETDOWN, syscall.EHOSTUNREACH, syscall.EBADF)},
	{name: "getsockname", system: []string{"getsockname"}, op: anyOp, errnos: errnos(syscall.ENOBUFS, syscall.EBADF)},
	{name: "getpeername", system: []string{"getpeername"}, op: anyOp, errnos: errnos(syscall.ENOTCONN, syscall.ENOBUFS, syscall.EBADF)},
	{name: "setsockopt", system: []string{"setsockopt"}, op: anyOp, errnos: errnos(syscall.ENOPROTOOPT, syscall.EDOM, syscall.ENOBUFS,
		syscall.EBADF)},
	{name: "getsockopt", system: []string{"getsockopt"}, op: anyOp, errnos: errnos(syscall.ENOPROTOOPT, syscall.EOPNOTSUPP, syscall.EBADF)},
	{name: "shutdown", system: []string{"shutdown"}, op: anyOp, errnos: errnos(syscall.ENOTCONN, syscall.EBADF)},
	{name: "receive", system: []string{"read", "readv", "recvfrom", "recvmsg", "recvmmsg"}, on: "socket", op: anyOp,
		errnos: errnos(syscall.EAGAIN, syscall.EIO, syscall.ECONNRESET, syscall.ECONNREFUSED, syscall.ETIMEDOUT, syscall.ENOBUFS,
			syscall.EHOSTUNREACH, syscall.EBADF)},
	{name: "send", system: []string{"write", "writev", "sendto", "sendmsg", "sendmmsg"}, on: "socket", op: anyOp,
		errnos: errnos(syscall.EAGAIN, syscall.EIO, syscall.EPIPE, syscall.ECONNRESET, syscall.ENOBUFS, syscall.EMSGSIZE,
			syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.EBADF)},
	{name: "sendfile", system: []string{"sendfile"}, op: anyOp, errnos: errnos(syscall.EAGAIN, syscall.EIO, syscall.EPIPE, syscall.ECONNRESET,
		syscall.EOVERFLOW, syscall.EOPNOTSUPP, syscall.ENOBUFS, syscall.EBADF)},
	{name: "splice", system: []string{"splice"}, op: anyOp, errnos: errnos(syscall.EAGAIN, syscall.EIO, syscall.EPIPE, syscall.ECONNRESET,
		syscall.EBADF)},
	{name: "pipe2", system: []string{"pipe2"}, op: anyOp, errnos: errnos(syscall.EMFILE, syscall.ENFILE)},
	{name: "F_DUPFD_CLOEXEC", system: []string{"fcntl"}, op: unix.F_DUPFD_CLOEXEC, errnos: errnos(syscall.EMFILE, syscall.EBADF)},
	{name: "F_GETFL", system: []string{"fcntl"}, op: unix.F_GETFL, errnos: errnos(syscall.EBADF)},
	{name: "F_SETFL", system: []string{"fcntl"}, op: unix.F_SETFL, errnos: errnos(syscall.EBADF)},
	{name: "F_SETPIPE_SZ", system: []string{"fcntl"}, op: unix.F_SETPIPE_SZ, errnos: errnos(syscall.EBUSY)},
	{name: "ioctl", system: []string{"ioctl"}, on: "socket", op: anyOp, errnos: errnos(syscall.ENOTTY, syscall.EBADF)},
	{name: "poll", system: []string{"poll", "ppoll"}, op: anyOp, errnos: errnos()},
	// Of EINTR after which the descriptor is open, as it is if a filter says so, nobody can know.
	{name: "close", system: []string{"close"}, on: "socket", op: anyOp, errnos: append(slices.Clone(denied), syscall.EIO, syscall.ENOSPC,
		syscall.EDQUOT, syscall.EBADF)},
	{name: "unlink", system: []string{"unlink", "unlinkat"}, op: anyOp, errnos: errnos(syscall.EROFS, syscall.EBUSY, syscall.ENOENT)},
	{name: "EPOLL_CTL_ADD", system: []string{"epoll_ctl"}, op: unix.EPOLL_CTL_ADD, errnos: errnos(syscall.ENOSPC, syscall.EEXIST,
		syscall.ELOOP, syscall.EBADF)},
	{name: "EPOLL_CTL_MOD", system: []string{"epoll_ctl"}, op: unix.EPOLL_CTL_MOD, errnos: errnos(syscall.ENOENT, syscall.EBADF)},
	{name: "EPOLL_CTL_DEL", system: []string{"epoll_ctl"}, op: unix.EPOLL_CTL_DEL, errnos: errnos(syscall.ENOENT, syscall.EBADF)},
	{name: "epoll_create1", system: []string{"epoll_create1"}, op: anyOp, errnos: errnos(syscall.EMFILE, syscall.ENFILE)},
	{name: "epoll_pwait", system: []string{"epoll_pwait", "epoll_wait"}, op: anyOp, errnos: errnos(syscall.EBADF)},
	{name: "epoll_pwait2", system: []string{"epoll_pwait2"}, op: anyOp, errnos: errnos(syscall.EBADF)},
	{name: "eventfd2", system: []string{"eventfd2"}, op: anyOp, errnos: errnos(syscall.EMFILE, syscall.ENFILE, syscall.ENODEV)},
	{name: "eventfd read", system: []string{"read"}, on: "eventfd", op: anyOp, errnos: errnos(syscall.EAGAIN, syscall.EIO, syscall.EBADF)},
	{name: "eventfd write", system: []string{"write"}, on: "eventfd", op: anyOp, errnos: errnos(syscall.EAGAIN, syscall.EIO, syscall.EBADF)},
}

// hooks are the calls of package sys.
func hooks() (all []call) {
	outside := map[sys.Call]string{sys.CallRead: "receive", sys.CallWrite: "send", sys.CallAccept: "accept",
		sys.CallEpollCtl: "EPOLL_CTL_ADD", sys.CallPlainDup: "F_DUPFD_CLOEXEC", sys.CallFcntl: "F_GETFL"}
	for hook := range sys.NumCalls {
		if hook == sys.CallGetsockname {
			continue // package net does not survive it either, as getsockname shows
		}
		c := call{name: "." + hook.String(), op: anyOp, inside: true, hook: hook}
		like := outside[hook]
		if like == "" {
			like = hook.String()
		}
		if i := slices.IndexFunc(calls, func(c call) bool { return c.name == like }); i >= 0 {
			c.errnos = slices.DeleteFunc(slices.Clone(calls[i].errnos), lies)
		}
		switch hook {
		case sys.CallEpollWait:
			c.errnos = []syscall.Errno{syscall.EINTR} // others crash us, as they crash Go's own poller
		case sys.CallNotify:
			c.errnos = []syscall.Errno{syscall.EINTR, syscall.EAGAIN}
		case sys.CallClose: // is made before it fails
			c.errnos = append(slices.Clone(c.errnos), syscall.EINTR)
		}
		all = append(all, c)
	}
	return all
}

// lies reports whether an error tells of what is not so, if it is made up: nobody waits for
// what is there already. Package net does not survive it either.
func lies(errno syscall.Errno) bool { return errno == syscall.EAGAIN || errno == syscall.EISCONN }

// A when says which of the calls fail, of those that a step of the program makes.
type when string

const (
	first  when = "1"
	second when = "2"
	fifth  when = "5"
	random when = "random"
	always when = "always"
	never  when = "never"
)

var whens = []when{first, second, fifth, random, always}

// A fault is what fails, how and when.
type fault struct {
	call  call
	errno syscall.Errno
	when  when
}

func (f fault) String() string {
	return f.call.name + " " + unix.ErrnoName(f.errno) + " " + string(f.when)
}

// possible reports whether a program can be asked to survive it. A call that each time is
// interrupted, would block, or finds a connection that was aborted, never comes to an end.
func (f fault) possible() bool {
	endless := []syscall.Errno{syscall.EINTR, syscall.EAGAIN, syscall.ECONNABORTED}
	return f.when != always || !slices.Contains(endless, f.errno)
}

// faults are all there are.
func faults() (all []fault) {
	for _, c := range slices.Concat(calls, hooks()) {
		for _, errno := range c.errnos {
			for _, w := range whens {
				if f := (fault{c, errno, w}); f.possible() {
					all = append(all, f)
				}
			}
		}
	}
	return all
}
