package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// explained are the packages whose types docs/glossary.md explains, all of them.
var explained = []string{"timer", "polldesc", "poller", "fd"}

// If this fails, a type of the core has no entry in docs/glossary.md, or an entry names what
// is not in the code.
func TestDocsGlossaryIsComplete(t *testing.T) {
	atRoot(t)
	const name = "docs/glossary.md"
	packages, _ := declared(t)
	named := map[string]bool{}
	terms := rowsOf(t, name, "term")
	for _, row := range terms {
		require.Len(t, row, 5, "%s: %s", name, row)
		require.Regexp(t, `^[^.]+\.$`, strings.ReplaceAll(strings.ReplaceAll(row[1], "net.", ""), "Go's", ""), "%s: %s has not one sentence", name, row[0])
		resolve(t, name, packages, row[2])
		for _, m := range ticked.FindAllStringSubmatch(row[2], -1) {
			named[m[1]] = true
		}
	}
	require.True(t, slices.IsSortedFunc(terms, func(a, b []string) int {
		return strings.Compare(strings.ToLower(a[0]), strings.ToLower(b[0]))
	}), "%s is not in order", name)
	for _, typ := range typesOf(t, explained) {
		require.True(t, named[typ], "%s has no entry for `%s`", name, typ)
	}
	t.Logf("%d terms", len(terms))
}

// If this fails, docs/glossary.md gives a name that Go does not have.
func TestDocsGlossaryKnowsTheRuntime(t *testing.T) {
	atRoot(t)
	var text strings.Builder
	for _, dir := range []string{"runtime", "internal/poll", "net", "internal/runtime/syscall/linux", "syscall"} {
		files, err := filepath.Glob(filepath.Join(runtime.GOROOT(), "src", dir, "*.go"))
		require.NoError(t, err)
		for _, file := range files {
			source, err := os.ReadFile(file)
			require.NoError(t, err)
			text.Write(source)
		}
	}
	if text.Len() == 0 || !strings.HasPrefix(runtime.Version(), "go1.26") { // the page is about that one
		t.Skip("the source of Go 1.26 is not here")
	}
	words := map[string]bool{}
	for _, word := range regexp.MustCompile(`\w+`).FindAllString(text.String(), -1) {
		words[word] = true
	}
	for _, row := range rowsOf(t, "docs/glossary.md", "term") {
		if row[3] == "—" {
			continue
		}
		for _, word := range strings.Split(row[3], ", ") {
			require.True(t, words[word], "%s: Go has no %s", row[0], word)
		}
	}
}

// rowsOf returns the cells of the tables of a page whose first column has that head.
func rowsOf(t *testing.T, name, head string) (rows [][]string) {
	t.Helper()
	in := false
	for line := range strings.Lines(read(t, name)) {
		line, is := strings.CutPrefix(strings.TrimSpace(line), "| ")
		switch {
		case !is:
			in = in && strings.HasPrefix(line, "|---")
		case strings.HasPrefix(line, head+" |"):
			in = true
		case in:
			cells := strings.Split(strings.TrimSuffix(line, "|"), "|")
			for i := range cells {
				cells[i] = strings.TrimSpace(cells[i])
			}
			rows = append(rows, cells)
		}
	}
	require.NotEmpty(t, rows, "%s: no table of %ss", name, head)
	return rows
}

// resolve requires that a cell names something, and that all of it is in the code.
func resolve(t *testing.T, name string, packages map[string]decls, cell string) {
	t.Helper()
	names := ticked.FindAllStringSubmatch(cell, -1)
	require.NotEmpty(t, names, "%s: no name of the code: %s", name, cell)
	for _, m := range names {
		pkg, rest, _ := strings.Cut(m[1], ".")
		symbol, member, _ := strings.Cut(rest, ".")
		require.True(t, packages[pkg] != nil && packages[pkg].has(symbol, member), "%s: there is no `%s`", name, m[1])
	}
}

// typesOf returns the types of packages, as package.Type.
func typesOf(t *testing.T, dirs []string) (types []string) {
	t.Helper()
	for _, name := range source(t) {
		if !slices.Contains(dirs, path.Dir(name)) {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range f.Decls {
			d, ok := d.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range d.Specs {
				if spec, ok := spec.(*ast.TypeSpec); ok {
					types = append(types, f.Name.Name+"."+spec.Name.Name)
				}
			}
		}
	}
	require.NotEmpty(t, types)
	return types
}
