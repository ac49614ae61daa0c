package servers

import (
	"fmt"
	"log"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/bench/sys"
)

// A rawHandler does what can be done on a connection that has something to read, and reports whether it goes on.
type rawHandler func(fd int, events uint32, buf []byte) bool

// startRaw serves from one thread with no goroutine per connection, no deadlines and no fairness: less than any real
// server does, and so the floor under all of them.
func startRaw(handle rawHandler) (Subject, error) {
	ln, port, err := rawListen()
	if err != nil {
		return Subject{}, err
	}
	epfd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return Subject{}, fmt.Errorf("epoll_create1: %w", err)
	}
	// The listener is level-triggered: what one accept leaves behind is reported again.
	if err := rawWatch(epfd, ln, unix.EPOLLIN); err != nil {
		return Subject{}, err
	}
	go func() {
		runtime.LockOSThread()
		log.Fatal("raw epoll: ", rawLoop(epfd, ln, handle))
	}()
	return Subject{Addr: fmt.Sprintf("127.0.0.1:%d", port)}, nil
}

// RawEcho is Echo without any library, on one thread.
func RawEcho(Variant, Point) (Subject, error) { return startRaw(rawEcho) }

// rawOptions are what the packages set on each connection, with five system calls.
var rawOptions = []struct{ level, option, value int }{
	{unix.IPPROTO_TCP, unix.TCP_NODELAY, 1},
	{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
	{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 15},
	{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 15},
	{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 9},
}

// rawListen listens with rawOptions, which on Linux every connection inherits: so a bare loop gives its user the same
// socket as the packages do, without a call for each connection.
func rawListen() (fd, port int, err error) {
	fd, port, err = sys.Listen()
	if err != nil {
		return -1, 0, err
	}
	for _, o := range rawOptions {
		if err := unix.SetsockoptInt(fd, o.level, o.option, o.value); err != nil {
			return -1, 0, fmt.Errorf("setsockopt: %w", err)
		}
	}
	return fd, port, nil
}

func rawWatch(epfd, fd int, events uint32) error {
	ev := unix.EpollEvent{Events: events, Fd: int32(fd)}
	if err := unix.EpollCtl(epfd, unix.EPOLL_CTL_ADD, fd, &ev); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	return nil
}

func rawLoop(epfd, ln int, handle rawHandler) error {
	events := make([]unix.EpollEvent, 128)
	buf := make([]byte, BufferSize)
	for {
		n, err := sys.EpollWait(epfd, events, -1)
		if err != nil {
			return fmt.Errorf("epoll_wait: %w", err)
		}
		for _, ev := range events[:n] {
			fd := int(ev.Fd)
			if fd == ln {
				if err := rawAccept(epfd, ln); err != nil {
					return err
				}
			} else if !handle(fd, ev.Events, buf) {
				unix.Close(fd)
			}
		}
	}
}

func rawAccept(epfd, ln int) error {
	fd, _, err := unix.Accept4(ln, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
	if err == unix.EAGAIN || err == unix.ECONNABORTED || err == unix.EINTR {
		return nil
	}
	if err != nil {
		return fmt.Errorf("accept4: %w", err)
	}
	return rawWatch(epfd, fd, unix.EPOLLIN|unix.EPOLLRDHUP|sys.EdgeTriggered)
}

// rawEnding are the events after which a short read does not mean that there is nothing more to read.
const rawEnding = unix.EPOLLRDHUP | unix.EPOLLHUP | unix.EPOLLERR

// rawEcho answers what has arrived and reports whether the connection goes on. A read that does not fill the buffer has
// emptied the socket, unless the peer has ended the stream or sends urgent data, which this client does not.
func rawEcho(fd int, events uint32, buf []byte) bool {
	for {
		n, errno := sys.Read(fd, buf)
		switch {
		case errno == unix.EAGAIN:
			return true
		case errno == unix.EINTR:
			continue
		case errno != 0 || n == 0:
			return false
		}
		if !rawSend(fd, buf[:n]) {
			return false
		}
		if n < len(buf) && events&rawEnding == 0 {
			return true
		}
	}
}

// rawSend waits for room when the socket is full. That stops the loop, but only large requests come here, and the client
// always reads.
func rawSend(fd int, p []byte) bool {
	for len(p) > 0 {
		n, errno := sys.Write(fd, p)
		switch errno {
		case 0:
			p = p[n:]
		case unix.EAGAIN:
			unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, -1)
		case unix.EINTR:
		default:
			return false
		}
	}
	return true
}
