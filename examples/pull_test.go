package examples_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// If this fails, the example does not get its layers past some fault, says nothing about
// it, or ends well though a digest was never right.
func TestPull(t *testing.T) {
	program := build(t, "pull")
	small := []string{"-layers", "2", "-size", "100000", "-read", "1s"}
	out, err := exec.Command(program, small...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	_, table, found := strings.Cut(string(out), "\nfault ")
	require.True(t, found, "%s", out)
	for _, fault := range []string{"none", "stall", "reset", "truncate", "corrupt", "slow", "refuse", "all"} {
		require.Regexp(t, `(?m)^`+fault+` .* 2 of 2$`, table)
	}

	out, err = exec.Command(program, append(small, "-fault", "rotten")...).CombinedOutput()
	failed := new(exec.ExitError)
	require.ErrorAs(t, err, &failed, "%s", out)
	require.Equal(t, 1, failed.ExitCode())
	require.Regexp(t, `(?m)^rotten .* 0 of 2$`, string(out))
	require.Contains(t, string(out), "digest is wrong")
}
