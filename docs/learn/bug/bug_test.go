package main

import (
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/mutants/list"
)

const root = "../../.."

// If this fails, the source has moved on, and a bug with it.
func TestBugsApply(t *testing.T) {
	seen := map[string]bool{}
	for _, b := range history {
		require.False(t, seen[b.name], "a second bug of the name %s", b.name)
		seen[b.name] = true
		m, err := b.mutant()
		require.NoError(t, err)
		text, err := m.Patched(root)
		require.NoError(t, err)
		_, err = parser.ParseFile(token.NewFileSet(), m.File, text, 0)
		require.NoError(t, err, b.name)
		require.Empty(t, m.Equivalent, "%s: no test can show it", b.name)
		_, line, err := b.prevents(root, &m)
		require.NoError(t, err)
		require.NotEmpty(t, line, b.name)
		require.True(t, strings.HasSuffix(b.question, "?"), "%s: no question", b.name)
		require.True(t, strings.HasSuffix(b.why, "."), "%s: no answer", b.name)
	}
	for _, m := range list.All() {
		b, err := find(m.Name)
		require.NoError(t, err)
		_, _, err = b.prevents(root, &m)
		require.NoError(t, err)
	}
}

// If this fails, one of the 24 histories is neither planted, nor is it said why not.
func TestEveryHistoryHasARow(t *testing.T) {
	numbers := map[int]bool{}
	for _, b := range history {
		numbers[b.number] = true
	}
	for _, n := range notPlanted {
		numbers[n.number] = true
	}
	for n := 1; n <= 24; n++ {
		require.True(t, numbers[n], "history %d", n)
	}
	require.Len(t, numbers, 24)
}

// If this fails, a page shows another list: go run ./docs/learn/bug -write.
func TestPagesShowTheList(t *testing.T) {
	for name, text := range map[string]func(root, before string) (string, error){exercisesPage: exercises, answersPage: answers} {
		before, err := os.ReadFile(root + "/" + name)
		require.NoError(t, err)
		after, err := text(root, string(before))
		require.NoError(t, err)
		require.Equal(t, after, string(before), "%s is out of date", name)
	}
}

// If this fails, the command does not find a bug by its name, or finds one of two.
func TestFind(t *testing.T) {
	b, err := find("late-facts")
	require.NoError(t, err)
	require.Equal(t, 3, b.number)
	b, err = find("no check of info")
	require.NoError(t, err)
	require.Equal(t, "polldesc/polldesc.go", b.file)
	_, err = find("the")
	require.ErrorContains(t, err, "several")
	_, err = find("no such bug")
	require.ErrorContains(t, err, "no bug")
}

// If this fails, a bug that is planted does not show, or its counterexample is lost on the way.
func TestBugIsShown(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles the library again")
	}
	out := capture(t, func() error {
		b, err := find("late-facts")
		require.NoError(t, err)
		return show([]bug{b}, true)
	})
	require.Contains(t, out, "it comes from golang/go#59545")
	require.Contains(t, out, "a late edge: ")                                      // the scenario
	require.Regexp(t, `\n +\d+ +poller +load +info `, out)                         // a step of the schedule
	require.Regexp(t, `this line prevents it: polldesc/info\.go:\d+: .*>>32`, out) // the line
}

// capture returns what f prints.
func capture(t *testing.T, f func() error) string {
	t.Helper()
	file, err := os.CreateTemp(t.TempDir(), "")
	require.NoError(t, err)
	defer file.Close()
	old := os.Stdout
	os.Stdout = file
	err = f()
	os.Stdout = old
	require.NoError(t, err)
	out, err := os.ReadFile(file.Name())
	require.NoError(t, err)
	return string(out)
}
