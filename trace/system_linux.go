package trace

import (
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/clock"
)

// now is the clock of the events.
func now() int64 { return clock.Now() }

func errnoName(errno syscall.Errno) string { return unix.ErrnoName(errno) }
