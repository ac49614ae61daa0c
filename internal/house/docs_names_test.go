package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// If this fails, a page names something that has another name by now, or is gone.
func TestDocsNamesExist(t *testing.T) {
	atRoot(t)
	packages, tests := declared(t)
	qualified := regexp.MustCompile(`^\*?([a-z]+)\.(\w+)(?:\.(\w+))?(?:\(.*)?$`)
	n := 0
	for _, p := range pages(t) {
		for _, m := range ticked.FindAllStringSubmatch(p.prose, -1) {
			if strings.HasPrefix(m[1], "Test") || strings.HasPrefix(m[1], "Benchmark") {
				require.True(t, tests[m[1]], "%s: there is no test `%s`", p.name, m[1])
				n++
			}
			q := qualified.FindStringSubmatch(m[1])
			if q == nil || packages[q[1]] == nil || isPath(m[1]) {
				continue
			}
			require.True(t, packages[q[1]].has(q[2], q[3]), "%s: there is no `%s`", p.name, m[1])
			n++
		}
	}
	t.Logf("%d names", n)
}

// A decls is what a package declares: each top-level name, and for a type its fields,
// methods and the types it embeds.
type decls map[string]*typeDecl

type typeDecl struct {
	members  map[string]bool
	embedded []string
	alias    [2]string // the package and name of the type that this is, if it is another's
}

func (d decls) at(name string) *typeDecl {
	if d[name] == nil {
		d[name] = &typeDecl{members: map[string]bool{}}
	}
	return d[name]
}

// has reports whether there is name or, if member is not empty, name.member.
func (d decls) has(name, member string) bool {
	decl := d[name]
	if decl == nil || member == "" || decl.members[member] {
		return decl != nil
	}
	return slices.ContainsFunc(decl.embedded, func(e string) bool { return d.has(e, member) })
}

func declared(t *testing.T) (packages map[string]decls, tests map[string]bool) {
	t.Helper()
	packages, tests = map[string]decls{}, map[string]bool{}
	library := source(t)
	for _, name := range goFiles(t, func(string) bool { return true }) {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		if strings.HasSuffix(name, "_test.go") {
			for _, d := range f.Decls {
				if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
					tests[f.Name.Name] = true
				}
			}
		}
		if !slices.Contains(library, name) || f.Name.Name == "main" {
			continue
		}
		if packages[f.Name.Name] == nil {
			packages[f.Name.Name] = decls{}
		}
		for _, d := range f.Decls {
			packages[f.Name.Name].add(d)
		}
	}
	for _, of := range packages {
		for name, decl := range of {
			if is := packages[decl.alias[0]][decl.alias[1]]; is != nil {
				of[name] = is
			}
		}
	}
	return packages, tests
}

func (d decls) add(decl ast.Decl) {
	switch decl := decl.(type) {
	case *ast.FuncDecl:
		if decl.Recv == nil {
			d.at(decl.Name.Name)
			return
		}
		d.at(base(decl.Recv.List[0].Type)).members[decl.Name.Name] = true
	case *ast.GenDecl:
		for _, spec := range decl.Specs {
			switch spec := spec.(type) {
			case *ast.ValueSpec:
				for _, name := range spec.Names {
					d.at(name.Name)
				}
			case *ast.TypeSpec:
				d.at(spec.Name.Name).fill(spec.Type)
				if of, ok := spec.Type.(*ast.SelectorExpr); ok && spec.Assign.IsValid() && base(of.X) != "net" {
					d.at(spec.Name.Name).alias = [2]string{base(of.X), of.Sel.Name}
				}
			}
		}
	}
}

// base returns the name of a type or of what it points to.
func base(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return base(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

func (d *typeDecl) fill(e ast.Expr) {
	var fields *ast.FieldList
	switch e := e.(type) {
	case *ast.StructType:
		fields = e.Fields
	case *ast.InterfaceType:
		fields = e.Methods
	default:
		return
	}
	for _, f := range fields.List {
		for _, name := range f.Names {
			d.members[name.Name] = true
		}
		if len(f.Names) == 0 {
			d.embedded = append(d.embedded, base(f.Type))
		}
	}
}
