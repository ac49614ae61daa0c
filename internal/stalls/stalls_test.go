package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const hasty = "./testdata/hasty"

// If this fails, a test that relies on the machine to be fast passes, or one that does not fails.
func TestHastyTestFails(t *testing.T) {
	tests := func(rounds int, often float64, name string) error {
		return run(t.Context(), rounds, often, 2*time.Second, []string{hasty, "--", "-run=" + name})
	}
	require.NoError(t, tests(1, 1, "Patient"))
	require.Error(t, tests(10, 1, "Hasty")) // a round has a chance of nine in ten
	require.NoError(t, tests(1, 0, "Hasty"), "it failed for the stops")
}

// If this fails, mistakes are not told.
func TestMistakes(t *testing.T) {
	require.Error(t, run(t.Context(), 1, 1, time.Second, nil))
	require.Error(t, run(t.Context(), 0, 1, time.Second, []string{hasty}))
	require.Error(t, run(t.Context(), 1, 2, time.Second, []string{hasty}))
	require.Error(t, run(t.Context(), 1, 1, time.Second, []string{"./none"}))
}
