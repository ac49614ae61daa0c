package clock

import (
	"math"
	"time"

	"golang.org/x/sys/unix"
)

// base and kernelBase are the zero of the clock, as read from package time and from the
// kernel. They are read in turn. If the thread is preempted in between, kernelBase is later,
// so the clock is late in a bubble by that time, and never early.
var base, kernelBase = time.Now(), kernelTime()

// decade tells a bubble's clock from the real one. In a bubble, time.Since(base) is a
// difference of wall clocks: negative, because a bubble's clock begins at midnight UTC
// 2000-01-01, or several decades after a Sleep of decades. For a process older than a decade,
// Now asks the kernel, which is right. Now is wrong in a bubble that has slept for 25 to 36
// years.
const decade = 10 * 365 * 24 * time.Hour

// InBubble reports whether the calling goroutine is in a bubble of testing/synctest. There
// time.Now has no monotonic clock reading; elsewhere it has one, until the year 2157.
func InBubble() bool { return !monotonic(time.Now()) }

// monotonic reports whether t has a monotonic clock reading, which Round(0) strips.
func monotonic(t time.Time) bool { return t != t.Round(0) }

// Now returns the time in nanoseconds, which is never 0. It may be called from several
// goroutines at once.
func Now() int64 {
	d := time.Since(base)
	if d < 0 || d > decade {
		d = kernelTime() - kernelBase
	}
	return int64(d) + 1
}

// kernelTime reads CLOCK_MONOTONIC, which is also the source of the runtime's monotonic time.
func kernelTime() time.Duration {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		panic("clock_gettime: " + err.Error()) // a bug: the argument is bad
	}
	return time.Duration(ts.Nano())
}

// Until converts t to this clock, and returns the current time too. As in package net, the
// distance of t from now is taken from the wall clock if t has no monotonic clock reading,
// and from the bubble's clock in a bubble.
func Until(t time.Time) (at, now int64) {
	if d := time.Since(base); 0 <= d && d <= decade && monotonic(t) {
		return int64(min(t.Sub(base), math.MaxInt64-1)) + 1, int64(d) + 1
	}
	left := time.Until(t) // read before Now, so that the deadline is not early
	now = Now()
	return After(now, left), now
}

// After returns now+d, or the largest int64 if that overflows.
func After(now int64, d time.Duration) int64 {
	if int64(d) > math.MaxInt64-now {
		return math.MaxInt64
	}
	return now + int64(d)
}

// Time converts at to a time.Time. The caller must not be in a bubble.
func Time(at int64) time.Time { return base.Add(time.Duration(at)) }
