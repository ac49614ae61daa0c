package sys

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// EdgeTriggered is EPOLLET, which package unix declares as a negative number on some machines.
const EdgeTriggered = 1 << 31

// EpollWait retries when a signal interrupts it: the Go runtime sends some.
func EpollWait(epfd int, events []unix.EpollEvent, millis int) (int, error) {
	for {
		n, err := unix.EpollWait(epfd, events, millis)
		if err != unix.EINTR {
			return n, err
		}
	}
}

// Listen returns a non-blocking TCP socket that listens on a port of loopback.
func Listen() (fd, port int, err error) {
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, 0, fmt.Errorf("socket: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return -1, 0, fmt.Errorf("bind: %w", err)
	}
	if err := unix.Listen(fd, 4096); err != nil {
		return -1, 0, fmt.Errorf("listen: %w", err)
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return -1, 0, fmt.Errorf("getsockname: %w", err)
	}
	return fd, sa.(*unix.SockaddrInet4).Port, nil
}
