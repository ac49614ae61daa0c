// Package clock is the clock of deadlines.
//
// Where it stands: at the bottom. fd converts deadlines to it, poller and its timer heap
// compare them with it, and poller passes it to polldesc.
//
// It is the kernel's monotonic clock, in nanoseconds since the start of the program. In a
// bubble of testing/synctest, package time returns the time of the bubble, which stands still
// until all goroutines in the bubble are blocked. This clock goes on there: the peer of a
// socket may be outside the bubble, and package net's deadlines follow the real time too.
package clock
