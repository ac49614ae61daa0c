package main

import "slices"

// figure is the median of a measurement over the rounds, with the least and the greatest value.
type figure struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	Rounds int     `json:"rounds"`
}

func newFigure(values []float64) figure {
	if len(values) == 0 {
		return figure{}
	}
	sorted := slices.Sorted(slices.Values(values))
	mid := len(sorted) / 2
	median := sorted[mid]
	if len(sorted)%2 == 0 {
		median = (sorted[mid-1] + sorted[mid]) / 2
	}
	return figure{Median: median, Min: sorted[0], Max: sorted[len(sorted)-1], Rounds: len(sorted)}
}

// spread is half the range as a share of the median: the value lay within median ± spread, about.
func (f figure) spread() float64 {
	if f.Median == 0 {
		return 0
	}
	return (f.Max - f.Min) / 2 / f.Median
}
