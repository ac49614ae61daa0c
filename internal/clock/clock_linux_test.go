package clock

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// If this failed, deadlines set in a bubble would come at once or never, and those that
// others have set would come at once.
func TestClockGoesOnInABubble(t *testing.T) {
	require.False(t, InBubble())
	before := Now()
	synctest.Test(t, func(t *testing.T) {
		require.True(t, InBubble())
		first := Now()
		time.Sleep(time.Hour) // of the bubble's
		second := Now()
		time.Sleep(24 * 365 * 24 * time.Hour) // to the decade we are in, almost
		require.True(t, InBubble())
		time.Sleep(20 * 365 * 24 * time.Hour)
		require.True(t, InBubble())
		third := Now()
		require.Less(t, second, third)
		require.Less(t, third-second, int64(30*time.Minute))
		require.Less(t, before, first+int64(time.Second), "the two readings of the zero differ by little")
		require.Less(t, first, second)
		require.Less(t, second-first, int64(30*time.Minute))
	})
	after := Now()
	require.Less(t, after-before, int64(30*time.Minute))
}

// If this failed, a deadline would not be so far from now as its setter meant it.
func TestUntil(t *testing.T) {
	near := func(t *testing.T, when time.Time, d time.Duration) {
		t.Helper()
		at, now := Until(when)
		require.Less(t, at, now+int64(d)+1)
		require.Greater(t, at, now+int64(d-10*time.Minute)) // however slow the machine
	}
	both := func(t *testing.T) {
		near(t, time.Now().Add(time.Hour), time.Hour)
		near(t, time.Now().Round(0).Add(time.Hour), time.Hour)
		near(t, time.Now().Add(-time.Hour), -time.Hour)
	}
	both(t)
	outside := time.Now().Add(time.Hour)
	var inside time.Time
	synctest.Test(t, func(t *testing.T) {
		both(t)
		time.Sleep(24 * time.Hour)
		both(t)
		inside = time.Now().Add(time.Hour)
		at, now := Until(outside)
		require.Greater(t, at-now, int64(20*365*24*time.Hour), "as package time has it: by the wall")
	})
	at, now := Until(inside)
	require.Less(t, at, now, "decades ago")

	at, _ = Until(time.Now().Add(1<<63 - 1))
	require.Positive(t, at)
	at, _ = Until(time.Unix(1<<60, 0))
	require.Positive(t, at)
	at, now = Until(time.Unix(1, 0))
	require.Less(t, at, now)
}
