package house

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The tests here hold the source to the rules of the house: who may import whom, what
// may be big, and where the dangerous things are.

const module = "github.com/a57b2d82/netpoller"

// layers are the packages from the bottom up. A package may import only those of lower
// layers; none of its own.
var layers = [][]string{
	{"internal/neterr", "internal/race", "internal/sys", "internal/nettest", "internal/clock", "internal/search"},
	{"internal/resolve", "internal/tracer", "internal/search/kernel"},
	{"internal/search/kernel/clock", "internal/search/kernel/time", "internal/search/kernel/context"},
	{"trace"},
	{"internal/search/overlay"},
	{"internal/mutants/plant"},
	{"internal/mutants/list"},
	{"timer"},
	{"polldesc"},
	{"poller"},
	{"fd"},
	{"conn"},
	{"listener", "dialer"},
	{""}, // the root
	{"nettls"},
	{"debug"},
	{"cmd/netswap", "examples", "docs/learn", "internal/house", "internal/parity", "internal/swap", "internal/networks", "internal/resources", "internal/chaos", "internal/faults", "internal/mutants", "internal/kernels", "internal/kernels/init", "internal/stalls"},
}

// forbidden are imports that the layers would allow.
var forbidden = map[string][]string{
	"timer":    {"internal/sys", "internal/resolve", "internal/nettest", "internal/clock"},
	"polldesc": {"internal/sys", "internal/resolve", "internal/neterr", "internal/clock"},
}

// Imports must go down the layers: a reader who starts at the bottom meets nothing
// that he has not read.
func TestImports(t *testing.T) {
	atRoot(t)
	layerOf := make(map[string]int)
	for i, layer := range layers {
		for _, name := range layer {
			layerOf[name] = i
		}
	}
	out := goList(t, "-f", `{{.ImportPath}}:{{join .Imports " "}}`, "./...")
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		path, imports, _ := strings.Cut(line, ":")
		pkg, _ := inModule(path)
		for _, family := range []string{"examples", "docs/learn", "internal/parity"} {
			if strings.HasPrefix(pkg, family+"/") {
				pkg = family
			}
		}
		require.Contains(t, layerOf, pkg, "a new package: give it a layer")
		for _, imported := range strings.Fields(imports) {
			other, ours := inModule(imported)
			if !ours {
				continue
			}
			require.Less(t, layerOf[other], layerOf[pkg], "%s imports %s", path, imported)
			require.NotContains(t, forbidden[pkg], other, "%s imports %s", path, imported)
			if pkg != "internal/parity" { // whose packages are for tests too
				require.NotEqual(t, "internal/nettest", other, "%s is for tests; %s is not one", other, path)
			}
		}
	}
}

// inModule returns a package's path in this module.
func inModule(path string) (pkg string, ours bool) {
	pkg, ours = strings.CutPrefix(path+"/", module+"/")
	return strings.TrimSuffix(pkg, "/"), ours
}

func goList(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	return string(out)
}

// A program that uses this module must get golang.org/x/sys with it and nothing else,
// and the tests need testify.
func TestDependencies(t *testing.T) {
	atRoot(t)
	direct := goList(t, "-m", "-f", "{{if not (or .Main .Indirect)}}{{.Path}}{{end}}", "all")
	require.Equal(t, []string{"github.com/stretchr/testify", "golang.org/x/sys"}, strings.Fields(direct))

	for _, pkg := range strings.Fields(goList(t, "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", ".")) {
		_, ours := inModule(pkg)
		require.True(t, ours || strings.HasPrefix(pkg, "golang.org/x/sys/"), "the root depends on %s", pkg)
	}
}

// A program must get nothing of the standard library with this module that uses package net:
// it would make the binary larger, and sockets of its own that are package net's.
func TestNothingElseUsesNet(t *testing.T) {
	atRoot(t)
	for _, line := range strings.Split(goList(t, "-deps", "-f", `{{if .Standard}}{{.ImportPath}} {{join .Imports " "}}{{end}}`, "."), "\n") {
		if pkg := strings.Fields(line); len(pkg) > 0 {
			require.NotContains(t, pkg[1:], "net", "the root depends on %s", pkg[0])
		}
	}
}

// A sourceFile is a Go file of this module.
type sourceFile struct {
	name string // slash-separated, from the root
	text string
}

// forTests matches what is compiled into tests only.
var forTests = regexp.MustCompile(`_test\.go$|^internal/(nettest|parity|search)/`)

func (f sourceFile) test() bool { return forTests.MatchString(f.name) }

// sources returns the Go files of this module, without those of nested modules.
func sources(t *testing.T) (files []sourceFile) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			_, err := os.Stat(filepath.Join(path, "go.mod"))
			if path != "." && (err == nil || strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(path, ".go") {
			text, err := os.ReadFile(path)
			files = append(files, sourceFile{filepath.ToSlash(path), string(text)})
			return err
		}
		return nil
	})
	require.NoError(t, err)
	return files
}

const (
	longestFile     = 400 // lines
	longestFunction = 60
	longestStep     = 150 // of docs/learn
)

// longer are the files and functions ("file: function") that may be longer, and why.
var longer = map[string]string{}

// Files and functions must be short enough to be read in one go.
func TestLength(t *testing.T) {
	atRoot(t)
	used := make(map[string]bool)
	for _, f := range sources(t) {
		if f.test() {
			continue
		}
		most := longestFile
		if strings.HasPrefix(f.name, "docs/learn/step") {
			most = longestStep
		}
		tooLong(t, used, f.name, strings.Count(f.text, "\n"), most)
		fset := token.NewFileSet()
		parsed, err := parser.ParseFile(fset, f.name, f.text, 0)
		require.NoError(t, err)
		for _, d := range parsed.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok {
				lines := fset.Position(fn.End()).Line - fset.Position(fn.Pos()).Line + 1
				tooLong(t, used, fmt.Sprintf("%s: %s", f.name, fn.Name.Name), lines, longestFunction)
			}
		}
	}
	for name := range longer {
		require.True(t, used[name], "%s is no longer too long: take it off the list", name)
	}
}

