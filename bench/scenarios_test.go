//go:build linux

package main

import (
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// small returns a point of the scenario that takes little time.
func small(sc scenario) point {
	p := sc.points[0]
	p.Conns = min(p.Conns, 4)
	switch {
	case p.Burners > 0:
		p.Burners, p.Burn = 1, time.Millisecond
	case p.Load > 0:
		p.Rate = 2000
	case sc.measure != nil:
		p.Conns = 200
	}
	return p
}

// If this fails, a scenario does not work with a variant that is said to do it, or a column of its table stays empty.
func TestScenarios(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for _, sc := range scenarios {
		for _, key := range sc.variants(variantKeys()) {
			t.Run(sc.key+"/"+key, func(t *testing.T) {
				at := cell{sc.key, key, small(sc)}
				r, err := measure(t.Context(), at, settings{Duration: 30 * time.Millisecond})
				require.NoError(t, err)
				assert.Equal(t, at, r.cell)
				assert.Positive(t, r.Requests)
				if sc.measure != nil {
					return // 200 connections may well fit into memory that is there already
				}
				for _, metric := range sc.compared {
					assert.Positive(t, metricByKey(metric).value(r), metric)
				}
				assert.Equal(t, at.Burners > 0, r.Burns > 0, "requests whose handlers burned CPU")
			})
		}
	}
}

// If this fails, a table compares something with nothing.
func TestScenariosHaveTheBaseline(t *testing.T) {
	for _, sc := range scenarios {
		assert.Contains(t, sc.variants(variantKeys()), baseline, sc.key)
		assert.Greater(t, len(sc.variants(variantKeys())), 2, sc.key)
		assert.NotEmpty(t, sc.points, sc.key)
		assert.True(t, (sc.load == nil) != (sc.measure == nil), sc.key)
	}
}

// If this fails, the README does not say what a scenario is.
func TestScenariosAreInTheReadme(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	for _, key := range append(scenarioKeys(), variantKeys()...) {
		assert.True(t, strings.Contains(string(readme), "| `"+key+"` |"), key)
	}
}

// If this fails, -conns or -size measures other points than asked for, or one of them twice.
func TestOverride(t *testing.T) {
	points := []point{{Conns: 1, Size: 64}, {Conns: 64, Size: 64}, {Conns: 1, Op: "extend"}}
	assert.Equal(t, points, override(points, nil, nil))
	assert.Equal(t, []point{{Conns: 5, Size: 64}, {Conns: 5, Op: "extend"}}, override(points, []int{5}, nil))
	assert.Equal(t, []point{
		{Conns: 2, Size: 1}, {Conns: 2, Size: 2}, {Conns: 3, Size: 1}, {Conns: 3, Size: 2},
		{Conns: 2, Op: "extend"}, {Conns: 3, Op: "extend"},
	}, override(points, []int{2, 3}, []int{1, 2}))
}

// If this fails, a point that cannot be measured here stops all others, or is left out in silence.
func TestPlanSkips(t *testing.T) {
	rep := new(report)
	s := settings{Scenarios: []string{"memory"}, Variants: []string{"net", "raw"}, Conns: []int{10, 1 << 30}}
	groups, err := rep.plan(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, []group{{
		{"memory", "net", point{Conns: 10}}, {"memory", "raw", point{Conns: 10}},
	}}, groups)
	require.Len(t, rep.Skipped, 1)
	assert.Contains(t, rep.Skipped[0].Reason, "ulimit -Hn")

	assert.ErrorContains(t, udpScenario.possible(point{Conns: 65}), "at most 64")
	assert.ErrorContains(t, burnScenario.possible(point{Conns: 4, Burners: 4}), "left to measure")
	for _, sc := range scenarios {
		for _, p := range sc.points {
			if p.Conns < 1000 {
				assert.NoError(t, sc.possible(p), "%s, %v", sc.key, p)
			}
		}
	}
}
