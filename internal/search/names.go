package search

import (
	"fmt"
	"reflect"
	"unsafe"
)

// NameAll names every object in what p points to, and in what that points to in turn, by the
// path of fields that leads there. Objects that have a name keep it. An object that is made later, inside
// of a schedule, is found when a counterexample meets it.
func NameAll(name string, p any) {
	e := explorer
	if e != nil && !e.tracing && e.step == nil {
		return // it takes a while, and nobody asks
	}
	r := root{name, reflect.ValueOf(p)}
	if e != nil {
		e.roots = append(e.roots, r)
	}
	r.nameAll()
}

// Show says what the values of the object in a field of T are called, for NameAll. It is called
// before any search.
func Show[T any](name string, show func(uint64) string) {
	shown[field{reflect.TypeFor[T](), name}] = show
}

type field struct {
	of   reflect.Type
	name string
}

var shown = map[field]func(uint64) string{}

// A root is where NameAll begins.
type root struct {
	name string
	p    reflect.Value
}

func (r *root) nameAll() { nameAll(r.name, r.p, nil, map[unsafe.Pointer]bool{}) }

func nameAll(name string, v reflect.Value, show func(uint64) string, seen map[unsafe.Pointer]bool) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() && !seen[v.UnsafePointer()] {
			seen[v.UnsafePointer()] = true
			nameAll(name, v.Elem(), show, seen)
		}
	case reflect.Struct:
		if !v.CanAddr() {
			return
		}
		at := reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr()))
		if o, ok := at.Interface().(Object); ok {
			if o.named().name == "" {
				Name(o, name, show)
			}
			return
		}
		for i := range v.NumField() {
			f := v.Type().Field(i).Name
			nameAll(name+"."+f, v.Field(i), shown[field{v.Type(), f}], seen)
		}
	case reflect.Array, reflect.Slice:
		for i := range v.Len() {
			nameAll(fmt.Sprintf("%s[%d]", name, i), v.Index(i), show, seen)
		}
	}
}
