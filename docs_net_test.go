package netpoller_test

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// If this fails, docs/net-tests.md leaves out a test of package net, and nobody has
// asked whether its promise is kept here.
func TestDocsKnowNetsTests(t *testing.T) {
	const name = "docs/net-tests.md"
	text := read(t, name)
	var listed []string // in the first column; the names are not code of ours, so _ is escaped
	kept := regexp.MustCompile("`Test\\w+`|package net's own|none yet")
	for _, row := range regexp.MustCompile(`(?m)^\| (Test[^|]+) \|(.*)`).FindAllStringSubmatch(text, -1) {
		listed = append(listed, strings.Split(strings.ReplaceAll(row[1], `\_`, "_"), ", ")...)
		require.Regexp(t, kept, row[2], "%s: who keeps it?", row[1])
	}

	headings := regexp.MustCompile(`(?m)^### src/net/(.+)$`).FindAllStringSubmatch(text, -1)
	require.NotEmpty(t, headings)
	tests, files := 0, 0
	for _, h := range headings {
		for _, file := range strings.Split(h[1], ", ") {
			source, err := os.ReadFile(filepath.Join(runtime.GOROOT(), "src", "net", file))
			if err != nil {
				t.Skip("the source of Go is not here: ", err)
			}
			files++
			for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)`).FindAllSubmatch(source, -1) {
				tests++
				if strings.HasPrefix(runtime.Version(), "go1.26") { // the page is about that one
					require.Contains(t, listed, string(m[1]), "%s", file)
				}
			}
		}
	}
	t.Logf("%d files, %d tests, %d rows with none yet", files, tests, len(regexp.MustCompile(`(?m)^\|.*none yet`).FindAllString(text, -1)))
}

// If this fails, docs/interop.md speaks of a version of a library that is not tested.
func TestDocsKnowTestedVersions(t *testing.T) {
	required := read(t, "internal/interop/go.mod")
	rows := regexp.MustCompile(`(?m)^\| ([\w./-]+) \| (v[\w.-]+) \|`).FindAllStringSubmatch(read(t, "docs/interop.md"), -1)
	require.NotEmpty(t, rows)
	for _, m := range rows {
		require.Contains(t, required, "\t"+m[1]+" "+m[2])
	}
	t.Logf("%d libraries", len(rows))
}
