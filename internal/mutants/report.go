package main

import (
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/a57b2d82/netpoller/internal/mutants/plant"
)

// page is where -write puts the list.
const page = "docs/reference/mutants.md"

// line is what became of a mutant, as it is printed.
func line(r *plant.Result) string {
	mark := " "
	if !r.OK() {
		mark = "!"
	}
	return fmt.Sprintf("%s %-9s %5.1fs  %s: %s  [%s]", mark, r.Verdict, r.Took.Round(100*time.Millisecond).Seconds(), r.Package(), r.Name, r.By)
}

// summary counts.
func summary(results []plant.Result) string {
	var n, equivalent int
	for i := range results {
		switch {
		case results[i].Verdict == plant.Caught:
			n++
		case results[i].OK():
			equivalent++
		}
	}
	return fmt.Sprintf("%d mutants: %d caught, %d equivalent as expected, %d not", len(results), n, equivalent, len(results)-n-equivalent)
}

// markdown is the page of a list, of which some were tried. It takes the results of the
// others from the page as it was.
func markdown(list []plant.Mutant, tried []plant.Result, before string) string {
	outcomes := make(map[string]string)
	for _, line := range strings.Split(before, "\n") {
		if i := strings.LastIndex(strings.TrimSuffix(line, " |"), "| "); i > 0 {
			outcomes[line[:i+1]] = strings.TrimSuffix(line[i+2:], " |")
		}
	}
	for i := range tried {
		outcomes[row(&tried[i].Mutant)] = outcome(&tried[i])
	}
	var rows strings.Builder
	caught, same, other := 0, 0, 0
	for i := range list {
		m := &list[i]
		if i == 0 || m.Package() != list[i-1].Package() {
			fmt.Fprintf(&rows, "\n## %s\n\n| mistake | file | breaks | caught by |\n|---|---|---|---|\n", m.Package())
		}
		is := outcomes[row(m)]
		switch {
		case is == "" || strings.HasPrefix(is, "**"):
			other++
		case m.Equivalent != "":
			same++
		default:
			caught++
		}
		fmt.Fprintf(&rows, "%s %s |\n", row(m), is)
	}
	return fmt.Sprintf(`# Planted mistakes

A command plants each mistake of this list in the source and runs the tests. A row has the mistake, the note, row, fact or
promise that it breaks, and the test that fails first, with its scenario if the test is a search. If the mistake makes no
difference, the row has the reason. The list is internal/mutants/list:

    go run ./internal/mutants                    # plants all
    go run ./internal/mutants -core              # plants those of the core
    go run ./internal/mutants -run fd/ -write    # plants some, and writes their rows

%d mistakes: %d are caught, %d make no difference, %d are neither.
`, len(list), caught, same, other) + rows.String()
}

// outcome is the last cell of a row.
func outcome(r *plant.Result) string {
	switch {
	case !r.OK():
		return fmt.Sprintf("**%s** %s", strings.ToLower(string(r.Verdict)), cell(r.By))
	case r.Equivalent != "":
		return "nothing: " + cell(r.Equivalent)
	}
	return cell(r.By)
}

// row is what the page says of a mutant, before what became of it.
func row(m *plant.Mutant) string {
	return fmt.Sprintf("| %s | %s | %s |", cell(m.Name), path.Base(m.File), cell(m.Breaks))
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
