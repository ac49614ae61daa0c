//go:build linux

package report

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/bench/figures"
	"github.com/a57b2d82/netpoller/bench/measure"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// sampleReport holds six rounds, with a machine half as fast in every second: medians mix the rounds, ratios do not.
func sampleReport() *Report {
	rep := &Report{
		Settings:  Settings{Rounds: 6, Scenarios: []string{"echo"}, Variants: []string{"net", "raw"}},
		CountedBy: "kernel tracepoint",
		Skipped:   []Skipped{{"memory", servers.Point{Conns: 7}, "too many"}},
	}
	for round, speed := range []float64{2, 1, 2, 1, 2, 1} {
		for _, conns := range []int{1, 1000} {
			rep.Runs = append(rep.Runs,
				measure.Run{Cell: echoCell("net", conns), Round: round, PerSecond: 10000 * speed, CPU: 20 / speed, P50: 1234},
				measure.Run{Cell: echoCell("raw", conns), Round: round, PerSecond: 15000 * speed, CPU: 10 / speed, P50: 61,
					ClientBusy: speed / 2 * float64(conns%2)})
		}
	}
	kinds := map[string]float64{"read": 2, "write": 1, "other": 0.25}
	rep.Calls = []measure.Calls{{Cell: echoCell("net", 1), Total: 3.25, ByKind: kinds}}
	for i := range rep.Runs {
		rep.Runs[i].OthersBusy = 0.25
	}
	rep.Summarize()
	return rep
}

func echoCell(variant string, conns int) servers.Cell {
	return servers.Cell{Scenario: "echo", Variant: variant, Point: servers.Point{Conns: conns, Size: 64}}
}

func TestSummary(t *testing.T) {
	rep := sampleReport()
	require.Len(t, rep.Summary, 4)
	raw := rep.Summary[1]
	assert.Equal(t, echoCell("raw", 1), raw.Cell)
	assert.Equal(t, figures.Figure{Median: 22500, Min: 15000, Max: 30000, Rounds: 6}, raw.Figures["per_second"])
	always := func(v float64) figures.Ratio {
		return figures.Ratio{Figure: figures.Figure{Median: v, Min: v, Max: v, Rounds: 6}, Low: v, High: v}
	}
	assert.Equal(t, always(1.5), raw.Ratios["per_second"])
	assert.Equal(t, always(0.5), raw.Ratios["cpu"])
	assert.Nil(t, raw.Calls)
	assert.Equal(t, 3.25, rep.Summary[0].Calls.Total)
}

func TestSummaryWithoutBaseline(t *testing.T) {
	rep := sampleReport()
	rep.Runs = rep.Runs[1:2]
	rep.Summarize()
	require.Len(t, rep.Summary, 1)
	cells := rep.blocks()[0].cells(rep.Summary[0])
	assert.Equal(t, []string{"-", "", ""}, cells[1:4])
}

// If this fails, runs of different rounds are compared: between them the machine may have become another.
func TestRatiosAreTakenWithinARound(t *testing.T) {
	rep := sampleReport()
	rep.Runs = rep.Runs[1:] // net's run of the first round is missing, with one connection
	rep.Summarize()
	for _, row := range rep.Summary {
		if row.Cell == echoCell("raw", 1) {
			assert.Equal(t, 6, row.Figures["per_second"].Rounds)
			assert.Equal(t, figures.Figure{Median: 1.5, Min: 1.5, Max: 1.5, Rounds: 5}, row.Ratios["per_second"].Figure)
		}
	}
}

// If this fails, a table calls something a win or a loss that may be neither.
func TestVerdicts(t *testing.T) {
	for name, test := range map[string]struct {
		ratios []float64 // of raw to net, one for each round
		rate   string    // what the table says of a rate
		cpu    string    // and of a cost
	}{
		"above":          {[]float64{1.2, 1.3, 1.2, 1.3, 1.2, 1.3}, "1.25 1.20–1.30 better", "1.25 1.20–1.30 worse"},
		"below":          {[]float64{0.8, 0.8, 0.8, 0.8, 0.8, 0.8}, "0.80 0.80–0.80 worse", "0.80 0.80–0.80 better"},
		"one disagrees":  {[]float64{1.2, 1.3, 1.2, 1.3, 0.5, 1.3}, "1.25 0.85–1.30 even", "1.25 0.85–1.30 even"},
		"too few rounds": {[]float64{1.2, 1.3, 1.2, 1.3, 1.2}, "1.20", "1.20"},
	} {
		t.Run(name, func(t *testing.T) {
			rep := &Report{Settings: Settings{Rounds: len(test.ratios)}}
			for round, ratio := range test.ratios {
				rep.Runs = append(rep.Runs,
					measure.Run{Cell: echoCell("net", 1), Round: round, PerSecond: 100, CPU: 100},
					measure.Run{Cell: echoCell("raw", 1), Round: round, PerSecond: 100 * ratio, CPU: 100 * ratio})
			}
			rep.Summarize()
			assert.Equal(t, test.rate, squeeze(strings.Join(rep.Summary[1].ratio("per_second"), " ")))
			assert.Equal(t, test.cpu, squeeze(strings.Join(rep.Summary[1].ratio("cpu"), " ")))
			assert.Equal(t, []string{"1", "", ""}, rep.Summary[0].ratio("cpu"))
			assert.Equal(t, name == "too few rounds", strings.Contains(rep.intervalNote(), "take 6 rounds or more"))
		})
	}
}

