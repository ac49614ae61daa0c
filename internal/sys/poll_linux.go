package sys

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Readable reports whether poll(2) shows data or the end of the stream. If not, errored
// reports whether it shows POLLERR: either an error with which a read would fail, or a
// message in the socket's error queue, such as the time stamp of a packet sent, which a
// read ignores. Readable reads nothing.
func Readable(fd int) (is, errored bool, err error) {
	return ready(fd, unix.POLLIN|unix.POLLRDHUP)
}

// Writable is Readable for writing: POLLOUT, or the connection is broken.
func Writable(fd int) (is, errored bool, err error) { return ready(fd, unix.POLLOUT) }

func ready(fd int, events int16) (is, errored bool, err error) {
	got, err := pollNow(fd, events)
	return got&^unix.POLLERR != 0, got&unix.POLLERR != 0, err
}

// Peek fails as a read would, with EAGAIN instead of blocking. It reads no data, but clears
// the error that the socket holds.
func Peek(fd int) error {
	return untilDone(func() error {
		if err := failed(CallRead, fd); err != nil {
			return err
		}
		var b [1]byte
		_, _, err := syscall.Recvfrom(fd, b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		return err
	})
}

// SendNothing fails as a write to a stream would, except that it never returns EAGAIN. It
// clears the error that the socket holds.
func SendNothing(fd int) error {
	return untilDone(func() error {
		if err := failed(CallWrite, fd); err != nil {
			return err
		}
		_, err := syscall.SendmsgN(fd, nil, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		return err
	})
}

// TakeError returns and clears the error that a socket holds (SO_ERROR).
func TakeError(fd int) error {
	v, err := 0, failed(CallGetsockopt, fd)
	if err == nil {
		v, err = syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ERROR)
	}
	if err == nil && v != 0 {
		return syscall.Errno(v)
	}
	return os.NewSyscallError("getsockopt", err)
}

func untilDone(call func() error) error {
	for {
		if err := call(); err != syscall.EINTR {
			return err
		}
	}
}

// HungUp reports whether the peer of a stream has sent its last byte or the connection is
// broken. There may still be data to read. POLLERR alone is neither: it may be a message
// in the error queue.
func HungUp(fd int) (bool, error) {
	events, err := pollNow(fd, unix.POLLRDHUP)
	return events&(unix.POLLRDHUP|unix.POLLHUP) != 0, err
}

// pollNow returns those of events that are ready, and POLLHUP and POLLERR, without waiting.
// A seccomp filter made for programs that use package net may deny poll(2) but not epoll,
// so if poll fails, pollNow uses epoll.
func pollNow(fd int, events int16) (int16, error) {
	for {
		fds := [1]unix.PollFd{{Fd: int32(fd), Events: events}}
		err := failed(CallPoll, fd)
		if err == nil {
			_, err = unix.Poll(fds[:], 0)
		}
		switch err {
		case nil:
			return fds[0].Revents, nil
		case syscall.EINTR:
			continue
		}
		if got, err := epollNow(fd, events); err == nil {
			return got, nil
		}
		return 0, os.NewSyscallError("poll", err)
	}
}

// epollNow is pollNow by an epoll instance of its own. The events of epoll have the numbers
// of those of poll(2).
func epollNow(fd int, events int16) (int16, error) {
	epfd, err := EpollCreate()
	if err != nil {
		return 0, err
	}
	defer CloseFD(epfd)
	if err := EpollAdd(epfd, fd, uint32(events), 0, 0); err != nil {
		return 0, err
	}
	var got [1]EpollEvent
	EpollPoll(epfd, got[:])
	return int16(got[0].Events), nil
}
