package machine

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTimes(t *testing.T) {
	// user nice system idle iowait irq softirq steal guest guest_nice
	got := parseTimes("cpu  10 1 20 500 7 2 8 20 5 5\ncpu0 1 1 1 1\n")
	assert.Equal(t, Times{Busy: 410 * time.Millisecond, Stolen: 200 * time.Millisecond, Idle: 5070 * time.Millisecond}, got)
	assert.Zero(t, parseTimes(""))
	assert.Zero(t, parseTimes("cpu  x"))
	assert.Positive(t, Now().Idle)

	later := Times{Busy: got.Busy + time.Second, Stolen: got.Stolen + time.Second, Idle: got.Idle + 2*time.Second}
	assert.Equal(t, Use{Busy: 0.25, Stolen: 0.25}, later.Since(got))
	assert.Zero(t, got.Since(got), "no tick has passed")
}

// If this fails, the benchmark measures on a busy machine, or refuses to because of a compiler that has ended.
func TestWaitQuiet(t *testing.T) {
	idle, compiling, stolen := Use{Busy: 0.01}, Use{Busy: 0.6}, Use{Stolen: 0.3}
	for name, test := range map[string]struct {
		seen  []Use
		looks int
		says  string
	}{
		"quiet":             {[]Use{idle}, 1, ""},
		"quiet after a bit": {[]Use{compiling, compiling, idle}, 3, ""},
		"busy":              {[]Use{compiling, compiling, compiling}, 3, "other programs use 60 %"},
		"stolen":            {[]Use{stolen, stolen, stolen}, 3, "a hypervisor takes 30 %"},
	} {
		t.Run(name, func(t *testing.T) {
			looks := 0
			_, err := waitQuiet(3, func() (Use, error) { looks++; return test.seen[looks-1], nil })
			assert.Equal(t, test.looks, looks)
			if test.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.says)
			require.ErrorContains(t, err, "-force")
		})
	}
}

// If this fails, the benchmark cannot be interrupted while it waits.
func TestWaitQuietEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := WaitQuiet(ctx)
	assert.ErrorIs(t, err, context.Canceled)
}
