package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/a57b2d82/netpoller/internal/mutants/list"
	"github.com/a57b2d82/netpoller/internal/mutants/plant"
)

// A bug is a mistake, and what it teaches.
type bug struct {
	name string

	// For one that a poller has had: where it is in the list of histories, the issues, a question and its answer.
	number        int
	from          string
	question, why string

	// The mistake of package list that is planted, and the tests that show it, if not those that it names.
	file, mistake string
	tests         []string
	line          string // the line that prevents it, if not the first that the mistake changes
}

// mutant returns the mistake, with the tests that show it.
func (b *bug) mutant() (plant.Mutant, error) {
	for _, m := range list.All() {
		if m.File == b.file && m.Name == b.mistake {
			if b.tests != nil {
				m.Tests = b.tests
			}
			return m, nil
		}
	}
	return plant.Mutant{}, fmt.Errorf("%s: %s has no mistake %q", b.name, b.file, b.mistake)
}

// describe is what is said before the tests run.
func describe(root string, b *bug, m *plant.Mutant) (string, error) {
	all, err := changes(root, m)
	if err != nil {
		return "", err
	}
	var s strings.Builder
	fmt.Fprintf(&s, "%s\n", b.name)
	if b.from != "" {
		fmt.Fprintf(&s, "  it comes from %s\n  %s\n", b.from, b.question)
	}
	fmt.Fprintf(&s, "\nplanted in %s: %s\n", m.File, m.Name)
	for _, c := range all {
		fmt.Fprintf(&s, "  line %d\n", c.number)
		for _, line := range c.old {
			fmt.Fprintf(&s, "  - %s\n", line)
		}
		for _, line := range c.new {
			fmt.Fprintf(&s, "  + %s\n", line)
		}
	}
	fmt.Fprintf(&s, "\nto be shown by one of\n")
	for _, words := range m.Tests {
		fmt.Fprintf(&s, "  go test %s\n", words)
	}
	return s.String(), nil
}

// outcome is what is said after the tests have run.
func outcome(root string, b *bug, r *plant.Result) string {
	if r.Equivalent != "" {
		return fmt.Sprintf("\nno test can show it: %s\n", r.Equivalent)
	}
	var s strings.Builder
	fmt.Fprintf(&s, "\nwith nothing planted, the tests pass; with it, %s fails:\n\n", r.By)
	for _, line := range counterexample(r.Output) {
		fmt.Fprintf(&s, "  %s\n", line)
	}
	fmt.Fprintf(&s, "\nthe rule that it breaks: %s\n", r.Breaks)
	if number, line, err := b.prevents(root, &r.Mutant); err == nil {
		fmt.Fprintf(&s, "this line prevents it: %s:%d: %s\n", r.File, number, line)
	}
	if b.why != "" {
		fmt.Fprintf(&s, "  %s\n", b.why)
	}
	return s.String()
}

// A change is some whole lines of a file, as they are and as they become.
type change struct {
	number   int // of the first line
	old, new []string
}

// changes returns what a mistake changes in the source.
func changes(root string, m *plant.Mutant) (all []change, err error) {
	source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(m.File)))
	if err != nil {
		return nil, err
	}
	text := string(source)
	from, to := strings.Split(m.Old, plant.Dots), strings.Split(m.New, plant.Dots)
	for i := range from {
		at := strings.Index(text, from[i])
		if at < 0 {
			return nil, fmt.Errorf("%s: %s has no %q", m.Name, m.File, from[i])
		}
		begin := strings.LastIndex(text[:at], "\n") + 1
		before, after := text[begin:at], text[at+len(from[i]):]
		after, _, _ = strings.Cut(after, "\n")
		old, new := strings.Split(before+from[i]+after, "\n"), strings.Split(before+to[i]+after, "\n")
		first, last := common(old, new)
		if len(old)+len(new) == 2*(first+last) { // this piece is as it was
			continue
		}
		number := strings.Count(text[:begin], "\n") + 1 + first
		all = append(all, change{number, old[first : len(old)-last], new[first : len(new)-last]})
	}
	return all, nil
}

// common returns how many lines two texts have in common at the beginning and, of the others, at the end.
func common(a, b []string) (first, last int) {
	for first < min(len(a), len(b)) && a[first] == b[first] {
		first++
	}
	for last < min(len(a), len(b))-first && a[len(a)-1-last] == b[len(b)-1-last] {
		last++
	}
	return first, last
}

// prevents returns the line of the source that prevents the bug, and its number: the first that the mistake changes or, if
// it changes none, the one that it comes before, unless the bug names another.
func (b *bug) prevents(root string, m *plant.Mutant) (number int, line string, err error) {
	source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(m.File)))
	if err != nil {
		return 0, "", err
	}
	text := string(source)
	if b.line != "" {
		if n := strings.Count(text, b.line); n != 1 {
			return 0, "", fmt.Errorf("%s: %s has %d times, not once: %q", b.name, m.File, n, b.line)
		}
		number = strings.Count(text[:strings.Index(text, b.line)], "\n") + 1
	} else {
		all, err := changes(root, m)
		if err != nil {
			return 0, "", err
		}
		number = all[0].number
	}
	return number, strings.TrimSpace(strings.Split(text, "\n")[number-1]), nil
}

var (
	noise = regexp.MustCompile(`^(=== |\s*--- PASS|PASS$|ok )|^\s+\d+ schedules,|^part \d`)
	stack = regexp.MustCompile(`^goroutine \d+`)
)

// most is how many lines of a counterexample are shown.
const most = 60

// counterexample returns what a failing test has said, without what tells of other tests and of other goroutines.
func counterexample(output string) (lines []string) {
	stacks := 0
	for line := range strings.Lines(strings.ReplaceAll(output, "\x16", "")) {
		line = strings.TrimRight(line, " \n")
		if stack.MatchString(line) {
			stacks++
		}
		if stacks > 1 || noise.MatchString(line) || line == "" {
			continue
		}
		lines = append(lines, line)
	}
	if n := len(lines) - most; n > 0 { // the end shows what went wrong
		half := most / 3
		lines = append(append(lines[:half:half], fmt.Sprintf("... %d lines ...", n)), lines[half+n:]...)
	}
	return lines
}
