// Package clock is the clock on which deadlines are kept.
//
// Where it stands: below everything. fd puts deadlines on it, poller and its timer heap
// compare them with it, and polldesc is given it by poller.
//
// It is the monotonic clock of the kernel, in nanoseconds since the program began, and
// goes on in a bubble of testing/synctest too. There package time tells the time of the
// bubble, which stands still until every goroutine in it waits; but a socket is connected
// to the world outside, and package net's deadlines come by the world's time as well.
package clock
