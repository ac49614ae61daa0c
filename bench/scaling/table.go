//go:build linux

package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/a57b2d82/netpoller/bench/figures"
	"github.com/a57b2d82/netpoller/bench/machine"
)

// A recording is what -json writes.
type recording struct {
	Machine  machine.Machine `json:"machine"`
	Rounds   int             `json:"rounds"`
	Duration time.Duration   `json:"duration_ns"`
	Runs     []run           `json:"runs"`
	Sections sections        `json:"sections"`
}

func load(name string) (rec recording, err error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return rec, err
	}
	return rec, json.Unmarshal(text, &rec)
}

func (rec recording) save(name string) error {
	text, err := json.MarshalIndent(rec, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(text, '\n'), 0o666)
}

// A point is what is measured in every round.
type point struct {
	work            string
	procs, reactors int
}

// points lists those of the recording, as they were measured.
func (rec recording) points() []point {
	var list []point
	seen := map[point]bool{}
	for _, r := range rec.Runs {
		p := point{r.Work, r.Procs, r.Reactors}
		if !seen[p] {
			seen[p] = true
			list = append(list, p)
		}
	}
	return list
}

// values lists what a point had in each round.
func (rec recording) values(at point, value func(run) float64) []float64 {
	var list []float64
	for _, r := range rec.Runs {
		if (point{r.Work, r.Procs, r.Reactors}) == at {
			list = append(list, value(r))
		}
	}
	return list
}

func (rec recording) median(at point, value func(run) float64) float64 {
	return figures.New(rec.values(at, value)).Median
}

// mean is for what few samples have told, of which a median throws most away.
func (rec recording) mean(at point, value func(run) float64) float64 {
	list := rec.values(at, value)
	sum := 0.0
	for _, v := range list {
		sum += v
	}
	return sum / float64(max(1, len(list)))
}

// ratios divides one point's values by another's, round by round.
func (rec recording) ratios(at, to point, value func(run) float64) []float64 {
	list, by := rec.values(at, value), rec.values(to, value)
	n := min(len(list), len(by))
	for i := range n {
		list[i] /= by[i]
	}
	return list[:n]
}

func perSecond(r run) float64 { return r.PerSecond }
func cpu(r run) float64       { return r.CPU }

// print shows the works, and then the estimate for so many processors.
func (rec recording) print(out io.Writer, procs int) {
	fmt.Fprintf(out, "%v\n%s of %v\n", rec.Machine, figures.Plural(rec.Rounds, "round"), rec.Duration)
	for _, w := range works {
		if w.key != profiled {
			rec.printWork(out, w)
		}
	}
	if e, ok := rec.estimate(procs); ok {
		fmt.Fprintln(out)
		e.print(out, upTo(16))
	}
}

func (rec recording) printWork(out io.Writer, w work) {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fewest, shared, found := map[bool]point{}, false, false // of package net, and of netpoller
	for _, at := range rec.points() {
		if at.work != w.key {
			continue
		}
		if !found {
			fmt.Fprintf(out, "\n%s\n", w.key)
			fmt.Fprintf(t, "processors\treactors\t%ss/s\t×fewest\t×net\t\tCPU µs\t×net\t\tlock wait µs\tclient busy\t\n", w.unit)
			found = true
		}
		ours := at.reactors > 0
		if _, ok := fewest[ours]; !ok {
			fewest[ours] = at
		}
		shared = rec.printPoint(t, at, fewest[ours]) || shared
	}
	t.Flush()
	if shared {
		fmt.Fprintln(out, "  * the client ran on the same processors: read the CPU column")
	}
}

// shared reports whether the client of a point had no processors of its own.
func (rec recording) shared(at point) bool {
	return slices.ContainsFunc(rec.Runs, func(r run) bool {
		return point{r.Work, r.Procs, r.Reactors} == at && r.Shared
	})
}

// printPoint shows a point beside package net, and beside the same package on the fewest processors.
func (rec recording) printPoint(t io.Writer, at, fewest point) (shared bool) {
	net := point{at.work, at.procs, 0}
	name, mark := "net", ""
	if at.reactors > 0 {
		name = fmt.Sprint(at.reactors)
	}
	if shared = rec.shared(at); shared {
		mark = " *"
	}
	rate, cost := "\t", "\t"
	if at != net {
		rate, cost = ratioText(rec.ratios(at, net, perSecond)), ratioText(rec.ratios(at, net, cpu))
	}
	fmt.Fprintf(t, "%d%s\t%s\t%s\t%.2f\t%s\t%.2f\t%s\t%.3f\t%.1f\t\n", at.procs, mark, name,
		figures.Thousands(rec.median(at, perSecond)), figures.New(rec.ratios(at, fewest, perSecond)).Median, rate,
		rec.median(at, cpu)/1e3, cost, rec.median(at, func(r run) float64 { return r.LockWait })/1e3,
		rec.median(at, func(r run) float64 { return r.ClientBusy }))
	return shared
}

// ratioText is two columns: a median and its interval.
func ratioText(ratios []float64) string {
	r := figures.NewRatio(ratios)
	if !r.HasInterval() {
		return fmt.Sprintf("%.2f\t", r.Median)
	}
	return fmt.Sprintf("%.2f\t%.2f–%.2f", r.Median, r.Low, r.High)
}

// estimate takes what it needs from the recording, on as many processors as there were.
func (rec recording) estimate(procs int) (e estimate, ok bool) {
	most := 0
	for _, r := range rec.Runs {
		most = max(most, r.Procs)
	}
	e = estimate{
		procs:    procs,
		request:  rec.median(point{"echo", most, 1}, cpu),
		event:    rec.mean(point{profiled, most, 1}, func(r run) float64 { return r.Reactor }),
		accept:   rec.median(point{"accept", most, 1}, cpu),
		sections: rec.Sections,
	}
	return e, e.request > 0 && e.event > 0 && e.accept > 0
}
