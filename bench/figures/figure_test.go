package figures

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestFigure(t *testing.T) {
	for name, test := range map[string]struct {
		values []float64
		want   Figure
	}{
		"none":  {nil, Figure{}},
		"one":   {[]float64{7}, Figure{7, 7, 7, 1}},
		"odd":   {[]float64{30, 10, 20}, Figure{20, 10, 30, 3}},
		"even":  {[]float64{4, 1, 3, 2}, Figure{2.5, 1, 4, 4}},
		"zeros": {[]float64{0, 0}, Figure{Rounds: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, New(test.values))
		})
	}
}

func TestFigureLeavesItsInputAlone(t *testing.T) {
	values := []float64{3, 1, 2}
	New(values)
	assert.Equal(t, []float64{3, 1, 2}, values)
}
