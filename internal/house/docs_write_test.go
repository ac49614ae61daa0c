package house

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The tests here generate parts of the pages, and compare them with what the pages have.

var write = flag.Bool("write", false, "write the generated parts of the pages")

// same requires that a page is as it is generated, or writes it.
func same(t *testing.T, name, generated string) {
	t.Helper()
	has := read(t, name)
	if *write && has != generated {
		require.NoError(t, os.WriteFile(filepath.FromSlash(name), []byte(generated), 0o666))
		return
	}
	want := strings.Split(generated, "\n")
	for i, line := range strings.Split(has, "\n") {
		require.True(t, i < len(want) && line == want[i], "%s:%d is out of date; make docs writes it: %s", name, i+1, line)
	}
	require.Equal(t, len(generated), len(has), "%s is out of date; make docs writes it", name)
}

// aMinute is how many lines of code one reads in a minute.
const aMinute = 20

// If this fails, docs/README.md has the length of a file wrong, and the time that it takes.
func TestDocsFileTablesAreRight(t *testing.T) {
	atRoot(t)
	files := regexp.MustCompile(`\]\(\.\./([^)]+)\)`)
	row := regexp.MustCompile(`^(\| \[.+\]\(\.\./.+\) \|) [0-9]+ \| [0-9]+ \| (.*) \|$`)
	var page strings.Builder
	lines, minutes, rows := 0, 0, 0
	for line := range strings.Lines(read(t, "docs/README.md")) {
		if strings.HasPrefix(line, "| together |") {
			fmt.Fprintf(&page, "| together | %d | %d | |\n", lines, minutes)
			lines, minutes = 0, 0
			continue
		}
		m := row.FindStringSubmatch(strings.TrimSpace(line))
		if m == nil {
			page.WriteString(line)
			continue
		}
		n := 0
		for _, file := range files.FindAllStringSubmatch(m[1], -1) {
			n += strings.Count(read(t, file[1]), "\n")
		}
		takes := (n + aMinute - 1) / aMinute
		fmt.Fprintf(&page, "%s %d | %d | %s |\n", m[1], n, takes, m[2])
		lines, minutes, rows = lines+n, minutes+takes, rows+1
	}
	require.NotZero(t, rows)
	same(t, "docs/README.md", page.String())
	t.Logf("%d files", rows)
}

// If this fails, a page shows a command with an output that it no longer has.
func TestDocsOutputsAreRight(t *testing.T) {
	atRoot(t)
	for _, shown := range []struct {
		page   string
		output func(*testing.T, string) string
	}{
		{"docs/README.md", docsTests},
		{"docs/lock-order.md", shell},
		{"docs/state-machine.md", counterexample},
		{"docs/learn/step1.md", shell},
		{"docs/learn/step2.md", shell},
		{"docs/learn/step3.md", shell},
		{"docs/learn/step4.md", shell},
		{"docs/learn/step5.md", shell},
		{"docs/life.md", untimed("docs/life.md")},
		{"docs/reference/epoll-facts.md", untimed("docs/reference/epoll-facts.md")},
	} {
		before, out, after, command := consoleOf(t, shown.page)
		if new := shown.output(t, command); new != "" {
			out = new
		}
		same(t, shown.page, before+out+after)
	}
}

// consoleOf cuts a page at its first console block, and returns the last command before that.
func consoleOf(t *testing.T, name string) (before, block, after, command string) {
	t.Helper()
	const fence = "```console\n"
	before, block, found := strings.Cut(read(t, name), fence)
	require.True(t, found, "%s: no console block", name)
	block, after, found = strings.Cut(block, "```")
	require.True(t, found, name)
	commands := regexp.MustCompile(`(?m)^    (\S.*)$`).FindAllStringSubmatch(before, -1)
	require.NotEmpty(t, commands, name)
	return before + fence, block, "```" + after, commands[len(commands)-1][1]
}

// docsTests returns the lines that go test -v prints of the tests of the pages.
func docsTests(t *testing.T, _ string) string {
	files, err := filepath.Glob("internal/house/*_test.go")
	require.NoError(t, err)
	var out strings.Builder
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range f.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "TestDocs") {
				fmt.Fprintf(&out, "--- PASS: %s\n", f.Name.Name)
			}
		}
	}
	return out.String()
}

// shell returns the output of a command that changes nothing, or nothing where it cannot run.
func shell(t *testing.T, command string) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		return ""
	}
	c := exec.CommandContext(t.Context(), "sh", "-c", command)
	c.Env = append(os.Environ(), "LC_ALL=C")
	out, err := c.Output()
	require.NoError(t, err, command)
	return string(out)
}

// untimed is shell for a command that prints times: those of the page may stay.
func untimed(page string) func(*testing.T, string) string {
	times := regexp.MustCompile(` *[0-9.]+ ?s\b`)
	return func(t *testing.T, command string) string {
		t.Helper()
		out := shell(t, command)
		if _, block, _, _ := consoleOf(t, page); times.ReplaceAllString(out, "") == times.ReplaceAllString(block, "") {
			return ""
		}
		return out
	}
}

// If this fails, a page names a line of the source that has moved, as the one that prevents a bug.
func TestDocsLinesAreRight(t *testing.T) {
	atRoot(t)
	line := regexp.MustCompile(`(?m)^this line prevents it: (\S+):([0-9]+): (.*)$`)
	n := 0
	for _, page := range pages(t) {
		for _, m := range line.FindAllStringSubmatch(page.text, -1) {
			at, err := strconv.Atoi(m[2])
			require.NoError(t, err)
			lines := strings.Split(read(t, m[1]), "\n")
			require.Greater(t, len(lines), at, "%s: %s", page.name, m[0])
			require.Equal(t, strings.TrimSpace(lines[at-1]), m[3], "%s: %s", page.name, m[0])
			n++
		}
	}
	require.NotZero(t, n)
}

// counterexample runs the search with -write only. Otherwise it looks whether the places
// that the page shows are in the functions that the page names; TestSearchFinds of package
// polldesc compares the rest.
func counterexample(t *testing.T, command string) string {
	t.Helper()
	if *write {
		out, _ := exec.CommandContext(t.Context(), "sh", "-c", command).Output() // it fails: that is what it shows
		head := regexp.MustCompile(`(?m)^ *scenarios\.go:[0-9]+: `).FindIndex(out)
		require.NotNil(t, head, "%s: %s", command, out)
		var block strings.Builder
		for line := range strings.Lines(string(out[head[1]:])) {
			text := strings.TrimRight(strings.TrimPrefix(line, strings.Repeat(" ", 16)), " \n")
			if strings.TrimSpace(text) == "" {
				break
			}
			block.WriteString(text + "\n")
		}
		return block.String() + "FAIL\n"
	}
	_, block, _, _ := consoleOf(t, "docs/state-machine.md")
	places := regexp.MustCompile(`(\w+\.go):([0-9]+) (\w+)`).FindAllStringSubmatch(block, -1)
	require.NotEmpty(t, places)
	for _, place := range places {
		line, err := strconv.Atoi(place[2])
		require.NoError(t, err)
		require.Equal(t, place[3], functionAt(t, path.Join("polldesc", place[1]), line), "%s:%d: make docs writes the counterexample", place[1], line)
	}
	return ""
}

// functionAt returns the name of the function at a line.
func functionAt(t *testing.T, name string, line int) (function string) {
	t.Helper()
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	for _, d := range f.Decls {
		if d, ok := d.(*ast.FuncDecl); ok && set.Position(d.Pos()).Line <= line && line <= set.Position(d.End()).Line {
			function = d.Name.Name
		}
	}
	return function
}
