package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// page is the page with the last results. What is between its two marks is written here,
// the rest by hand.
const (
	page  = "docs/reference/kernels.md"
	begin = "<!-- begin: go run ./internal/kernels -write -->\n"
	end   = "<!-- end -->\n"
)

// writePage puts results between the marks of the page.
func writePage(results []*result) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, ok1 := strings.Cut(string(text), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		return fmt.Errorf("%s: a mark is missing", page)
	}
	return os.WriteFile(page, []byte(before+begin+"\n"+tables(results)+end+after), 0o644)
}

// tables returns everything that is written about results.
func tables(results []*result) string {
	var b strings.Builder
	countsTable(&b, results)
	factsTable(&b, results)
	failuresList(&b, results)
	skipsTable(&b, results)
	return b.String()
}

func countsTable(b *strings.Builder, results []*result) {
	fmt.Fprintf(b, "Tests, subtests included: how many passed, **failed** and were (skipped).\n\n")
	fmt.Fprintf(b, "| kernel | for | %s |\n|---|---|%s\n", strings.Join(packages, " | "), strings.Repeat("---|", len(packages)))
	for _, r := range results {
		fmt.Fprintf(b, "| %s | %s |", r.release, r.flavour)
		for _, pkg := range packages {
			fmt.Fprintf(b, " %s |", r.programs[pkg].counts())
		}
		b.WriteString("\n")
	}
	b.WriteString("\nWhere each ran:\n\n| kernel | package | by | took |\n|---|---|---|---|\n")
	for _, r := range results {
		var took []string
		for _, pkg := range packages {
			if p := r.programs[pkg]; p != nil {
				took = append(took, p.took)
			}
		}
		fmt.Fprintf(b, "| %s | %s | %s | %s |\n", r.release, r.image, r.host, strings.Join(took, ", "))
	}
	b.WriteString("\n")
}

func (p *program) counts() string {
	if p == nil {
		return "not run"
	}
	text := fmt.Sprint(len(p.with("pass")))
	if n := len(p.with("fail")); n > 0 {
		text += fmt.Sprintf(", **%d**", n)
	}
	if n := len(p.with("skip")); n > 0 {
		text += fmt.Sprintf(" (%d)", n)
	}
	if p.end != "ok" && len(p.with("fail")) == 0 {
		text += ", **" + p.end + "**"
	}
	return text
}

func factsTable(b *strings.Builder, results []*result) {
	b.WriteString("The facts about epoll that a kernel showed:\n\n| kernel | for |")
	for _, f := range facts {
		fmt.Fprintf(b, " %s |", f.letter)
	}
	fmt.Fprintf(b, "\n|---|---|%s\n", strings.Repeat("---|", len(facts)))
	for _, r := range results {
		fmt.Fprintf(b, "| %s | %s |", r.release, r.flavour)
		for _, f := range facts {
			seen := "seen"
			if !r.sees(f.tests) {
				seen = "**not seen**"
			}
			fmt.Fprintf(b, " %s |", seen)
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
}

func failuresList(b *strings.Builder, results []*result) {
	if results == nil {
		b.WriteString("Nothing has been run to its end.\n\n")
		return
	}
	var lines []string
	for _, r := range results {
		if r.err != nil {
			lines = append(lines, fmt.Sprintf("- %s, %s: %v", r.release, r.flavour, r.err))
		}
		for _, pkg := range packages {
			if p := r.programs[pkg]; p != nil && p.end != "ok" {
				lines = append(lines, fmt.Sprintf("- %s, %s: %s: %s: %s", r.release, r.flavour, pkg, p.end,
					strings.Join(p.with("fail"), ", ")))
			}
		}
	}
	if lines == nil {
		b.WriteString("Nothing failed.\n\n")
		return
	}
	b.WriteString("Failed:\n\n" + strings.Join(lines, "\n") + "\n\n")
}

func skipsTable(b *strings.Builder, results []*result) {
	on := map[skip][]string{} // the kernels, by what was skipped
	for _, r := range results {
		for pkg, p := range r.programs {
			for _, test := range p.with("skip") {
				s := skip{pkg, test, strings.Join(strings.Fields(p.said[test]), " ")}
				on[s] = append(on[s], r.kernel.String())
			}
		}
	}
	b.WriteString("Skipped:\n\n| package | test | reason | on |\n|---|---|---|---|\n")
	for _, s := range skips {
		fmt.Fprintf(b, "| %s | %s | %s | all |\n", s.pkg, strings.ReplaceAll(s.tests, "|", ", "), s.reason)
	}
	var rows []string
	for s, kernels := range on {
		where := strings.Join(kernels, ", ")
		if len(kernels) == len(results) {
			where = "all"
		}
		rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s |\n", s.pkg, s.tests, s.reason, where))
	}
	slices.Sort(rows)
	b.WriteString(strings.Join(rows, "") + "\n")
}
