package house

import (
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// If this fails, the table "Where is ..." in docs/README.md sends a reader to a file that does
// not have it.
func TestDocsKnowWhereThingsAre(t *testing.T) {
	atRoot(t)
	target := regexp.MustCompile(`\]\(\.\./(.+)\)`)
	rows := rowsOf(t, "docs/README.md", "question")
	for _, row := range rows {
		require.Len(t, row, 3, "%s", row)
		m := target.FindStringSubmatch(row[1])
		require.NotNil(t, m, "%s", row)
		f, err := parser.ParseFile(token.NewFileSet(), m[1], nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		here := decls{}
		for _, d := range f.Decls {
			here.add(d)
		}
		resolve(t, "docs/README.md, "+m[1], map[string]decls{f.Name.Name: here}, row[2])
	}
	t.Logf("%d places", len(rows))
}

// If this fails, docs/README.md says that a change fails a test that is not there.
func TestDocsKnowWhatAChangeTouches(t *testing.T) {
	atRoot(t)
	_, tests := declared(t)
	for _, row := range rowsOf(t, "docs/README.md", "change") {
		require.Len(t, row, 3, "%s", row)
		names := ticked.FindAllStringSubmatch(row[2], -1)
		require.NotEmpty(t, names, "%s", row)
		for _, m := range names {
			require.True(t, tests[m[1]], "there is no test %s: %s", m[1], row[0])
		}
	}
}

// If this fails, a page is not in the lists of docs/README.md.
func TestDocsListEveryPage(t *testing.T) {
	atRoot(t)
	list := read(t, "docs/README.md")
	for _, p := range pages(t) {
		name, below := strings.CutPrefix(p.name, "docs/")
		if below && name != "README.md" {
			require.Contains(t, list, "["+filepath.Base(name)+"]("+name+")")
		}
	}
}

// If this fails, a file of the core is in none of the tables of docs/README.md.
func TestDocsReadingOrderIsComplete(t *testing.T) {
	atRoot(t)
	order := read(t, "docs/README.md")
	for _, name := range source(t) {
		if !slices.Contains(explained, path.Dir(name)) || path.Base(name) == "doc.go" || strings.HasSuffix(name, "_other.go") {
			continue
		}
		require.True(t, regexp.MustCompile(`(?m)^\| .*\(\.\./`+regexp.QuoteMeta(name)+`\) \| [0-9]+ \|`).MatchString(order), "docs/README.md: no row for %s", name)
	}
}
