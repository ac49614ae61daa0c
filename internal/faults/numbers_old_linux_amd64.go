package main

import "golang.org/x/sys/unix"

// Calls that younger processors never had.
func init() {
	numbers["poll"] = unix.SYS_POLL
	numbers["unlink"] = unix.SYS_UNLINK
	numbers["epoll_wait"] = unix.SYS_EPOLL_WAIT
}
