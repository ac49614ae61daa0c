//go:build race

package sys

import (
	"runtime"
	"syscall"
	"unsafe"
)

// Package syscall tells the race detector that what was done before a Write is
// visible after a Read, whatever the descriptors. Programs rely on it, also across a
// connection with our Conn on one end and package net's on the other, and the word it
// uses is out of reach. So these annotations touch it through two calls that change
// nothing: a Read of no bytes, which acquires, and a Write to no descriptor, which
// releases.

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
