package house

import "testing"

// atRoot makes the root of the module the working directory of a test. It is no matter for
// TestMain: go test would not see there which files a test reads, and would take its result
// from the cache after they have changed.
func atRoot(t *testing.T) {
	t.Helper()
	t.Chdir("../..")
}
