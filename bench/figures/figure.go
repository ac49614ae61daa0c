package figures

import "slices"

// Figure is the median of a measurement over the rounds, with the least and the greatest value.
type Figure struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	Rounds int     `json:"rounds"`
}

// New returns the figure of values, which it leaves as they are.
func New(values []float64) Figure {
	if len(values) == 0 {
		return Figure{}
	}
	sorted := slices.Sorted(slices.Values(values))
	return Figure{Median: medianOf(sorted), Min: sorted[0], Max: sorted[len(sorted)-1], Rounds: len(sorted)}
}

// medianOf takes sorted values, at least one.
func medianOf(sorted []float64) float64 {
	mid := len(sorted) / 2
	if len(sorted)%2 == 0 {
		return (sorted[mid-1] + sorted[mid]) / 2
	}
	return sorted[mid]
}
