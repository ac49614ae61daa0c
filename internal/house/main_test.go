package house

import (
	"os"
	"testing"
)

// TestMain runs the tests in the root of the module, where the paths in them begin.
func TestMain(m *testing.M) {
	if err := os.Chdir("../.."); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}
