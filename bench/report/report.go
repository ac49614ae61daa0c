//go:build linux

package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/a57b2d82/netpoller/bench/figures"
	"github.com/a57b2d82/netpoller/bench/machine"
	"github.com/a57b2d82/netpoller/bench/measure"
	"github.com/a57b2d82/netpoller/bench/scenarios"
	"github.com/a57b2d82/netpoller/bench/servers"
)

// Report is everything that was found out; it is what -json saves.
type Report struct {
	Machine  machine.Machine `json:"machine"`
	Settings Settings        `json:"settings"`
	Skipped  []Skipped       `json:"skipped,omitempty"`
	// Calibrations are those of the open loop, if it ran.
	Calibrations []scenarios.Calibration `json:"open_loop,omitempty"`
	Summary      []Row                   `json:"summary"`
	CountedBy    string                  `json:"syscalls_counted_by"`
	Calls        []measure.Calls         `json:"syscalls_per_request"`
	Runs         []measure.Run           `json:"runs"`
}

// Settings are what was asked for.
type Settings struct {
	Rounds    int           `json:"rounds"`
	Duration  time.Duration `json:"duration_ns"`
	Scenarios []string      `json:"scenarios"`
	Conns     []int         `json:"conns,omitempty"` // in the place of the scenarios' own
	Sizes     []int         `json:"sizes,omitempty"` // likewise
	Variants  []string      `json:"variants"`
	Syscalls  string        `json:"syscalls"`
	Force     bool          `json:"forced,omitempty"` // measured without a look at what else the machine does
}

// Skipped is a point that could not be measured here.
type Skipped struct {
	Scenario string `json:"scenario"`
	servers.Point
	Reason string `json:"reason"`
}

// Row is a line of a table: a cell over all rounds.
type Row struct {
	servers.Cell
	Figures map[string]figures.Figure `json:"figures"`          // by the keys of metrics
	Ratios  map[string]figures.Ratio  `json:"ratios,omitempty"` // to the baseline, if that was measured
	Calls   *measure.Calls            `json:"syscalls_per_request,omitempty"`
	// Invalid are the runs that the figures are without: how many, and why the first of them.
	Invalid       int    `json:"invalid_runs,omitempty"`
	InvalidReason string `json:"invalid_reason,omitempty"`
	// ClientBusy is the share of one core that the client used.
	ClientBusy figures.Figure `json:"client_busy"`
}

// Summarize makes a row of each cell, in the order in which they were first measured in.
func (rep *Report) Summarize() {
	rep.Summary = nil
	for _, at := range rep.cells() {
		base := at
		base.Variant = servers.Baseline
		r := newRow(at, valid(rep.runsOf(at)), valid(rep.runsOf(base)))
		for _, run := range rep.runsOf(at) {
			if why := run.Invalid(); why != "" {
				r.Invalid++
				r.InvalidReason = cmp.Or(r.InvalidReason, why)
			}
		}
		r.Calls = rep.callsOf(at)
		rep.Summary = append(rep.Summary, r)
	}
}

// cells lists what was measured: by scenario, point and variant.
func (rep *Report) cells() []servers.Cell {
	var all []servers.Cell
	for _, r := range rep.Runs {
		if r.Round == 0 && !slices.Contains(all, r.Cell) { // an invalid run is repeated
			all = append(all, r.Cell)
		}
	}
	return all
}

// runsOf returns the runs of a cell in the order of their rounds; the valid ones are one per round at most.
func (rep *Report) runsOf(at servers.Cell) []measure.Run {
	var runs []measure.Run
	for _, r := range rep.Runs {
		if r.Cell == at {
			runs = append(runs, r)
		}
	}
	return runs
}

// valid leaves out the runs of an open loop that show their client.
func valid(runs []measure.Run) []measure.Run {
	return slices.DeleteFunc(runs, func(r measure.Run) bool { return r.Invalid() != "" })
}

func (rep *Report) callsOf(at servers.Cell) *measure.Calls {
	for i := range rep.Calls {
		if rep.Calls[i].Cell == at {
			return &rep.Calls[i]
		}
	}
	return nil
}

func newRow(at servers.Cell, runs, base []measure.Run) Row {
	over := func(value func(measure.Run) float64) figures.Figure {
		var values []float64
		for _, r := range runs {
			values = append(values, value(r))
		}
		return figures.New(values)
	}
	row := Row{Cell: at, Figures: map[string]figures.Figure{}, ClientBusy: over(func(r measure.Run) float64 { return r.ClientBusy })}
	sc, _ := scenarios.ByKey(at.Scenario)
	for _, key := range slices.Concat(sc.Compared, sc.Others) {
		row.Figures[key] = over(measure.MetricByKey(key).Value)
	}
	if len(base) == 0 {
		return row
	}
	row.Ratios = map[string]figures.Ratio{}
	for _, key := range sc.Compared {
		row.Ratios[key] = figures.NewRatio(paired(runs, base, measure.MetricByKey(key).Value))
	}
	return row
}

// paired returns a ratio for each round: it compares runs that were made within seconds of each other.
func paired(runs, base []measure.Run, value func(measure.Run) float64) (ratios []float64) {
	ofRound := map[int]float64{}
	for _, r := range base {
		ofRound[r.Round] = value(r)
	}
	for _, r := range runs {
		if b := ofRound[r.Round]; b != 0 {
			ratios = append(ratios, value(r)/b)
		}
	}
	return ratios
}

// Save writes the report as JSON, which Load reads.
func (rep *Report) Save(name string) error {
	text, err := json.MarshalIndent(rep, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(text, '\n'), 0o644)
}

// Load reads what Save has written.
func Load(name string) (*Report, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	rep := new(Report)
	if err := json.Unmarshal(text, rep); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for _, r := range rep.Runs {
		if _, ok := scenarios.ByKey(r.Scenario); !ok {
			return nil, fmt.Errorf("%s: there is no scenario %q", name, r.Scenario)
		}
	}
	rep.Summarize()
	return rep, nil
}

// block is the rows of one scenario.
type block struct {
	scenarios.Scenario
	rows []Row
}

func (rep *Report) blocks() []block {
	var all []block
	for _, r := range rep.Summary {
		if len(all) == 0 || all[len(all)-1].Key != r.Scenario {
			sc, _ := scenarios.ByKey(r.Scenario)
			all = append(all, block{Scenario: sc})
		}
		last := &all[len(all)-1]
		last.rows = append(last.rows, r)
	}
	return all
}
