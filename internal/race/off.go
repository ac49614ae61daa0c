//go:build !race

package race

// Hide hides from the race detector the synchronization, but no access to memory, that the
// calling goroutine does until Show.
func Hide() {}

// Show ends what Hide began.
func Show() {}

// Release makes what the calling goroutine has done visible to a goroutine that calls Acquire with
// the same pointer after it. It orders those who release in no way.
func Release[T any](*T) {}

// Acquire is the other side of Release, and of whatever else releases at p.
func Acquire[T any](*T) {}
