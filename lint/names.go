package lint

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"
)

// A hook is a field that programs set to give connections to a package.
type hook struct {
	Path string // of its package: "example.com/x"
	Name string // for a reader: "x.Client.Dial"
}

// Full returns the name with the path of the package, or "" for the zero hook.
func (h hook) Full() string {
	_, name, _ := strings.Cut(h.Name, ".")
	return strings.TrimSuffix(h.Path+"."+name, ".")
}

// fieldOf returns an exported field of an exported type, or the zero hook.
func fieldOf(t types.Type, field string) hook {
	named, ok := types.Unalias(value(t)).(*types.Named)
	if !ok || named.Obj().Pkg() == nil || !named.Obj().Exported() || !ast.IsExported(field) {
		return hook{}
	}
	pkg := named.Obj().Pkg()
	return hook{pathOf(pkg), pkg.Name() + "." + named.Obj().Name() + "." + field}
}

// selected returns the type that has the field which a selector selects, or nil if it selects
// none. That may be a type embedded in the one on the left.
func selected(info *types.Info, sel *ast.SelectorExpr) types.Type {
	s := info.Selections[sel]
	if s == nil || s.Kind() != types.FieldVal {
		return nil
	}
	t := s.Recv()
	for _, i := range s.Index()[:len(s.Index())-1] {
		t = value(t).Underlying().(*types.Struct).Field(i).Type()
	}
	return t
}

// value returns what t points to, or t.
func value(t types.Type) types.Type {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}

// givesConns reports whether a value of type t gives connections: it makes them, or is an HTTP
// client or transport.
func givesConns(t types.Type) bool {
	return makesConns(t) || is(t, "net/http.RoundTripper", "net/http.Client", "net/http.Transport")
}

// makesConns reports whether t is a function that returns a connection, or an interface with
// such a method.
func makesConns(t types.Type) bool {
	switch u := types.Unalias(t).Underlying().(type) {
	case *types.Signature:
		return returnsConn(u)
	case *types.Interface:
		for m := range u.Methods() {
			if returnsConn(m.Signature()) {
				return !isConn(t) // as a listener has
			}
		}
	}
	return false
}

func returnsConn(s *types.Signature) bool {
	return s.Results().Len() > 0 && isConn(s.Results().At(0).Type())
}

func isConn(t types.Type) bool { return is(t, "net.Conn", "net.PacketConn", "net.Listener") }

// is reports whether t, or what it points to, is a type of one of these names.
func is(t types.Type, names ...string) bool {
	return slices.Contains(names, strings.TrimPrefix(types.TypeString(t, nil), "*"))
}

// nameOf returns the name of a function or variable for a reader: "x.Dial", "x.Client.Dial".
func nameOf(f types.Object) string {
	if f.Pkg() == nil {
		return f.Name()
	}
	return f.Pkg().Name() + strings.TrimPrefix(fullName(f), pathOf(f.Pkg()))
}

// fullName is nameOf with the path of the package: "example.com/x.Client.Dial".
func fullName(f types.Object) string {
	name := f.Name()
	if f, ok := f.(*types.Func); ok && f.Signature().Recv() != nil {
		if named, ok := types.Unalias(value(f.Signature().Recv().Type())).(*types.Named); ok {
			name = named.Obj().Name() + "." + name
		}
	}
	return pathOf(f.Pkg()) + "." + name
}
