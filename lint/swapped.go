package lint

import (
	"go/token"
	"go/types"
	"slices"
)

// differ are the types that netpoller has under the names of package net's, and that are not
// package net's.
var differ = []string{
	"Buffers", "Dialer", "IPConn", "ListenConfig", "TCPConn", "TCPListener", "UDPConn", "UnixConn", "UnixListener",
}

// swappedPath is the path of the package that stands for netpoller. It is another one, because
// some files of the program may import netpoller itself.
const swappedPath = modulePath + "/net"

// A swapper makes from package net a package as netpoller is, with as much of its types as
// programs see.
type swapper struct {
	pkg   *types.Package
	named map[*types.TypeName]*types.Named // the types that differ
}

// swap returns a package with the names of net: its own types in place of those that differ,
// and net's for the others.
func swap(net *types.Package) *types.Package {
	s := swapper{types.NewPackage(swappedPath, "net"), map[*types.TypeName]*types.Named{}}
	s.pkg.SetImports([]*types.Package{net})
	for _, name := range net.Scope().Names() {
		if obj, ok := net.Scope().Lookup(name).(*types.TypeName); ok && slices.Contains(differ, name) {
			own := types.NewTypeName(obj.Pos(), s.pkg, name, nil)
			s.named[obj] = types.NewNamed(own, nil, nil)
			s.pkg.Scope().Insert(own)
		}
	}
	for of, own := range s.named {
		s.fill(own, of.Type())
	}
	for _, name := range net.Scope().Names() {
		if obj := net.Scope().Lookup(name); obj.Exported() && s.pkg.Scope().Lookup(name) == nil {
			s.pkg.Scope().Insert(s.object(obj))
		}
	}
	s.pkg.MarkComplete()
	return s.pkg
}

// object returns what stands for an object of package net.
func (s swapper) object(obj types.Object) types.Object {
	switch obj := obj.(type) {
	case *types.Const:
		return types.NewConst(obj.Pos(), s.pkg, obj.Name(), obj.Type(), obj.Val())
	case *types.Func:
		return types.NewFunc(obj.Pos(), s.pkg, obj.Name(), s.typ(obj.Type()).(*types.Signature))
	case *types.Var:
		return types.NewVar(obj.Pos(), s.pkg, obj.Name(), obj.Type())
	}
	alias := types.NewTypeName(obj.Pos(), s.pkg, obj.Name(), nil)
	types.NewAlias(alias, obj.Type())
	return alias
}

// fill gives a type the exported fields and methods of another.
func (s swapper) fill(own *types.Named, of types.Type) {
	own.SetUnderlying(of.Underlying())
	if u, ok := of.Underlying().(*types.Struct); ok {
		var fields []*types.Var
		for f := range u.Fields() {
			if f.Exported() {
				fields = append(fields, types.NewField(f.Pos(), s.pkg, f.Name(), s.typ(f.Type()), false))
			}
		}
		own.SetUnderlying(types.NewStruct(fields, nil))
	}
	values := types.NewMethodSet(of)
	for m := range types.NewMethodSet(types.NewPointer(of)).Methods() {
		if !m.Obj().Exported() {
			continue
		}
		var recv types.Type = own
		if values.Lookup(nil, m.Obj().Name()) == nil {
			recv = types.NewPointer(own)
		}
		sig := s.typ(m.Type()).(*types.Signature)
		sig = types.NewSignatureType(types.NewVar(token.NoPos, s.pkg, "", recv), nil, nil, sig.Params(), sig.Results(), sig.Variadic())
		own.AddMethod(types.NewFunc(m.Obj().Pos(), s.pkg, m.Obj().Name(), sig))
	}
}

// typ returns t with the types that differ replaced.
func (s swapper) typ(t types.Type) types.Type {
	switch t := t.(type) {
	case *types.Alias:
		return s.typ(types.Unalias(t))
	case *types.Named:
		if own := s.named[t.Obj()]; own != nil {
			return own
		}
	case *types.Pointer:
		return types.NewPointer(s.typ(t.Elem()))
	case *types.Slice:
		return types.NewSlice(s.typ(t.Elem()))
	case *types.Signature:
		return types.NewSignatureType(nil, nil, nil, s.tuple(t.Params()), s.tuple(t.Results()), t.Variadic())
	}
	return t
}

func (s swapper) tuple(t *types.Tuple) *types.Tuple {
	var vars []*types.Var
	for v := range t.Variables() {
		vars = append(vars, types.NewParam(v.Pos(), s.pkg, v.Name(), s.typ(v.Type())))
	}
	return types.NewTuple(vars...)
}
