package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
)

const (
	// page is the page of the results, whose table is between these lines.
	page   = "docs/reference/swap.md"
	tables = "<!-- results -->\n"
	end    = "<!-- end of the results -->\n"
)

// writePage writes the table into a page. A subject that was not run keeps its row.
func writePage(name string, results []result) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	before, rest, ok := bytes.Cut(text, []byte(tables))
	old, after, ok2 := bytes.Cut(rest, []byte(end))
	if !ok || !ok2 {
		return fmt.Errorf("%s has no place for the results", name)
	}
	return os.WriteFile(name, []byte(string(before)+tables+table(string(old), results)+end+string(after)), 0o644)
}

// table returns the table with the rows of results, and those of old for the other subjects.
func table(old string, results []result) string {
	text := "| subject | tests with net | tests with ours | seconds, with net and with ours | what differs |\n|---|---|---|---|---|\n"
	for _, s := range subjects {
		start := fmt.Sprintf("| %s, %s |", s.name, s.what)
		row := ""
		for line := range strings.Lines(old) {
			if strings.HasPrefix(line, start) {
				row = line
			}
		}
		for _, r := range results {
			if r.name == s.name {
				row = fmt.Sprintf("%s %v | %v | %.0f, %.0f | %s |\n", start, r.net, r.ours, r.build.Seconds(), r.swap.Seconds(), r.remarks())
			}
		}
		text += row
	}
	return text + fmt.Sprintf("\n%s, %s/%s.\n", runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// remarks says what differs, what fails both ways, and what is left out.
func (r result) remarks() string {
	var remarks []string
	if r.err != nil {
		remarks = append(remarks, "**"+strings.SplitN(r.err.Error(), "\n", 2)[0]+"**")
	}
	remarks = append(remarks, r.differences...)
	if len(r.bothFail) > 0 {
		var names []string
		for _, name := range r.bothFail {
			if _, test, _ := strings.Cut(name, " "); test != "" && !strings.Contains(test, "/") {
				names = append(names, test)
			}
		}
		remarks = append(remarks, "fails both ways: "+strings.Join(names, ", "))
	}
	for _, name := range slices.Sorted(maps.Keys(r.skip)) {
		remarks = append(remarks, "left out: "+name+", because "+r.skip[name])
	}
	if len(remarks) == 0 {
		return "nothing"
	}
	return strings.ReplaceAll(strings.Join(remarks, "; "), "|", "\\|")
}
