//go:build race

package interop

// raceEnabled reports whether the race detector is on: it is slow, and allows no more
// than 8128 goroutines.
const raceEnabled = true
