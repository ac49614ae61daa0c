package clock

import (
	"time"

	"github.com/a57b2d82/netpoller/internal/search/kernel"
)

// Now returns the time.
func Now() int64 { return kernel.Now() }

// InBubble reports whether the goroutine is in a bubble.
func InBubble() bool { return kernel.InBubble() }

// Until returns t on this clock, and the time now.
func Until(t time.Time) (at, now int64) { return int64(t.Sub(kernel.Base)), Now() }

// After returns now+d.
func After(now int64, d time.Duration) int64 { return now + int64(d) }

// Time returns the moment at as package time has it.
func Time(at int64) time.Time { return kernel.Base.Add(time.Duration(at)) }
