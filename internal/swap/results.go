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
		var event struct{ Action, Package, Test, ImportPath, Output string }
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

func count(results map[string]string) (passed, failed, skipped int) {
	for name, r := range results {
		switch {
		case strings.HasSuffix(name, " "):
			// a package is not a test
		case r == "pass":
			passed++
		case r == "skip":
			skipped++
		default:
			failed++
		}
	}
	return passed, failed, skipped
}

// differences prints the tests that have another result, and those that fail both ways,
// and fails if any fails with our package only.
func differences(control, swapped map[string]string) error {
	names := map[string]bool{}
	for name := range control {
		names[name] = true
	}
	for name := range swapped {
		names[name] = true
	}
	var err error
	for _, name := range slices.Sorted(maps.Keys(names)) {
		a, b := control[name], swapped[name]
		switch {
		case a == b && (a == "fail" || a == "run"):
			fmt.Printf("fails both ways: %s\n", name)
		case a != b:
			fmt.Printf("differs: %s: net %q, netpoller %q\n", name, a, b)
			if b == "fail" || b == "run" || a == "pass" {
				err = errors.New("the swapped program does something else")
			}
		}
	}
	if len(control) == 0 || len(swapped) == 0 {
		return errors.New("no test ran")
	}
	return err
}
