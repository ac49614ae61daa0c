package list

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// If this failed, the source would have moved on, and a mutant with it.
func TestMutantsApply(t *testing.T) {
	seen := make(map[string]bool)
	for _, m := range All() {
		t.Run(m.File+" "+m.Name, func(t *testing.T) {
			text, err := m.Patched("../../..")
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
