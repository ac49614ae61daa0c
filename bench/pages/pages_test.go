//go:build linux

package pages

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/bench/measure"
	"github.com/a57b2d82/netpoller/bench/report"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// If this fails, README.md or docs has figures that are not those of the recordings: go run -C bench . -tables writes them.
func TestPagesHaveTheRecordedTables(t *testing.T) {
	all, err := Pages("../..", "../results")
	require.NoError(t, err)
	require.Len(t, all, len(names))
	for _, p := range all {
		assert.Contains(t, p.Has, "<!-- measured: ", p.Name)
		assert.True(t, p.Has == p.Wants, "%s is out of date; go run -C bench . -tables writes it", p.Name)
	}
}

// If this fails, a table is written that no page shows.
func TestEveryTableIsShown(t *testing.T) {
	all, err := Pages("../..", "../results")
	require.NoError(t, err)
	for name := range tables {
		shown := false
		for _, p := range all {
			shown = shown || strings.Contains(p.Has, "<!-- measured: "+name+" -->")
		}
		assert.True(t, shown, name)
	}
}

// recorded is a recording of echo with so many connections, with a ratio of nested to net for each round.
func recorded(conns int, ratios ...float64) *report.Report {
	rep := &report.Report{Settings: report.Settings{Rounds: len(ratios)}}
	for round, ratio := range ratios {
		at := servers.Cell{Scenario: "echo", Variant: "net", Point: servers.Point{Conns: conns, Size: 64}}
		rep.Runs = append(rep.Runs, measure.Run{Cell: at, Round: round, PerSecond: 1000, CPU: 10, P50: 61, P99: 1200})
		at.Variant = "nested"
		rep.Runs = append(rep.Runs, measure.Run{Cell: at, Round: round, PerSecond: 1000 * ratio, CPU: 10 * ratio, P50: 61, P99: 1200})
	}
	rep.Summarize()
	return rep
}

// If this fails, a page calls a loss none, or calls something a win or a loss that may be neither.
func TestRatiosOfPages(t *testing.T) {
	for name, test := range map[string]struct {
		ratios    []float64
		rate, cpu string
	}{
		"above":          {[]float64{1.2, 1.2, 1.2, 1.2, 1.2, 1.2}, "1.20 (1.20–1.20)", "**1.20** (1.20–1.20)"},
		"below":          {[]float64{0.8, 0.8, 0.8, 0.8, 0.8, 0.8}, "**0.80** (0.80–0.80)", "0.80 (0.80–0.80)"},
		"around":         {[]float64{0.8, 1.2, 0.8, 1.2, 0.8, 1.2}, "even (0.80–1.20)", "even (0.80–1.20)"},
		"too few rounds": {[]float64{0.8}, "0.80 (too few rounds)", "0.80 (too few rounds)"},
	} {
		t.Run(name, func(t *testing.T) {
			rep := recorded(64, test.ratios...)
			assert.Equal(t, "1", ratio(rep.Summary[0], "cpu"))
			assert.Equal(t, test.rate, ratio(rep.Summary[1], "per_second"))
			assert.Equal(t, test.cpu, ratio(rep.Summary[1], "cpu"))
			assert.Equal(t, "-", ratio(rep.Summary[1], "p50"), "not compared")
		})
	}
}

// If this fails, a table takes its figures from the wrong recording, or is not the same after a second time.
func TestFill(t *testing.T) {
	all := recordings{
		"overview": recorded(1, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5), "one-connection": recorded(1, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9),
		"gomaxprocs-1": recorded(1, 0.3, 0.3, 0.3, 0.3, 0.3, 0.3),
	}
	const page = "before\n<!-- measured: connections -->\nold\n<!-- end -->\nafter\n"
	want := strings.Join([]string{
		"before", "<!-- measured: connections -->", "",
		"| connections | | requests/s | CPU per request | system calls per request | p50 | p99 |",
		"|---|---|---|---|---|---|---|",
		"| 1 | net | 1 | 1 | - | 61 µs | 1.2 ms |",
		"| | netpoller nested | **0.90** (0.90–0.90) | 0.90 (0.90–0.90) | - | 61 µs | 1.2 ms |",
		"| 1, with GOMAXPROCS=1 | net | 1 | 1 | - | 61 µs | 1.2 ms |",
		"| | netpoller nested | **0.30** (0.30–0.30) | 0.30 (0.30–0.30) | - | 61 µs | 1.2 ms |",
		"", "<!-- end -->", "after", "",
	}, "\n")
	got, err := all.fill(page)
	require.NoError(t, err)
	assert.Equal(t, want, got)
	again, err := all.fill(got)
	require.NoError(t, err)
	assert.Equal(t, want, again)

	_, err = all.fill("<!-- measured: gopher -->\n<!-- end -->")
	assert.ErrorContains(t, err, "gopher")
	empty, err := recordings{}.fill(page)
	require.NoError(t, err)
	assert.NotContains(t, empty, "netpoller")
}

// If this fails, a recording that cannot be read passes for one that is not there.
func TestLoadRefuses(t *testing.T) {
	_, err := Pages(t.TempDir(), "../results")
	assert.Error(t, err)
	none, err := load(filepath.Join(t.TempDir(), "empty"))
	require.NoError(t, err)
	assert.Empty(t, none)
}
