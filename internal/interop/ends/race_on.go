//go:build linux && race

package ends

// Race reports whether the race detector is on: it is slow, and allows no more than
// 8128 goroutines.
const Race = true
