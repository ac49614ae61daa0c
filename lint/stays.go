package lint

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
)

// A declaration is one at the top of a file, which is read for what it uses.
type declaration struct {
	*analysis.Pass
	inspector.Cursor
	sets    map[string]bool // the fields that it assigns to, by their full names
	program *settings
	file    *file
}

// settings are what all declarations of a package set.
type settings struct {
	fields   map[string]bool
	defaults bool // http.DefaultTransport or http.DefaultClient, or a field of one
}

// reportStays reports what opens sockets of package net.
func reportStays(pass *analysis.Pass, files []*file) {
	all := &settings{fields: map[string]bool{}}
	var decls []*declaration
	for _, f := range files {
		if f.test && !tests {
			continue
		}
		root, _ := inspector.New([]*ast.File{f.File}).Root().FirstChild()
		for decl := range root.Children() {
			d := &declaration{pass, decl, map[string]bool{}, all, f}
			d.readSettings()
			decls = append(decls, d)
		}
	}
	for _, d := range decls {
		for c := range d.Preorder((*ast.Ident)(nil), (*ast.CompositeLit)(nil), (*ast.CallExpr)(nil), (*ast.TypeAssertExpr)(nil), (*ast.CaseClause)(nil)) {
			switch n := c.Node().(type) {
			case *ast.Ident:
				d.name(c, n)
			case *ast.CompositeLit:
				d.literal(n, pass.TypesInfo.TypeOf(n))
			case *ast.CallExpr:
				if id, ok := n.Fun.(*ast.Ident); ok && pass.TypesInfo.Uses[id] == types.Universe.Lookup("new") {
					d.literal(n, pass.TypesInfo.TypeOf(n.Args[0]))
				}
			case *ast.TypeAssertExpr:
				d.assertion(n.Type)
			case *ast.CaseClause:
				for _, x := range n.List {
					d.assertion(x)
				}
			}
		}
	}
}

// readSettings reads which fields a declaration sets.
func (d *declaration) readSettings() {
	set := func(of types.Type, field string) (name string) {
		if of != nil {
			name = fieldOf(of, field).Full()
			d.program.fields[name] = true
		}
		return name
	}
	for c := range d.Preorder((*ast.AssignStmt)(nil), (*ast.KeyValueExpr)(nil)) {
		switch n := c.Node().(type) {
		case *ast.AssignStmt:
			for _, left := range n.Lhs {
				if sel, ok := ast.Unparen(left).(*ast.SelectorExpr); ok {
					d.sets[set(selected(d.TypesInfo, sel), sel.Sel.Name)] = true
				}
				ast.Inspect(left, func(n ast.Node) bool {
					id, ok := n.(*ast.Ident)
					d.program.defaults = d.program.defaults || ok && isDefault(d.TypesInfo.Uses[id])
					return true
				})
			}
		case *ast.KeyValueExpr:
			key, ok := n.Key.(*ast.Ident)
			literal, ok2 := c.Parent().Node().(*ast.CompositeLit)
			if ok && ok2 {
				set(d.TypesInfo.TypeOf(literal), key.Name)
			}
		}
	}
}

// setsAny reports whether a declaration assigns to one of some fields of a type, or x, which may be
// a literal of that type, sets one.
func (d *declaration) setsAny(x ast.Node, of string, fields ...string) bool {
	if literal, ok := x.(*ast.CompositeLit); ok {
		for _, element := range literal.Elts {
			kv, ok := element.(*ast.KeyValueExpr)
			if !ok {
				return true // it sets all
			}
			if key, ok := kv.Key.(*ast.Ident); ok && slices.Contains(fields, key.Name) {
				return true
			}
		}
	}
	return slices.ContainsFunc(fields, func(field string) bool { return d.sets[of+"."+field] })
}

