package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/a57b2d82/netpoller/internal/mutants/plant"
	"github.com/a57b2d82/netpoller/internal/search/overlay"
)

// The pages, whose lists are generated.
const (
	exercisesPage = "docs/learn/exercises.md"
	answersPage   = "docs/learn/answers.md"
)

func writePages() error {
	root, err := overlay.Root(context.Background())
	if err != nil {
		return err
	}
	for name, text := range map[string]func(root, before string) (string, error){exercisesPage: exercises, answersPage: answers} {
		path := filepath.Join(root, filepath.FromSlash(name))
		before, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		after, err := text(root, string(before))
		if err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(after), 0o666); err != nil {
			return err
		}
	}
	return nil
}

// between replaces what a page has between a line and the next heading.
func between(page, line, list string) (string, error) {
	before, after, found := strings.Cut(page, line+"\n")
	i := strings.Index(after, "\n## ")
	if !found || i < 0 {
		return "", fmt.Errorf("a page has no %q, or no heading after it", line)
	}
	return before + line + "\n" + list + after[i:], nil
}

// exercises is the page of the questions.
func exercises(_, before string) (string, error) {
	var rows, not strings.Builder
	for _, b := range history {
		fmt.Fprintf(&rows, "| %d | %s | %s | `go run ./docs/learn/bug %s` |\n", b.number, b.name, b.question, b.name)
	}
	for _, n := range notPlanted {
		fmt.Fprintf(&not, "| %d | %s | %s | %s |\n", n.number, n.from, n.bug, n.because)
	}
	page, err := between(before, "| number | name | question | command |\n|---|---|---|---|", rows.String())
	if err != nil {
		return "", err
	}
	return between(page, "| number | from | bug | why not |\n|---|---|---|---|", not.String())
}

// mark is what the pages leave out of a line.
var mark = regexp.MustCompile(`\s*// DOC: [a-z0-9-]+$`)

// answers is the page of the answers.
func answers(root, before string) (string, error) {
	var list strings.Builder
	for _, b := range history {
		m, err := b.mutant()
		if err != nil {
			return "", err
		}
		_, line, err := b.prevents(root, &m)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(&list, "\n### %s\n\n%s\n\n```go %s\n%s\n```\n", b.name, wrap(b.answer(&m)), m.File, mark.ReplaceAllString(line, ""))
	}
	return between(before, "Each answer ends with the line that prevents the bug.", list.String())
}

// answer is the answer in words.
func (b *bug) answer(m *plant.Mutant) string {
	tests := slices.Clone(m.Tests)
	for i := range tests {
		tests[i] = "`go test " + tests[i] + "`"
	}
	return fmt.Sprintf("%s The bug is that of %s. Here the mistake is: %s. It is shown by %s.", b.why, b.from, m.Name, strings.Join(tests, " or "))
}

// wrap breaks a text into lines.
func wrap(text string) string {
	const most = 120
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > most {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return strings.Join(append(lines, line), "\n")
}
