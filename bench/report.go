//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
)

// report is everything that was found out; it is what -json saves.
type report struct {
	Machine   machine   `json:"machine"`
	Settings  settings  `json:"settings"`
	Skipped   []skipped `json:"skipped,omitempty"`
	Summary   []row     `json:"summary"`
	CountedBy string    `json:"syscalls_counted_by"`
	Calls     []calls   `json:"syscalls_per_request"`
	Runs      []run     `json:"runs"`
}

// skipped is a point that could not be measured here.
type skipped struct {
	Scenario string `json:"scenario"`
	point
	Reason string `json:"reason"`
}

// row is a line of a table: a cell over all rounds.
type row struct {
	cell
	Figures map[string]figure `json:"figures"`          // by the keys of metrics
	Ratios  map[string]figure `json:"ratios,omitempty"` // to the baseline, if that was measured
	Calls   *calls            `json:"syscalls_per_request,omitempty"`
	// ClientBusy is the share of one core that the client used.
	ClientBusy figure `json:"client_busy"`
}

// summarize makes a row of each cell, in the order in which they were first measured in.
func (rep *report) summarize() {
	rep.Summary = nil
	for _, at := range rep.cells() {
		base := at
		base.Variant = baseline
		r := newRow(at, rep.runsOf(at), rep.runsOf(base))
		r.Calls = rep.callsOf(at)
		rep.Summary = append(rep.Summary, r)
	}
}

// cells lists what was measured: by scenario, point and variant.
func (rep *report) cells() []cell {
	var all []cell
	for _, r := range rep.Runs {
		if r.Round == 0 {
			all = append(all, r.cell)
		}
	}
	return all
}

// runsOf returns the runs of a cell, one per round and in that order.
func (rep *report) runsOf(at cell) []run {
	var runs []run
	for _, r := range rep.Runs {
		if r.cell == at {
			runs = append(runs, r)
		}
	}
	return runs
}

func (rep *report) callsOf(at cell) *calls {
	for i := range rep.Calls {
		if rep.Calls[i].cell == at {
			return &rep.Calls[i]
		}
	}
	return nil
}

func newRow(at cell, runs, base []run) row {
	over := func(value func(run) float64) figure {
		var values []float64
		for _, r := range runs {
			values = append(values, value(r))
		}
		return newFigure(values)
	}
	row := row{cell: at, Figures: map[string]figure{}, ClientBusy: over(func(r run) float64 { return r.ClientBusy })}
	sc, _ := scenarioByKey(at.Scenario)
	for _, key := range slices.Concat(sc.compared, sc.others) {
		row.Figures[key] = over(metricByKey(key).value)
	}
	if len(base) != len(runs) {
		return row
	}
	row.Ratios = map[string]figure{}
	for _, key := range sc.compared {
		// A ratio compares two runs of the same round: they ran within seconds of each other.
		value := metricByKey(key).value
		var values []float64
		for i, r := range runs {
			if b := value(base[i]); b != 0 {
				values = append(values, value(r)/b)
			}
		}
		row.Ratios[key] = newFigure(values)
	}
	return row
}

func (rep *report) save(name string) error {
	text, err := json.MarshalIndent(rep, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(text, '\n'), 0o644)
}

// loadReport reads what save has written.
func loadReport(name string) (*report, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	rep := new(report)
	if err := json.Unmarshal(text, rep); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for _, r := range rep.Runs {
		if _, ok := scenarioByKey(r.Scenario); !ok {
			return nil, fmt.Errorf("%s: there is no scenario %q", name, r.Scenario)
		}
	}
	rep.summarize()
	return rep, nil
}

// block is the rows of one scenario.
type block struct {
	scenario
	rows []row
}

func (rep *report) blocks() []block {
	var all []block
	for _, r := range rep.Summary {
		if len(all) == 0 || all[len(all)-1].key != r.Scenario {
			sc, _ := scenarioByKey(r.Scenario)
			all = append(all, block{scenario: sc})
		}
		last := &all[len(all)-1]
		last.rows = append(last.rows, r)
	}
	return all
}
