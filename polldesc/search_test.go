package polldesc_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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

	out, err := exec.CommandContext(t.Context(), bin, "-only=evict").CombinedOutput()
	require.Error(t, err, "not found")
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