func tooLong(t *testing.T, used map[string]bool, name string, lines, most int) {
	t.Helper()
	if lines <= most {
		return
	}
	used[name] = true
	if longer[name] == "" {
		t.Errorf("%s has %d lines, more than %d", name, lines, most)
	}
}

// confined are things of which only some files may make use.
var confined = []struct {
	what  string
	in    *regexp.Regexp // what it looks like
	where *regexp.Regexp // files in which it is looked for
	only  []string       // files that may
}{
	{"go:linkname", regexp.MustCompile(`(?m)^//go:linkname`), regexp.MustCompile(`.`), nil},
	{"go:norace", regexp.MustCompile(`(?m)^//go:norace`), regexp.MustCompile(`.`), nil},
	{"assembly and cgo", regexp.MustCompile(`(?m)^import "C"`), regexp.MustCompile(`.`), nil},
	{"the rg/wg word", regexp.MustCompile(`\.g\.(Load|Store|Swap|CompareAndSwap|Add|And|Or)\(`), regexp.MustCompile(`^polldesc/`),
		[]string{"polldesc/state.go"}},
	{"a Token made of words", regexp.MustCompile(`Token\{[^}]`), regexp.MustCompile(`.`),
		[]string{"polldesc/token.go", "polldesc/polldesc.go"}},
	{"unsafe", regexp.MustCompile(`(?m)^\s*"unsafe"$`), regexp.MustCompile(`.`),
		[]string{"internal/sys/epoll_linux.go", "internal/sys/rw_linux.go", "internal/sys/race_on.go",
			"internal/sys/msg_linux.go", "internal/sys/rawaddr_linux.go", "internal/sys/batch_linux.go",
			"internal/sys/socket_linux.go", "internal/sys/sanitizer_on.go", "internal/race/on.go", "internal/faults/seccomp_linux.go"}},
	{"the race detector", regexp.MustCompile(`\bruntime\.Race`), regexp.MustCompile(`.`),
		[]string{"internal/sys/race_on.go", "internal/race/on.go"}},
	{"a race tag", regexp.MustCompile(`(?m)^//go:build.*\brace\b`), regexp.MustCompile(`.`),
		[]string{"internal/sys/race_on.go", "internal/race/on.go", "internal/race/off.go", "internal/sys/sanitizer_off.go"}},
	{"a sanitizer's tag", regexp.MustCompile(`(?m)^//go:build.*\b[am]san\b`), regexp.MustCompile(`.`),
		[]string{"internal/sys/sanitizer_on.go", "internal/sys/sanitizer_off.go"}},
}

// Code that is hard to reason about must stay where it is explained.
func TestConfined(t *testing.T) {
	atRoot(t)
	for _, f := range sources(t) {
		if f.test() {
			continue
		}
		for _, c := range confined {
			if c.where.MatchString(f.name) && c.in.MatchString(f.text) {
				require.Contains(t, c.only, f.name, "%s has %s", f.name, c.what)
			}
		}
	}
	for _, c := range confined {
		for _, name := range c.only {
			require.True(t, slices.ContainsFunc(sources(t), func(f sourceFile) bool {
				return f.name == name && c.in.MatchString(f.text)
			}), "%s has %s no longer: take it off the list", name, c.what)
		}
	}
}

// annotations are all that functions behind the tag of a detector may call.
var annotations = map[string]*regexp.Regexp{
	"internal/sys/race_on.go":       regexp.MustCompile(`^(runtime\.Race\w+|syscall\.(Read|Write)|unsafe\.Pointer|len|min)$`),
	"internal/race/on.go":           regexp.MustCompile(`^(runtime\.Race\w+|unsafe\.Pointer)$`),
	"internal/race/off.go":          regexp.MustCompile(`^$`),
	"internal/sys/sanitizer_on.go":  regexp.MustCompile(`^(runtime\.KeepAlive|reflect\.(NewAt|ArrayOf|TypeFor\[byte\])|reflect\.NewAt.*\.Elem|v\.Set|storeItself|string|received|sent|min|unsafe\.Pointer|len)$`),
	"internal/sys/sanitizer_off.go": regexp.MustCompile(`^$`),
}

// -race must run the code that ships, and so must -msan and -asan: functions behind the
// tags may tell the detector something and do nothing.
func TestRaceAnnotations(t *testing.T) {
	atRoot(t)
	for name, annotation := range annotations {
		fset := token.NewFileSet()
		parsed, err := parser.ParseFile(fset, name, nil, 0)
		require.NoError(t, err)
		for _, d := range parsed.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			require.Nil(t, fn.Type.Results, "%s: %s returns something", name, fn.Name)
			ast.Inspect(fn.Body, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CallExpr:
					called := textOf(t, fset, name, n.Fun)
					require.Regexp(t, annotation, called, "%s: %s", name, fn.Name)
				case *ast.AssignStmt, *ast.IncDecStmt, *ast.GoStmt, *ast.SendStmt, *ast.ForStmt:
					t.Errorf("%s: %s does something", name, fn.Name)
				}
				return true
			})
		}
	}
}

// textOf returns a node's text.
func textOf(t *testing.T, fset *token.FileSet, name string, n ast.Node) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text[fset.Position(n.Pos()).Offset:fset.Position(n.End()).Offset])
}
