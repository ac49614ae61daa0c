package overlay

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path"
)

// memory puts search.R and search.W around each use of a field that is no struct and no array,
// in the files of one package, by name. known are the packages that were rewritten before; the
// fields of other packages are none of ours.
func memory(pkg string, files map[string]string, known map[string]*types.Package) (map[string]string, error) {
	fset := token.NewFileSet()
	parsed := map[string]*ast.File{}
	var all []*ast.File
	for name, src := range files {
		f, err := parser.ParseFile(fset, name, src, 0)
		if err != nil {
			return nil, err
		}
		parsed[name] = f
		all = append(all, f)
	}
	info := &types.Info{Selections: map[*ast.SelectorExpr]*types.Selection{}, Types: map[ast.Expr]types.TypeAndValue{}}
	config := types.Config{Importer: packages(known), Error: func(error) {}} // of the unknown ones
	known[pkg], _ = config.Check(pkg, fset, all, info)

	out := map[string]string{}
	for name, f := range parsed {
		u := &uses{fset: fset, info: info, written: map[ast.Expr]bool{}, taken: map[ast.Expr]bool{}}
		ast.Inspect(f, u.node)
		out[name] = apply(files[name], u.edits)
	}
	return out, nil
}

// uses are those of the fields in one file.
type uses struct {
	fset    *token.FileSet
	info    *types.Info
	written map[ast.Expr]bool
	taken   map[ast.Expr]bool // those of which only the address is taken
	edits   []edit
}

func (u *uses) node(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.AssignStmt:
		for _, l := range n.Lhs {
			u.written[field(l)] = true
		}
	case *ast.IncDecStmt:
		u.written[field(n.X)] = true
	case *ast.UnaryExpr:
		if n.Op == token.AND {
			u.taken[n.X] = true
		}
	case *ast.SelectorExpr:
		s := u.info.Selections[n]
		if s == nil || s.Kind() != types.FieldVal || !isPlain(s.Type()) || u.taken[n] || !u.info.Types[n].Addressable() {
			break
		}
		access := "(*search.R(&"
		if u.written[n] {
			access = "(*search.W(&"
		}
		from, to := u.fset.Position(n.Pos()).Offset, u.fset.Position(n.End()).Offset
		u.edits = append(u.edits, edit{from, from, access}, edit{to, to, "))"})
	}
	return true
}

// field is the field that is written when e is assigned to: all elements of a slice count as
// the field that holds it.
func field(e ast.Expr) ast.Expr {
	for {
		switch x := e.(type) {
		case *ast.IndexExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return e
		}
	}
}

func isPlain(t types.Type) bool {
	switch u := t.Underlying().(type) {
	case *types.Struct, *types.Array:
		return false
	case *types.Basic:
		return u.Kind() != types.Invalid
	}
	return true
}

// packages is an importer that makes up those it does not know.
type packages map[string]*types.Package

func (p packages) Import(name string) (*types.Package, error) {
	if known := p[name]; known != nil {
		return known, nil
	}
	made := types.NewPackage(name, path.Base(name))
	made.MarkComplete()
	return made, nil
}
