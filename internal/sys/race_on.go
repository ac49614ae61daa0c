//go:build race

package sys

import (
	"runtime"
	"syscall"
	"unsafe"
)

// Package syscall tells the race detector that every Write happens before every later
// Read, whatever the descriptors (ioSync in syscall_unix.go). Programs rely on that, also
// over a connection that has a Conn of this module on one end and one of package net on
// the other. The variable is not exported, so these functions annotate it through two calls
// without effect: a Read of no bytes acquires it, and a Write to descriptor -1 releases it.
//
// It tells nothing of its other calls, sendfile(2) excepted. So this package tells nothing of
// recvmsg(2), writev(2) and their like, or -race would find less than it does with package net.

// raceReadDone reports what a Read has read.
func raceReadDone(fd int, p []byte) {
	if len(p) > 0 {
		runtime.RaceWriteRange(unsafe.Pointer(&p[0]), len(p))
	}
	syscall.Read(fd, nil)
}

// raceWriteStart reports that a Write begins.
func raceWriteStart() { syscall.Write(-1, nil) }

// raceWriteDone reports the n bytes of p that were sent, as package syscall does. To report all of
// p each time would take a Write that waits often very long.
func raceWriteDone(p []byte, n int) {
	if len(p) > 0 && n > 0 {
		runtime.RaceReadRange(unsafe.Pointer(&p[0]), min(n, len(p))) // a broken kernel module may say more
	}
}

func received([]byte)  {}
func sent([]byte, int) {}
