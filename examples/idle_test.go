//go:build linux

package examples_test

import (
	"context"
	"os/exec"
	"regexp"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
)

// If this fails, the example with very many connections does not end, or some way of
// serving them leaves a client without its answer, NotifyReadable has goroutines, or a goroutine that
// waits has a larger stack than package net's.
func TestIdle(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), nettest.Patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, build(t, "idle"), "-n", "2000").CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Regexp(t, `(?m)^notify +2000 +\d{1,2} .* [1-9]\d*$`, string(out))
	bytes := map[string]float64{}
	for _, way := range []string{"goroutines", "net"} {
		row := regexp.MustCompile(`(?m)^` + way + ` +2000 +20\d\d +(\d+) .* [1-9]\d*$`).FindSubmatch(out)
		require.NotNil(t, row, "%s", out)
		bytes[way], err = strconv.ParseFloat(string(row[1]), 64)
		require.NoError(t, err)
	}
	require.Less(t, bytes["goroutines"], 1.15*bytes["net"], "the stack of a Read that waits has doubled: %s", out)
}
