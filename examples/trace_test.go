package examples_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// If this fails, the example takes another way through the table than docs/trace.md shows, or its
// file cannot be opened.
func TestTrace(t *testing.T) {
	program, file := build(t, "trace"), filepath.Join(t.TempDir(), "t.json")
	out, err := exec.Command(program, "-o", file).CombinedOutput()
	require.NoError(t, err, "%s", out)
	page, err := os.ReadFile("../docs/trace.md")
	require.NoError(t, err)
	_, shown, found := strings.Cut(string(page), "```console\n")
	require.True(t, found)
	shown, _, _ = strings.Cut(shown, "```")
	for _, side := range []string{"read", "write"} { // the steps of the two may be noted in either order
		require.Equal(t, ways(shown, side), ways(string(out), side))
	}

	b, err := os.ReadFile(file)
	require.NoError(t, err)
	var trace struct{ TraceEvents []any }
	require.NoError(t, json.Unmarshal(b, &trace))
	require.Greater(t, len(trace.TraceEvents), 20)
}

// ways returns the headings of a trace, and the transitions of a side below each.
func ways(trace, side string) (ways []string) {
	row := regexp.MustCompile(`^==.*|\b` + side + ` +([OEU]\d \w+ +\w+ -> \w+)`)
	for line := range strings.Lines(trace) {
		if m := row.FindStringSubmatch(strings.TrimSpace(line)); m != nil {
			ways = append(ways, m[0])
		}
	}
	return ways
}
