package nettest

import (
	"runtime/debug"
	"slices"
)

// UnderRace reports whether the test was compiled with the race detector: it allocates, takes
// its time, and sees nothing where one goroutine runs at a time.
func UnderRace() bool {
	b, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(b.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
