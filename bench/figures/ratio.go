package figures

import (
	"math"
	"math/rand/v2"
	"slices"
)

// Ratio is a Figure of ratios, with a 95 % interval for their median. Low and High are zero if there were too few rounds.
type Ratio struct {
	Figure
	Low  float64 `json:"low,omitempty"`
	High float64 `json:"high,omitempty"`
}

// Fewest is how many rounds an interval takes. The range of five values, from the least to the greatest, holds the median of
// what they were drawn from in 15 of 16 cases, so that no interval of five is one of 95 %.
const Fewest = 6

// NewRatio returns the figure of ratios, each of which compares two runs of one round.
func NewRatio(ratios []float64) Ratio {
	r := Ratio{Figure: New(ratios)}
	if len(ratios) >= Fewest {
		r.Low, r.High = bootstrap(ratios)
	}
	return r
}

// HasInterval reports whether there were rounds enough for one.
func (r Ratio) HasInterval() bool { return r.Rounds >= Fewest }

// Side is -1 if the whole interval is below 1, 1 if it is above, and 0 if it holds 1 or there is none. It looks at two digits
// after the point, as tables do: less than half a percent is no difference.
func (r Ratio) Side() int {
	percent := func(v float64) float64 { return math.Round(100 * v) }
	switch {
	case !r.HasInterval():
		return 0
	case percent(r.High) < 100:
		return -1
	case percent(r.Low) > 100:
		return 1
	}
	return 0
}

// resamples is large enough that another seed moves a bound by less than the values of two rounds differ.
const resamples = 2000

// bootstrap returns a 95 % percentile interval for the median: the medians of samples, as many values as there are, drawn
// from them with replacement. The same values have the same interval always.
func bootstrap(values []float64) (low, high float64) {
	values = slices.Sorted(slices.Values(values))
	random := rand.New(rand.NewPCG(1, 1))
	medians := make([]float64, resamples)
	sample := make([]float64, len(values))
	for i := range medians {
		for j := range sample {
			sample[j] = values[random.IntN(len(values))]
		}
		slices.Sort(sample)
		medians[i] = medianOf(sample)
	}
	slices.Sort(medians)
	const tail = resamples * 25 / 1000
	return medians[tail], medians[resamples-1-tail]
}
