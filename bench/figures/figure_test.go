package figures

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFigure(t *testing.T) {
	for name, test := range map[string]struct {
		values []float64
		want   Figure
		spread float64
	}{
		"none":  {nil, Figure{}, 0},
		"one":   {[]float64{7}, Figure{7, 7, 7, 1}, 0},
		"odd":   {[]float64{30, 10, 20}, Figure{20, 10, 30, 3}, 0.5},
		"even":  {[]float64{4, 1, 3, 2}, Figure{2.5, 1, 4, 4}, 0.6},
		"zeros": {[]float64{0, 0}, Figure{Rounds: 2}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := New(test.values)
			assert.Equal(t, test.want, f)
			assert.InDelta(t, test.spread, f.Spread(), 1e-9)
		})
	}
}

func TestFigureLeavesItsInputAlone(t *testing.T) {
	values := []float64{3, 1, 2}
	New(values)
	assert.Equal(t, []float64{3, 1, 2}, values)
}
