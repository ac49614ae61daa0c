//go:build linux

package examples_test

import (
	"context"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
)

// If this fails, the example with very many connections does not end, or some way of
// serving them leaves a client without its answer, or NotifyReadable has goroutines.
func TestIdle(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), nettest.Patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, build(t, "idle"), "-n", "200").CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Regexp(t, `(?m)^notify +200 +\d{1,2} .* [1-9]\d*$`, string(out))
	for _, way := range []string{"goroutines", "net"} {
		require.Regexp(t, `(?m)^`+way+` +200 +2\d\d .* [1-9]\d*$`, string(out))
	}
}
