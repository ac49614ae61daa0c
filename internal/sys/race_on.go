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

func raceReadDone(fd int, p []byte) {
	if len(p) > 0 {
		runtime.RaceWriteRange(unsafe.Pointer(&p[0]), len(p))
	}
	syscall.Read(fd, nil)
}

func raceWriteStart(p []byte) {
	if len(p) > 0 {
		runtime.RaceReadRange(unsafe.Pointer(&p[0]), len(p))
	}
	syscall.Write(-1, nil)
}
