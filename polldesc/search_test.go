package polldesc_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/search"
	"github.com/a57b2d82/netpoller/internal/search/overlay"
)

// If this failed, some schedule of the real code would leave a goroutine asleep forever, wake
// the wrong one, or tell it of an error that is not there. The scenarios are in
// testdata/search.
func TestSearch(t *testing.T) { overlay.Polldesc.Search(t) }

// If this failed, the search would not find that HB-1 is broken, or docs/state-machine.md would
// show another counterexample: make docs writes it.
func TestSearchFinds(t *testing.T) {
	overlay.SkipElsewhere(t)
	text, err := os.ReadFile("testdata/no-recheck.json")
	require.NoError(t, err)
	var patches []overlay.Patch
	require.NoError(t, json.Unmarshal(text, &patches))
	bin, err := overlay.Polldesc.Build(t.Context(), t.TempDir(), patches...)
	require.NoError(t, err)

	steps := filepath.Join(t.TempDir(), "steps.json")
	out, err := exec.CommandContext(t.Context(), bin, "-only=evict", "-steps="+steps).CombinedOutput()
	require.Error(t, err, "not found")
	checkPage(t, steps)
	page, err := os.ReadFile("../docs/state-machine.md")
	require.NoError(t, err)
	_, shown, _ := strings.Cut(string(page), "```console\n")
	shown, _, _ = strings.Cut(shown, "```")
	var found strings.Builder
	for line := range strings.Lines(string(out)) {
		found.WriteString(strings.TrimSpace(line) + "\n")
	}
	for line := range strings.Lines(shown) {
		require.Contains(t, found.String(), strings.TrimSpace(line)+"\n", "make docs")
	}
}

// checkPage checks the page that is made of a counterexample, and its trace: the reader announces
// and commits, and nothing takes its word out of parked.
func checkPage(t *testing.T, steps string) {
	text, err := os.ReadFile(steps)
	require.NoError(t, err)
	var c search.Counterexample
	require.NoError(t, json.Unmarshal(text, &c))
	require.Equal(t, "evict", c.Scenario)
	require.Equal(t, "HB-1, I5", c.Notes)
	var rows []string
	for _, e := range overlay.Events(&c) {
		if e.Side == "read" {
			rows = append(rows, e.Name+" "+e.Was+" "+e.Is)
		}
	}
	require.Equal(t, []string{"O3 announce idle wait", "O4 commit wait parked"}, rows)

	c.Wrong = "</script><b>"
	page, err := overlay.Render(t.Context(), &c)
	require.NoError(t, err)
	require.NotContains(t, string(page), c.Wrong, "the data is not escaped")
	require.NotContains(t, string(page), "{{")
	data := regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`).FindSubmatch(page)
	require.NotNil(t, data)
	var shown search.Counterexample
	require.NoError(t, json.Unmarshal(data[1], &shown))
	require.Equal(t, c, shown)
}
