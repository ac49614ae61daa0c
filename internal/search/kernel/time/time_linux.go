package time

import (
	"time"

	"github.com/a57b2d82/netpoller/internal/search/kernel"
)

type (
	Time     = time.Time
	Duration = time.Duration
)

const (
	Microsecond = time.Microsecond
	Millisecond = time.Millisecond
	Second      = time.Second
)

// Unix is the real one.
func Unix(sec, nsec int64) Time { return time.Unix(sec, nsec) }

// AfterFunc starts f at once: it is called with 0, to start a reactor.
func AfterFunc(d Duration, f func()) *time.Timer {
	if d != 0 {
		panic("time.AfterFunc is modeled for 0 only")
	}
	kernel.Reactor(f)
	return nil
}
