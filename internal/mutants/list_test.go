package main

import (
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// If this failed, the source would have moved on, and a mutant with it.
func TestMutantsApply(t *testing.T) {
	seen := make(map[string]bool)
	for _, m := range all() {
		t.Run(m.File+" "+m.Name, func(t *testing.T) {
			text, err := m.patched("../..")
			require.NoError(t, err)
			_, err = parser.ParseFile(token.NewFileSet(), m.File, text, 0)
			require.NoError(t, err, "with the mistake in it")
			require.False(t, seen[m.File+m.Name], "a second one of this name")
			seen[m.File+m.Name] = true
			require.NotEmpty(t, m.Breaks)
			require.NotEmpty(t, m.Tests)
			require.False(t, strings.ContainsAny(m.Name+m.Breaks, "\n`"))
		})
	}
}

// If this failed, the page would show another list: write it again.
func TestPageShowsTheList(t *testing.T) {
	text, err := os.ReadFile("../../" + page)
	require.NoError(t, err)
	list := all()
	for _, m := range list {
		require.True(t, strings.Contains(string(text), "\n"+row(&m)+" "), "%s: %s: go run ./internal/mutants -run it -write", m.File, m.Name)
	}
	sections := strings.Count(string(text), "\n## ")
	require.Equal(t, len(list)+2*sections, strings.Count(string(text), "\n|"), "rows")
}
