package chaos

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/nettest"
)

var write = flag.Bool("write", false, "add to docs/reference/chaos.md what was done")

const page = "../../docs/reference/chaos.md"

// head is how the page begins.
const head = `# Chaos

This page lists long runs of the chaos test. A run is a sequence of rounds. In each round, hundreds of goroutines use the
whole API at random, some with peers that misbehave, and after the round nothing may be left: see internal/chaos. The
figures of a run count the operations and the errors by kind. The name of an operation of package net's connections begins
with "net.". No run found a byte that was lost or changed, an error without a reason, a wait that did not end, or a leak.

    go test ./internal/chaos                                # ten seconds
    go test ./internal/chaos -timeout 0 -duration 1h -write # an hour, which it adds here
`

// record adds a run to the page.
func record(t *testing.T, first uint64, took time.Duration, all *figures) {
	text, err := os.ReadFile(page)
	if os.IsNotExist(err) {
		text, err = []byte(head), nil
	}
	require.NoError(t, err)
	var name unix.Utsname
	require.NoError(t, unix.Uname(&name))
	release := strings.Join(strings.SplitN(unix.ByteSliceToString(name.Release[:]), ".", 3)[:2], ".")
	detector := "without the race detector"
	if nettest.UnderRace() {
		detector = "with the race detector"
	}
	text = fmt.Appendf(text, "\n## Seeds from %d, %s\n\nOn Linux %s with Go %s, %d processors, %s.\n\n```text\n%s```\n",
		first, detector, release, strings.TrimPrefix(runtime.Version(), "go"), runtime.NumCPU(), took.Round(time.Second), all)
	require.NoError(t, os.WriteFile(page, text, 0o644))
}

// The page must begin as the program would begin it.
func TestPage(t *testing.T) {
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(string(text), head), "%s does not begin as the test has it", page)
}
