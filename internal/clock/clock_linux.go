package clock

import (
	"math"
	"time"

	"golang.org/x/sys/unix"
)

// base and kernelBase are the zero of the clock, as package time and as the kernel tell it.
// They are read one after the other, so that the second may be later by as long as the
// thread was preempted in between: the clock of a bubble is late by that, and never early.
var base, kernelBase = time.Now(), kernelTime()

// decade is longer than most processes run. In a bubble, time.Since(base) is a difference
// of wall clocks: negative, because a bubble's clock begins at midnight UTC 2000-01-01, or
// some decades after a Sleep of decades. A process that is older than a decade has the right
// time from the kernel. A bubble that has slept for 25 to 36 years has not.
const decade = 10 * 365 * 24 * time.Hour

// InBubble reports whether the calling goroutine belongs to a bubble of testing/synctest:
// time.Now has no monotonic reading there, and has one elsewhere, until the year 2157.
func InBubble() bool { return !monotonic(time.Now()) }

// monotonic reports whether t has a monotonic reading, which Round takes away.
func monotonic(t time.Time) bool { return t != t.Round(0) }

// Now returns the time, which is never 0.
func Now() int64 {
	d := time.Since(base)
	if d < 0 || d > decade {
		d = kernelTime() - kernelBase
	}
	return int64(d) + 1
}

// kernelTime is the clock that the runtime's monotonic time is taken from.
func kernelTime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic("clock_gettime: " + err.Error()) // a bad argument: ours
	}
	return time.Duration(ts.Nano())
}

// Until returns t on this clock, and the time now. As in package net, a t without a
// monotonic reading is so far from now as the wall clock says, and a t in a bubble as
// the bubble's clock says.
func Until(t time.Time) (at, now int64) {
	if d := time.Since(base); 0 <= d && d <= decade && monotonic(t) {
		return int64(min(t.Sub(base), math.MaxInt64-1)) + 1, int64(d) + 1
	}
	left := time.Until(t) // before now, so that the deadline is not early
	now = Now()
	return After(now, left), now
}

// After returns now+d, or the last moment there is.
func After(now int64, d time.Duration) int64 {
	if int64(d) > math.MaxInt64-now {
		return math.MaxInt64
	}
	return now + int64(d)
}

// Time returns the moment at as package time has it. The caller is in no bubble.
func Time(at int64) time.Time { return base.Add(time.Duration(at)) }
