//go:build !linux

package trace

// There are no events on this system.

func now() int64 { return 0 }

func errnoName(errno error) string { return errno.Error() }
