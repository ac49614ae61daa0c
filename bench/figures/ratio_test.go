package figures

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// oneTo returns the whole numbers from 1 to n.
func oneTo(n int) (values []float64) {
	for i := range n {
		values = append(values, float64(i+1))
	}
	return values
}

// If this fails, an interval is not that of the medians of samples. The bounds are those of the exact distribution: a sample
// of 2k+1 values has a median of at most the i-th with the probability that k+1 or more of its draws are so small.
func TestBootstrapHasKnownBounds(t *testing.T) {
	for n, want := range map[int][2]float64{
		7:  {2, 6},   // the median is at most the first value with 0.010, at most the second with 0.1
		21: {7, 15},  // the sixth: 0.018, the seventh: 0.056
		41: {15, 27}, // the 14th: 0.018, the 15th: 0.039
	} {
		low, high := bootstrap(oneTo(n))
		assert.Equal(t, want, [2]float64{low, high}, "%d values", n)
	}
}

// If this fails, the intervals are none of 95 %: they hold the true median much less often, or nearly always.
func TestBootstrapCovers(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, rounds := range []int{Fewest, 9, 15} {
		const trials = 1000
		held := 0
		for range trials {
			values := make([]float64, rounds)
			for i := range values {
				values[i] = 5 + random.NormFloat64()
			}
			if r := NewRatio(values); r.Low <= 5 && 5 <= r.High {
				held++
			}
		}
		assert.InDelta(t, 0.95, float64(held)/trials, 0.035, "%d rounds", rounds)
	}
}

// If this fails, two readers of one recording see different intervals.
func TestBootstrapIsAlwaysTheSame(t *testing.T) {
	values := []float64{0.9, 1.3, 1.1, 0.7, 1.2, 1.6, 1}
	reversed := []float64{1, 1.6, 1.2, 0.7, 1.1, 1.3, 0.9}
	assert.Equal(t, NewRatio(values), NewRatio(values))
	assert.Equal(t, NewRatio(values), NewRatio(reversed), "the order of the rounds does not matter")
}

// If this fails, an interval is invented from too few rounds.
func TestNoIntervalOfFewRounds(t *testing.T) {
	few := NewRatio([]float64{0.5, 0.5, 0.5, 0.5, 0.5})
	assert.False(t, few.HasInterval())
	assert.Empty(t, few.Interval())
	assert.Zero(t, few.Low+few.High)
	assert.Zero(t, few.Side())
	assert.Equal(t, 0.5, few.Median)

	enough := NewRatio([]float64{0.5, 0.5, 0.5, 0.5, 0.5, 0.5})
	require.True(t, enough.HasInterval())
	assert.Equal(t, "0.50–0.50", enough.Interval())
	assert.Equal(t, -1, enough.Side())
}

// If this fails, a difference is claimed where the interval holds 1, or none where it does not.
func TestSide(t *testing.T) {
	for name, test := range map[string]struct {
		low, high float64
		want      int
	}{
		"below":              {0.80, 0.98, -1},
		"above":              {1.02, 1.30, 1},
		"around":             {0.80, 1.20, 0},
		"up to 1":            {0.80, 1.00, 0},
		"from 1":             {1.00, 1.20, 0},
		"1.00 as it is read": {0.90, 0.996, 0},
		"from 1.00 likewise": {1.004, 1.20, 0},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, Ratio{Figure: Figure{Rounds: Fewest}, Low: test.low, High: test.high}.Side())
		})
	}
	assert.Equal(t, "0.06–2.98", Ratio{Figure: Figure{Min: 0.06, Max: 2.98, Rounds: 41}}.Range())
}
