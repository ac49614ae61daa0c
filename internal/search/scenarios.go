package search

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	only = flag.String("only", "", "search only the scenario with this `name`, or else those whose name contains it")
	part = flag.String("part", "0/1", "search the scenarios of part `i/n`")

	steps = flag.String("steps", "", "write the counterexample to this `file`, as JSON")
)

// shortLimit is how many schedules of a scenario are run with -short.
const shortLimit = 3000

// Scenarios explores all, and fails t at the first schedule that goes wrong: with its
// counterexample, and the promises that it breaks.
func Scenarios(t *testing.T, all []Scenario) {
	var i, n, schedules, length int
	if _, err := fmt.Sscanf(*part, "%d/%d", &i, &n); err != nil {
		t.Fatal("-part: ", err)
	}
	wanted := wants(all)
	if !slices.ContainsFunc(all, wanted) {
		t.Fatalf("no scenario's name contains %q", *only)
	}
	begin := time.Now()
	for k := range all {
		s := &all[k]
		if k%n != i || !wanted(*s) {
			continue
		}
		began := time.Now()
		e := &Explorer{}
		variants := max(1, s.Variants)
		for v := range variants {
			if testing.Short() { // a part for each, and what those before have left
				e.Limit = max(1, shortLimit*(v+1)/variants)
			}
			if e.Explore(s, v); e.Wrong != "" {
				c := counterexample(s, v, e)
				c.write(t)
				t.Fatal(c)
			}
		}
		schedules, length = schedules+e.Schedules, length+e.Steps
		if testing.Verbose() {
			fmt.Printf("%8d schedules, %3d steps at most, %6.2f s: %s%s\n", e.Schedules, e.Longest, time.Since(began).Seconds(), s.Name, cut(e))
		}
	}
	fmt.Printf("part %d of %d: %d schedules, %d steps, %.1f s\n", i+1, n, schedules, length, time.Since(begin).Seconds())
}

// wants returns what -only selects.
func wants(all []Scenario) func(Scenario) bool {
	named := func(s Scenario) bool { return s.Name == *only }
	if slices.ContainsFunc(all, named) {
		return named
	}
	return func(s Scenario) bool { return strings.Contains(s.Name, *only) }
}

// Ended says what is wrong, for Check, unless n operations ended, each with one of the errors.
func Ended(ended []error, n int, want ...error) string {
	if len(ended) != n {
		return fmt.Sprintf("%d operations ended, not %d", len(ended), n)
	}
	for _, err := range ended {
		if !slices.Contains(want, err) {
			return fmt.Sprintf("an operation ended with: %v", err)
		}
	}
	return ""
}

func cut(e *Explorer) string {
	if e.Cut {
		return " (stopped there)"
	}
	return ""
}

// A Counterexample is a schedule that goes wrong.
type Counterexample struct {
	Scenario string `json:"scenario"`
	Wrong    string `json:"wrong"`
	Notes    string `json:"notes"` // the promises that it breaks
	How      string `json:"how"`   // with how many preemptions
	Lines    []Line `json:"lines"`
}

func (c *Counterexample) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\nIt breaks %s. With %s:\n", c.Scenario, c.Wrong, c.Notes, c.How)
	for i, line := range columns(c.Lines) {
		fmt.Fprintf(&b, "%4d  %s\n", i+1, line)
	}
	return b.String()
}

// write writes c where -steps says.
func (c *Counterexample) write(t *testing.T) {
	if *steps == "" {
		return
	}
	text, err := json.MarshalIndent(c, "", "\t")
	if err == nil {
		err = os.WriteFile(*steps, text, 0o644)
	}
	if err != nil {
		t.Error("-steps: ", err)
	}
}

// counterexample describes a schedule that goes wrong, the one with the fewest preemptions.
func counterexample(s *Scenario, variant int, found *Explorer) *Counterexample {
	e, how := found, fmt.Sprintf("schedule %d of the search", found.Schedules)
	for n := range 4 {
		simple := &Explorer{Mode: Bounded, Preemptions: n, Limit: 20_000}
		if simple.Explore(s, variant); simple.Wrong != "" {
			e, how = simple, plural(n, "preemption")
			break
		}
	}
	return &Counterexample{s.Name, e.Wrong, s.Notes, how, e.Trace}
}

// Steps tells step of the steps of some schedules of all. With -only, or in another part than
// the first, it does nothing and reports false.
func Steps(t *testing.T, all []Scenario, step func(Step)) bool {
	if !strings.HasPrefix(*part, "0/") || *only != "" {
		return false
	}
	for k := range all {
		e := &Explorer{Limit: 1000, step: step}
		for v := range max(1, all[k].Variants) {
			e.Explore(&all[k], v)
		}
	}
	return true
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
