//go:build linux

package main

import (
	"encoding/json"
	"os"
)

// report is everything that was found out; it is what -json saves.
type report struct {
	Machine   machine  `json:"machine"`
	Settings  settings `json:"settings"`
	Summary   []row    `json:"summary"`
	CountedBy string   `json:"syscalls_counted_by"`
	Calls     []calls  `json:"syscalls_per_request"`
	Runs      []run    `json:"runs"`
}

// row is a line of the table: a cell over all rounds.
type row struct {
	cell
	PerSecond      figure  `json:"requests_per_second"`
	PerSecondRatio *figure `json:"requests_per_second_ratio,omitempty"` // to the baseline, if that was measured
	CPU            figure  `json:"cpu_us_per_request"`
	CPURatio       *figure `json:"cpu_ratio,omitempty"`
	P50            figure  `json:"p50_us"`
	P99            figure  `json:"p99_us"`
	P999           figure  `json:"p99_9_us"`
	Allocs         figure  `json:"allocs_per_request"`
	ClientBusy     figure  `json:"client_busy"`
	Calls          *calls  `json:"syscalls_per_request,omitempty"`
}

func (rep *report) summarize() {
	rep.Summary = nil
	for _, conns := range rep.Settings.Conns {
		base := rep.runsOf(cell{baseline, conns})
		for _, key := range rep.Settings.Variants {
			at := cell{key, conns}
			r := newRow(at, rep.runsOf(at), base)
			r.Calls = rep.callsOf(at)
			rep.Summary = append(rep.Summary, r)
		}
	}
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
	// A ratio compares two runs of the same round: they ran within seconds of each other.
	ratio := func(value func(run) float64) *figure {
		if len(base) != len(runs) {
			return nil
		}
		var values []float64
		for i, r := range runs {
			values = append(values, value(r)/value(base[i]))
		}
		f := newFigure(values)
		return &f
	}
	perSecond := func(r run) float64 { return r.PerSecond }
	cpu := func(r run) float64 { return r.CPU }
	return row{
		cell:           at,
		PerSecond:      over(perSecond),
		PerSecondRatio: ratio(perSecond),
		CPU:            over(cpu),
		CPURatio:       ratio(cpu),
		P50:            over(func(r run) float64 { return r.P50 }),
		P99:            over(func(r run) float64 { return r.P99 }),
		P999:           over(func(r run) float64 { return r.P999 }),
		Allocs:         over(func(r run) float64 { return r.Allocs }),
		ClientBusy:     over(func(r run) float64 { return r.ClientBusy }),
	}
}

func (rep *report) save(name string) error {
	text, err := json.MarshalIndent(rep, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(text, '\n'), 0o644)
}
