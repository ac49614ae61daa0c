//go:build linux

package scenarios

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/bench/measure"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// If this fails, a calibration cannot run, or its rate is none.
func TestCalibrate(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	c, err := Calibrate(t.Context(), servers.Point{Conns: 2, Size: 64, Load: 50}, 20*time.Millisecond)
	assert.Greater(t, c.Closed, 100.0)
	if errors.Is(err, ErrNoOpenLoop) {
		t.Skip(err) // a machine that tests is busy
	}
	require.NoError(t, err)
	assert.GreaterOrEqual(t, c.Top, leastRate)
	assert.Equal(t, c.Top/2, c.RateOf(50))
}

// openRun is a run whose client costs so many microseconds a request and is so late.
func openRun(rate int, cost, late float64) measure.Run {
	at := servers.Cell{Scenario: "open", Variant: "net", Point: servers.Point{Conns: 64, Size: 64, Rate: rate}}
	return measure.Run{Cell: at, ClientBusy: float64(rate) * cost / 1e6, Late: late}
}

// If this fails, the open loop runs at a rate at which its client is too busy or too late, or at none although there is one.
func TestCalibrationLowersTheRate(t *testing.T) {
	c := Calibration{Closed: 100_000}
	require.NoError(t, c.search(func(rate int) (measure.Run, error) { return openRun(rate, 10, 100), nil }))
	assert.Equal(t, 33_750, c.Top, "the first of 80,000, 60,000 ... at which the client uses up to 0.425 of a core")
	assert.InDelta(t, 0.3375, c.ClientBusy, 1e-9)

	c = Calibration{Closed: 10_000}
	require.NoError(t, c.search(func(rate int) (measure.Run, error) { return openRun(rate, 10, 100), nil }))
	assert.Equal(t, 8_000, c.Top)

	c = Calibration{Closed: 10_000}
	err := c.search(func(rate int) (measure.Run, error) { return openRun(rate, 10, 5000), nil })
	require.ErrorIs(t, err, ErrNoOpenLoop)
	assert.ErrorContains(t, err, "its client was 5ms late")
	assert.Zero(t, c.Top)
}

// If this fails, one hiccup of the machine lowers the rate.
func TestCalibrationTriesAgain(t *testing.T) {
	c := Calibration{Closed: 10_000}
	tries := 0
	require.NoError(t, c.search(func(rate int) (measure.Run, error) {
		tries++
		return openRun(rate, 10, []float64{9000, 9000, 100}[tries-1]), nil
	}))
	assert.Equal(t, 8_000, c.Top)
	assert.Equal(t, 3, tries)
}