// isDefault reports whether obj is the client or the transport of net/http itself.
func isDefault(obj types.Object) bool {
	return obj != nil && obj.Pkg() != nil && obj.Pkg().Path() == "net/http" && obj.Parent() == obj.Pkg().Scope() &&
		(obj.Name() == "DefaultTransport" || obj.Name() == "DefaultClient")
}

// name reports an identifier that names something that opens sockets of package net.
func (d *declaration) name(c inspector.Cursor, id *ast.Ident) {
	var at ast.Expr = id
	if sel, ok := c.Parent().Node().(*ast.SelectorExpr); ok && sel.Sel == id {
		at, c = sel, c.Parent()
	}
	switch obj := d.TypesInfo.Uses[id].(type) {
	case *types.Func:
		d.function(at, obj.Origin())
	case *types.TypeName:
		_, pointer := c.Parent().Node().(*ast.StarExpr) // to a value that is made elsewhere
		if !pointer && obj.Pkg() != nil && obj.Pkg().Path() == "net" && is(obj.Type(), "net.Dialer", "net.ListenConfig") {
			d.file.stay("net." + obj.Name())
		}
	case *types.Var:
		if isDefault(obj) && !d.program.defaults && !d.sets["net/http.Transport.DialContext"] {
			d.report(at, "http."+obj.Name(), byTransport)
		}
	}
}

// function reports a use of a function that opens sockets of package net.
func (d *declaration) function(at ast.Expr, f *types.Func) {
	if f.Pkg() == nil || reached(d.Pass, f.Pkg()) || configurable(f) {
		return
	}
	o := opensOutside(d.Pass, f)
	switch {
	case o == nil:
	case f.Pkg().Path() == "net":
		if f.Signature().Recv() == nil {
			d.file.stay(nameOf(f))
		}
	case d.program.defaults && o.overHTTP(f):
	case slices.ContainsFunc(o.Hooks, func(h hook) bool { return d.program.fields[h.Full()] }):
	case fullName(f) == "net/http/httptest.NewUnstartedServer" && d.setsAny(at, "net/http/httptest.Server", "Listener"):
	default:
		d.report(at, nameOf(f), remedy(f, o))
	}
}

// literal reports a value of a type of the standard library that dials, unless it is told how.
func (d *declaration) literal(at ast.Expr, t types.Type) {
	switch {
	case t == nil:
	case t.String() == "net/http.Transport":
		if !d.setsAny(at, "net/http.Transport", "DialContext", "DialTLSContext", "Dial", "DialTLS") {
			d.report(at, "this http.Transport", "set its DialContext to that of a netpoller.Dialer")
		}
	case t.String() == "net/http.Client":
		if !d.program.defaults && !d.setsAny(at, "net/http.Client", "Transport") {
			d.report(at, "this http.Client", byTransport)
		}
	case t.String() == "crypto/tls.Dialer":
		if !d.setsAny(at, "crypto/tls.Dialer", "NetDialer") { // whose own place is reported
			d.report(at, "this tls.Dialer", "use a nettls.Dialer")
		}
	}
}

// assertion reports a type assertion that finds no connection of netpoller, in a program that
// has some.
func (d *declaration) assertion(x ast.Expr) {
	if x == nil || d.file.swap == nil || !d.file.mixed {
		return
	}
	t := strings.TrimPrefix(types.TypeString(d.TypesInfo.TypeOf(x), nil), "*net.")
	if d.TypesInfo.Types[x].IsType() && t != "Dialer" && slices.Contains(differ, t) {
		d.Report(analysis.Diagnostic{Pos: x.Pos(), End: x.End(), Category: "misses",
			Message: "a connection or listener of netpoller is no *net." + t + "; " + d.file.byImport()})
	}
}

// report says that something stays on net, and what to do.
func (d *declaration) report(at ast.Expr, what, remedy string) {
	d.Report(analysis.Diagnostic{Pos: at.Pos(), End: at.End(), Category: "stays", Message: what + " stays on net; " + remedy})
}
