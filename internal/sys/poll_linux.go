package sys

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Readable reports whether there is something to read: data, or an end. If not, errored
// says that poll(2) shows an error (POLLERR). That is one which a read would fail with, or
// only a message in the socket's error queue, such as the time stamp of a packet sent, of
// which a read takes no notice. It takes nothing.
func Readable(fd int) (is, errored bool, err error) {
	return ready(fd, unix.POLLIN|unix.POLLRDHUP)
}

// Writable is Readable for writing: there is room, or the connection is broken.
func Writable(fd int) (is, errored bool, err error) { return ready(fd, unix.POLLOUT) }

func ready(fd int, events int16) (is, errored bool, err error) {
	got, err := pollNow(fd, events)
	return got&^unix.POLLERR != 0, got&unix.POLLERR != 0, err
}

// Peek fails as a read would, with EAGAIN where it would block, and takes no data. The
// error that the socket holds is taken.
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

// SendNothing fails as a write to a stream would, but for want of room. The error that the
// socket holds is taken.
func SendNothing(fd int) error {
	return untilDone(func() error {
		if err := failed(CallWrite, fd); err != nil {
			return err
		}
		_, err := syscall.SendmsgN(fd, nil, nil, nil, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
		return err
	})
}

// TakeError takes the error that a socket holds (SO_ERROR).
func TakeError(fd int) error {
	errno, err := SocketError(fd)
	if err == nil && errno != 0 {
		err = errno
	}
	return err
}

func untilDone(call func() error) error {
	for {
		if err := call(); err != syscall.EINTR {
			return err
		}
	}
}

// HungUp reports whether the other end of a stream has sent its last byte, or the
// connection is broken. What it sent before may still be there to be read. An error by
// itself (POLLERR) does not mean that: it may be a message about a packet sent.
func HungUp(fd int) (bool, error) {
	events, err := pollNow(fd, unix.POLLRDHUP)
	return events&(unix.POLLRDHUP|unix.POLLHUP) != 0, err
}

// pollNow returns which of the events there are, and what poll(2) tells unasked: a
// hang-up, an error. A filter made for programs that use package net may deny poll, but not
// epoll, which says the same.
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

// epollNow is pollNow by an epoll instance of its own. Both have the same numbers for events.
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