func TestTable(t *testing.T) {
	var out strings.Builder
	sampleReport().Print(&out)
	lines := strings.Split(out.String(), "\n")[2:]
	// One heading and two variants for each number of connections, under a line of column names.
	assert.Contains(t, lines[1], "req/s")
	assert.Contains(t, lines[2], "1 connection, 64 B")
	assert.Equal(t, "net 15,000 1 15.0 1 3.25 1,234 0 0 0.00", squeeze(lines[3]))
	assert.Equal(t, "raw epoll 22,500 1.50 1.50–1.50 better 7.5 0.50 0.50–0.50 better n/a 61 0 0 0.00", squeeze(lines[4]))
	assert.Contains(t, lines[5], "1,000 connections, 64 B")
	for i := 2; i < 8; i++ {
		assert.Equal(t, len([]rune(lines[1])), len([]rune(lines[i])), "line %d is aligned", i)
	}
	assert.Contains(t, out.String(), "Not measured: memory, 7 connections: too many.")
	assert.Contains(t, out.String(), "Syscalls: kernel tracepoint.")
	assert.Contains(t, out.String(), "up to 75 % (1 connection, 64 B), 0 % (1,000 connections, 64 B) of one core.")
	assert.Contains(t, out.String(), "Everything else on the machine used 25 % of one core")
}

func squeeze(line string) string { return strings.Join(strings.Fields(line), " ") }

func TestSave(t *testing.T) {
	name := filepath.Join(t.TempDir(), "report.json")
	rep := sampleReport()
	require.NoError(t, rep.Save(name))
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	var back Report
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, *rep, back)
	loaded, err := Load(name)
	require.NoError(t, err)
	assert.Equal(t, rep, loaded)
}

// If this fails, the summary of several scenarios mixes up variants or points, or a single scenario gets one too.
func TestAtAGlance(t *testing.T) {
	rep := sampleReport()
	_, lines := rep.atAGlance()
	assert.Empty(t, lines)

	at := servers.Cell{Scenario: "wake", Variant: "net", Point: servers.Point{Conns: 1, Size: 64}}
	rep.Runs = append(rep.Runs, measure.Run{Cell: at, P50: 10})
	at.Variant = "thread"
	rep.Runs = append(rep.Runs, measure.Run{Cell: at, P50: 15})
	rep.Summarize()
	columns, lines := rep.atAGlance()
	assert.Equal(t, []string{"ratio to net", "netpoller nested", "netpoller thread", "netpoller nested, traced", "cloudwego/netpoll", "gnet, one loop",
		"gnet, many loops", "nbio", "raw epoll"}, columns)
	clear := cell{Text: "1.50", Small: "1.50–1.50", Verdict: "better"}
	assert.Equal(t, "1.50 1.50–1.50 better", clear.String())
	assert.Equal(t, [][]cell{
		{{Text: "Echo: 1 connection, 64 B (req/s, more is better)"}, {}, {}, {}, {}, {}, {}, {}, clear},
		{{Text: "Echo: 1,000 connections, 64 B (req/s, more is better)"}, {}, {}, {}, {}, {}, {}, {}, clear},
		{{Text: "Waking an idle server: 1 connection, 64 B (p50 µs, less is better)"}, {}, {Text: "1.50"}, {}, {}, {}, {}, {}, {}},
	}, lines)
}

// If this fails, a run of the open loop that shows its client is summarized, or is left out without a word.
func TestInvalidRunsAreLeftOut(t *testing.T) {
	rep := &Report{Settings: Settings{Rounds: 8}}
	for round := range 8 {
		for _, variant := range []string{"net", "raw"} {
			at := servers.Cell{Scenario: "open", Variant: variant, Point: servers.Point{Conns: 64, Size: 64, Load: 50, Rate: 1000}}
			r := measure.Run{Cell: at, Round: round, P50: 100, Late: 50, ClientBusy: 0.3}
			if variant == "raw" && round < 2 {
				bad := r
				bad.P50, bad.Late = 9000, 5000
				rep.Runs = append(rep.Runs, bad)
				if round == 0 { // the repetition is good
					rep.Runs = append(rep.Runs, r)
				}
				continue
			}
			rep.Runs = append(rep.Runs, r)
		}
	}
	rep.Summarize()
	require.Len(t, rep.Summary, 2)
	raw := rep.Summary[1]
	assert.Equal(t, 2, raw.Invalid)
	assert.Equal(t, figures.Figure{Median: 100, Min: 100, Max: 100, Rounds: 7}, raw.Figures["p50"])
	assert.Equal(t, 7, raw.Ratios["p50"].Rounds)
	assert.Zero(t, rep.Summary[0].Invalid)
	assert.Contains(t, strings.Join(rep.notes(), "\n"),
		"Invalid and left out of open, 64 connections, 64 B, 50 % load, 1,000/s (in the first, its client was 5ms late): 2 of raw")

	for i := range rep.Runs {
		rep.Runs[i].ClientBusy = 0.9
	}
	rep.Summarize()
	assert.Contains(t, strings.Join(rep.notes(), "\n"), "(in the first, its client used 90 % of a core): 8 of net, 9 of raw")
	assert.Equal(t, "-", rep.Summary[1].figure("p50"))
	assert.Equal(t, []string{"-", "", ""}, rep.Summary[1].ratio("p50"))
}
