package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// If this fails, docs/reference/net-tests.md leaves out a test of package net, and nobody has
// asked whether its promise is kept here.
func TestDocsKnowNetsTests(t *testing.T) {
	atRoot(t)
	const name = "docs/reference/net-tests.md"
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

// If this fails, docs/reference/interop.md speaks of a version of a library that is not tested.
func TestDocsKnowTestedVersions(t *testing.T) {
	atRoot(t)
	required := read(t, "internal/interop/go.mod")
	rows := regexp.MustCompile(`(?m)^\| ([\w./-]+) \| (v[\w.-]+) \|`).FindAllStringSubmatch(read(t, "docs/reference/interop.md"), -1)
	require.NotEmpty(t, rows)
	for _, m := range rows {
		require.Contains(t, required, "\t"+m[1]+" "+m[2])
	}
	t.Logf("%d libraries", len(rows))
}

// provers are the files whose tests docs/reference/timeouts.md exists for.
var provers = regexp.MustCompile(`^internal/interop/http_.*(timeout|pool|proxy|transport)`)

// If this fails, docs/reference/timeouts.md leaves out a timeout that package http has, or the test
// of one, or promises a test that is not there, or does not say where it is described.
func TestDocsKnowEveryTimeout(t *testing.T) {
	atRoot(t)
	text := read(t, "docs/reference/timeouts.md")
	_, there := declared(t)
	articles := []string{"", "HTTP timeouts", "http.Transport", "SetReadDeadline", "Docker's TimeoutConn"}
	promised := map[string]bool{}
	rows := 0
	for _, row := range rowsOf(t, "docs/reference/timeouts.md", "mechanism") {
		rows++
		require.Len(t, row, 4, "%s", row)
		for _, described := range strings.Split(row[1], ",") {
			require.Contains(t, articles, strings.TrimSpace(described), "%s", row[0])
		}
		tests := ticked.FindAllStringSubmatch(row[3], -1)
		require.NotEmpty(t, tests, "no test: %s", row[0])
		for _, m := range tests {
			require.True(t, there[m[1]], "there is no test %s: %s", m[1], row[0])
			promised[m[1]] = true
		}
	}
	for _, name := range goFiles(t, provers.MatchString) {
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)`).FindAllStringSubmatch(read(t, name), -1) {
			require.True(t, promised[m[1]], "%s: no row has %s", name, m[1])
		}
	}

	timeouts := 0
	for _, of := range []any{net.Dialer{}, http.Client{}, http.Transport{}, http.Server{}, http.HTTP2Config{}} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(of)) {
			if f.Type != reflect.TypeFor[time.Duration]() {
				continue
			}
			timeouts++
			if strings.HasPrefix(runtime.Version(), "go1.26") { // the page is about that one
				name := reflect.TypeOf(of).Name() + "." + f.Name
				require.True(t, strings.Contains(text, "\n| `"+name+"`"), "%s has no row", name)
			}
		}
	}
	t.Logf("%d rows, %d tests, %d timeouts of packages net and http", rows, len(promised), timeouts)
}

// If this fails, docs/reference/timeouts.md shows a call that no function makes.
func TestDocsChainOfCallsIsThatOfTheCode(t *testing.T) {
	atRoot(t)
	packages, _ := declared(t)
	calls := callsOf(t)
	links := 0
	for _, row := range rowsOf(t, "docs/reference/timeouts.md", "goroutine") {
		resolve(t, "docs/reference/timeouts.md", packages, row[1])
		chain := ticked.FindAllStringSubmatch(row[1], -1)
		for i := range chain[1:] {
			caller, called := chain[i][1], chain[i+1][1]
			require.Contains(t, calls[caller], called[strings.LastIndex(called, ".")+1:], "%s does not call %s", caller, called)
			links++
		}
	}
	require.NotZero(t, links)
	t.Logf("%d calls", links)
}

// callsOf returns the names of the functions that each function of the library calls.
func callsOf(t *testing.T) map[string][]string {
	t.Helper()
	calls := map[string][]string{}
	for _, name := range source(t) {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range f.Decls {
			d, ok := d.(*ast.FuncDecl)
			if !ok || d.Body == nil {
				continue
			}
			caller := f.Name.Name + "."
			if d.Recv != nil {
				caller += base(d.Recv.List[0].Type) + "."
			}
			caller += d.Name.Name
			ast.Inspect(d.Body, func(n ast.Node) bool {
				if n, ok := n.(*ast.CallExpr); ok {
					switch called := n.Fun.(type) {
					case *ast.Ident:
						calls[caller] = append(calls[caller], called.Name)
					case *ast.SelectorExpr:
						calls[caller] = append(calls[caller], called.Sel.Name)
					}
				}
				return true
			})
		}
	}
	return calls
}
