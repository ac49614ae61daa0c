package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// page is the page with the last results. The part between its two marks is written here,
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
	placesTable(&b, results)
	factsTable(&b, results)
	failuresList(&b, results)
	skipsTable(&b, results)
	return b.String()
}

func countsTable(b *strings.Builder, results []*result) {
	fmt.Fprintf(b, "Tests, subtests included: how many passed, **failed** and were (skipped).\n\n")
	fmt.Fprintf(b, "| kernel | %s |\n|---|%s\n", strings.Join(packages, " | "), strings.Repeat("---|", len(packages)))
	for _, r := range results {
		fmt.Fprintf(b, "| %v |", r.kernel)
		for _, pkg := range packages {
			fmt.Fprintf(b, " %s |", r.programs[pkg].counts())
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
}

// placesTable has a row for each kernel, and one more where packages ran elsewhere or on
// another day.
func placesTable(b *strings.Builder, results []*result) {
	b.WriteString("Where each ran:\n\n| kernel | package | by | took |\n|---|---|---|---|\n")
	for _, r := range results {
		var hosts []string
		took := map[string][]string{}
		for _, pkg := range packages {
			if p := r.programs[pkg]; p != nil {
				if took[p.host] == nil {
					hosts = append(hosts, p.host)
				}
				took[p.host] = append(took[p.host], pkg+" "+p.took)
			}
		}
		for _, host := range hosts {
			fmt.Fprintf(b, "| %v | %s | %s | %s |\n", r.kernel, r.image, host, strings.Join(took[host], ", "))
		}
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
	b.WriteString("The facts about epoll that a kernel showed:\n\n| kernel |")
	for _, f := range facts {
		fmt.Fprintf(b, " %s |", f.letter)
	}
	fmt.Fprintf(b, "\n|---|%s\n", strings.Repeat("---|", len(facts)))
	for _, r := range results {
		fmt.Fprintf(b, "| %v |", r.kernel)
		for _, f := range facts {
			fmt.Fprintf(b, " %s |", r.shows(f.tests))
		}
		b.WriteString("\n")
	}
	b.WriteString("\n")
}

func failuresList(b *strings.Builder, results []*result) {
	var lines []string
	for _, r := range results {
		for _, pkg := range packages {
			p := r.programs[pkg]
			if p == nil || p.end == "ok" {
				continue
			}
			line := fmt.Sprintf("- %v, %s: %s", r.kernel, pkg, p.end)
			if failed := p.with("fail"); failed != nil {
				line += "; failed: " + strings.Join(failed, ", ")
			}
			if running := p.with("run"); running != nil {
				line += "; did not end: " + strings.Join(running, ", ")
			}
			lines = append(lines, line)
		}
	}
	if lines == nil {
		b.WriteString("Of what was run, nothing failed.\n\n")
		return
	}
	b.WriteString("Failed:\n\n" + strings.Join(lines, "\n") + "\n\n")
}

func skipsTable(b *strings.Builder, results []*result) {
	on := map[skip][]string{} // the kernels, by what was skipped
	ran := map[string]int{}   // on how many kernels, by package
	for _, r := range results {
		for pkg, p := range r.programs {
			ran[pkg]++
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
		if len(kernels) == ran[s.pkg] {
			where = "all"
		}
		rows = append(rows, fmt.Sprintf("| %s | %s | %s | %s |\n", s.pkg, s.tests, s.reason, where))
	}
	slices.Sort(rows)
	b.WriteString(strings.Join(rows, "") + "\n")
}
