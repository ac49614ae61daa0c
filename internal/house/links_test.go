package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// If this fails, the page of the root package links to what is not there, or a method of a
// type that it names is not one click away.
func TestRootLinksToEveryMethod(t *testing.T) {
	atRoot(t)
	packages, _ := declared(t)
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	linked, aliases := map[string]bool{}, map[string]string{} // a type that has an alias to its package
	doclink := regexp.MustCompile(`\[([a-z]+)\.(\w+)(?:\.(\w+))?\]`)
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		require.NoError(t, err)
		for _, c := range f.Comments {
			for _, m := range doclink.FindAllStringSubmatch(c.Text(), -1) {
				linked[m[0]] = true
				if packages[m[1]] != nil {
					require.True(t, packages[m[1]].has(m[2], m[3]), "%s: there is no %s", name, m[0])
				}
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if spec, ok := n.(*ast.TypeSpec); ok && spec.Assign.IsValid() {
				of := spec.Type.(*ast.SelectorExpr)
				if pkg := base(of.X); pkg != "net" {
					aliases[of.Sel.Name] = pkg
				}
			}
			return true
		})
	}
	n := 0
	for _, pkg := range []string{"conn", "dialer", "listener", "poller"} {
		methods := exportedMethods(t, pkg)
		for typ, of := range aliases {
			if of != pkg {
				continue
			}
			for _, owner := range append(packages[pkg][typ].embedded, typ) {
				for _, method := range methods[owner] {
					link := "[" + pkg + "." + typ + "." + method + "]"
					require.True(t, linked[link], "the root has no %s", link)
					n++
				}
			}
		}
	}
	t.Logf("%d methods, %d links", n, len(linked))
}

// exportedMethods returns the methods of each type of a package.
func exportedMethods(t *testing.T, pkg string) map[string][]string {
	t.Helper()
	methods := map[string][]string{}
	for _, name := range goFiles(t, func(name string) bool {
		return strings.HasPrefix(name, pkg+"/") && !strings.HasSuffix(name, "_test.go")
	}) {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil || !fn.Name.IsExported() {
				continue
			}
			typ := base(fn.Recv.List[0].Type)
			methods[typ] = append(methods[typ], fn.Name.Name)
		}
	}
	return methods
}
