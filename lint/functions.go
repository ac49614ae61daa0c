package lint

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// A function is a declared function, with what it says.
type function struct {
	*types.Func
	uses  []types.Object // functions that it names, and http.DefaultClient and http.DefaultTransport
	hooks []hook         // fields that it compares with nil, or sets when they are
	given bool           // its caller may give it connections in another way
}

// by returns the fact of a function that uses another, which opens sockets.
func (f function) by(used types.Object, o *opens) *opens {
	if f.given {
		return new(opens) // it opens none if its caller gives it connections
	}
	by := &opens{Uses: append([]string{nameOf(used)}, o.Uses...), Hooks: slices.Clone(f.hooks)}
	for _, h := range o.Hooks {
		if !slices.Contains(by.Hooks, h) {
			by.Hooks = append(by.Hooks, h)
		}
	}
	return by
}

// functions returns the functions that a package declares, but for tests.
func functions(pass *analysis.Pass) (all []function) {
	for _, file := range pass.Files {
		if strings.HasSuffix(pass.Fset.File(file.FileStart).Name(), "_test.go") {
			continue
		}
		for _, d := range file.Decls {
			d, ok := d.(*ast.FuncDecl)
			if !ok || d.Body == nil {
				continue
			}
			if obj, ok := pass.TypesInfo.Defs[d.Name].(*types.Func); ok {
				r := reader{function{Func: obj}, pass.TypesInfo, map[types.Object]*ast.SelectorExpr{}}
				ast.Inspect(d.Body, r.read)
				all = append(all, r.function)
			}
		}
	}
	return all
}

// A reader reads the body of a function.
type reader struct {
	function
	*types.Info
	copies map[types.Object]*ast.SelectorExpr // variables, and the fields that they are copies of
}

func (r *reader) read(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.Ident:
		switch used := r.Uses[n].(type) {
		case *types.Func:
			if used.Pkg() != nil && used.Origin() != r.Func {
				r.uses = append(r.uses, used.Origin())
			}
		case *types.Var:
			if isDefault(used) && used.Pkg() != r.Pkg() {
				r.uses = append(r.uses, used)
			}
		}
	case *ast.BinaryExpr:
		if (n.Op == token.EQL || n.Op == token.NEQ) && r.Types[n.Y].IsNil() {
			r.compares(ast.Unparen(n.X))
		}
	case *ast.AssignStmt:
		for i, left := range n.Lhs {
			if i < len(n.Rhs) {
				r.assigns(left, ast.Unparen(n.Rhs[i]))
			}
		}
	case *ast.CompositeLit:
		for _, element := range n.Elts {
			kv, ok := element.(*ast.KeyValueExpr)
			if !ok {
				break
			}
			if key, ok := kv.Key.(*ast.Ident); ok {
				r.sets(r.TypeOf(n), key)
			}
		}
	}
	return true
}

// compares notes that a function compares x with nil.
func (r *reader) compares(x ast.Expr) {
	if id, ok := x.(*ast.Ident); ok {
		if r.copies[r.Uses[id]] == nil {
			v, ok := r.Uses[id].(*types.Var)
			params := slices.Collect(r.Signature().Params().Variables())
			r.given = r.given || ok && slices.Contains(params, v) && (isConn(v.Type()) || givesConns(v.Type()))
			return
		}
		x = r.copies[r.Uses[id]]
	}
	if sel, ok := x.(*ast.SelectorExpr); ok && r.own(selected(r.Info, sel)) {
		// A conn in a field that is not exported is one that was opened before.
		if t := r.TypeOf(sel); givesConns(t) || isConn(t) && sel.Sel.IsExported() {
			r.hook(fieldOf(selected(r.Info, sel), sel.Sel.Name))
		}
	}
}

// own reports whether t is a type of the function's package. A field of another, such as
// http.Transport, is mostly one of a value that the function has made.
func (r *reader) own(t types.Type) bool {
	if t == nil {
		return false
	}
	named, ok := types.Unalias(value(t)).(*types.Named)
	return ok && named.Obj().Pkg() == r.Pkg()
}

// assigns notes that a function assigns x.
func (r *reader) assigns(left, x ast.Expr) {
	switch left := left.(type) {
	case *ast.Ident:
		if sel, ok := x.(*ast.SelectorExpr); ok && r.Defs[left] != nil {
			r.copies[r.Defs[left]] = sel
		}
	case *ast.SelectorExpr:
		r.sets(selected(r.Info, left), left.Sel)
	}
}

// sets notes that a function sets a field of a type of its own package, to something that makes
// connections: that is a default, and the program may set the field.
func (r *reader) sets(t types.Type, field *ast.Ident) {
	if obj := r.Uses[field]; obj != nil && r.own(t) && makesConns(obj.Type()) {
		r.hook(fieldOf(t, field.Name))
	}
}

// hook notes that connections may come from a field, which options set if programs cannot.
func (r *reader) hook(h hook) {
	switch {
	case h == hook{}:
		r.given = true
	case !slices.Contains(r.hooks, h):
		r.hooks = append(r.hooks, h)
	}
}
