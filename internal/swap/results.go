package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// parse returns what came of each test in the output of go test -json: "pass", "fail",
// "skip", or "run" for one that did not end. A test without a name is its package, listed
// only where it failed, as when it did not compile.
func parse(out string) map[string]string {
	results := map[string]string{}
	for line := range strings.Lines(out) {
		var event struct{ Action, Package, Test string }
		if json.Unmarshal([]byte(line), &event) != nil {
			continue
		}
		name := event.Package + " " + event.Test
		switch event.Action {
		case "run", "pass", "skip", "fail":
			if event.Test != "" || event.Action == "fail" {
				results[name] = event.Action
			}
		}
	}
	return results
}

// A tally says how many tests passed, failed and were skipped.
type tally struct{ passed, failed, skipped int }

func (t tally) String() string {
	return fmt.Sprintf("%d passed, %d failed, %d skipped", t.passed, t.failed, t.skipped)
}

func count(results map[string]string) (t tally) {
	for name, r := range results {
		switch {
		case strings.HasSuffix(name, " "):
			// a package is not a test
		case r == "pass":
			t.passed++
		case r == "skip":
			t.skipped++
		default:
			t.failed++
		}
	}
	return t
}

// unlike returns the tests whose results differ.
func unlike(control, swapped map[string]string) (names []string) {
	all := maps.Clone(control)
	maps.Copy(all, swapped)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if control[name] != swapped[name] {
			names = append(names, name)
		}
	}
	return names
}

// compare returns the tests that have another result, and those that fail both ways. It fails if
// one fails with this library only.
func compare(control, swapped map[string]string) (differences, bothFail []string, err error) {
	for _, name := range unlike(control, swapped) {
		a, b := control[name], swapped[name]
		differences = append(differences, fmt.Sprintf("%s: net %q, netpoller %q", name, a, b))
		if b == "fail" || b == "run" || a == "pass" {
			err = errors.New("the swapped program does something else")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(control)) {
		if r := control[name]; r == swapped[name] && (r == "fail" || r == "run") {
			bothFail = append(bothFail, name)
		}
	}
	if len(control) == 0 || len(swapped) == 0 {
		err = errors.New("no test ran")
	}
	return differences, bothFail, err
}
