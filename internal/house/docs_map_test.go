package house

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The map of docs/learn says on which line of Go's source each part of the six steps is, and on which line of
// ours. A row names a function of Go, and maybe a statement in it.

const (
	goMap   = "docs/learn/map.md"
	mapHead = "| step | "
	nowhere = "—" // of a version that has another statement there
)

var (
	mapOurs = regexp.MustCompile("^`(\\w+)\\.([\\w.]+)` \\[([\\w/.]+):\\d+\\]\\((.+)\\)$")
	mapGos  = regexp.MustCompile("^([\\w/.]+) `([\\w.]+)`(?:: `(.+)`)?$")
)

// If this fails, the map sends a reader to another line than the function's.
func TestDocsMapHasTheLines(t *testing.T) {
	atRoot(t)
	var page strings.Builder
	var versions []string
	roots, rows := map[string]string{}, 0
	for line := range strings.Lines(read(t, goMap)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		switch {
		case strings.HasPrefix(line, mapHead):
			versions = cells[4:]
			for _, version := range versions {
				roots[version] = goroot(t, version)
			}
		case strings.HasPrefix(line, "|") && !strings.HasPrefix(line, "|---"):
			require.Len(t, cells, 4+len(versions), "%s", line)
			cells[2] = lineOfOurs(t, cells[2])
			for i, version := range versions {
				cells[4+i] = lineOfGo(t, roots[version], version, cells[3], cells[4+i])
			}
			require.NotEqual(t, strings.Repeat(nowhere, len(versions)), strings.Join(cells[4:], ""), "no version has it: %s", line)
			line = "| " + strings.Join(cells, " | ") + " |\n"
			rows++
		}
		page.WriteString(line)
	}
	require.NotZero(t, rows)
	same(t, goMap, page.String())
	t.Logf("%d rows, %d versions", rows, len(versions))
}

// goroot returns the folder of a version of Go, or of the one that runs if it has the same minor version, or
// nothing if the machine has neither.
func goroot(t *testing.T, version string) string {
	t.Helper()
	if runtime.Version() == version {
		return runtime.GOROOT()
	}
	command := exec.Command("go", "env", "GOROOT")
	command.Env = append(os.Environ(), "GOTOOLCHAIN="+version, "GOROOT=")
	if !*write { // then nothing is to be downloaded
		command.Env = append(command.Env, "GOPROXY=off", "GOFLAGS=")
	}
	if out, err := command.Output(); err == nil {
		return strings.TrimSpace(string(out))
	}
	if minor, _, _ := strings.Cut(strings.TrimPrefix(version, "go1."), "."); strings.HasPrefix(runtime.Version(), "go1."+minor) {
		return runtime.GOROOT()
	}
	return ""
}

// lineOfOurs returns a cell about this library with the line that its function is on.
func lineOfOurs(t *testing.T, cell string) string {
	t.Helper()
	m := mapOurs.FindStringSubmatch(cell)
	require.NotNil(t, m, "%s", cell)
	require.Equal(t, "../../"+m[3], m[4], "%s", cell)
	at, _ := spanOf(t, m[3], m[2])
	require.NotZero(t, at, "%s has no %s", m[3], m[2])
	return fmt.Sprintf("`%s.%s` [%s:%d](%s)", m[1], m[2], m[3], at, m[4])
}

// lineOfGo returns the line of what a cell names, in one version. If root has another patch of the version, the
// line is as it was, but what the cell names must be there.
func lineOfGo(t *testing.T, root, version, cell, was string) string {
	t.Helper()
	m := mapGos.FindStringSubmatch(cell)
	require.NotNil(t, m, "%s", cell)
	if root == "" {
		return was
	}
	name := filepath.Join(root, "src", filepath.FromSlash(m[1]))
	if _, err := os.Stat(name); err != nil {
		return was // Go without its source
	}
	first, last := spanOf(t, name, m[2])
	require.NotZero(t, first, "%s: %s has no %s", version, m[1], m[2])
	at := strconv.Itoa(first)
	if m[3] != "" {
		at = nowhere
		for i, line := range strings.Split(read(t, name), "\n")[first-1 : last] {
			if strings.Contains(line, m[3]) {
				at = strconv.Itoa(first + i)
				break
			}
		}
	}
	if text, err := os.ReadFile(filepath.Join(root, "VERSION")); err == nil && !strings.HasPrefix(string(text), version+"\n") {
		require.Equal(t, was == nowhere, at == nowhere, "%s: %s", version, cell)
		return was
	}
	return at
}

// spanOf returns the first line of a declaration and its last. A method is Type.Method.
func spanOf(t *testing.T, name, declaration string) (first, last int) {
	t.Helper()
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, name, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	span := func(n ast.Node) { first, last = set.Position(n.Pos()).Line, set.Position(n.End()).Line }
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			name := d.Name.Name
			if d.Recv != nil {
				name = base(d.Recv.List[0].Type) + "." + name
			}
			if name == declaration {
				span(d)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				if spec, ok := spec.(*ast.TypeSpec); ok && spec.Name.Name == declaration {
					span(spec)
				}
			}
		}
	}
	return first, last
}
