package main

import (
	"fmt"
	"strings"
	"time"
)

// page is where -write puts the list.
const page = "docs/reference/mutants.md"

// line is what became of a mutant, as it is printed.
func line(r *result) string {
	mark := " "
	if !r.ok() {
		mark = "!"
	}
	return fmt.Sprintf("%s %-9s %5.1fs  %s: %s  [%s]", mark, r.verdict, r.took.Round(100*time.Millisecond).Seconds(), r.Package(), r.Name, r.by)
}

// summary counts.
func summary(results []result) string {
	var n, equivalent int
	for i := range results {
		switch {
		case results[i].verdict == caught:
			n++
		case results[i].ok():
			equivalent++
		}
	}
	return fmt.Sprintf("%d mutants: %d caught, %d equivalent as expected, %d not", len(results), n, equivalent, len(results)-n-equivalent)
}

// markdown is the page.
func markdown(results []result) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Mistakes that the tests catch

Each row is a mistake that can be planted in the source, the note, fact, row or promise that it breaks,
and the test that fails first. The list itself is in [internal/mutants](../../internal/mutants), which also
wrote this page:

    go run ./internal/mutants -write

%s.
`, summary(results))
	for i := range results {
		r := &results[i]
		if i == 0 || r.Package() != results[i-1].Package() {
			fmt.Fprintf(&b, "\n## %s\n\n| mistake | file | breaks | caught by |\n|---|---|---|---|\n", r.Package())
		}
		by := r.by
		if r.Equivalent != "" {
			by = "nothing: " + r.Equivalent
		}
		_, file, _ := cutLast(r.File, "/")
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", cell(r.Name), file, cell(r.Breaks), cell(by))
	}
	return b.String()
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }
