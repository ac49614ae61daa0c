package search

import "unsafe"

// This file stands for package sync/atomic.

type Uint32 struct{ object }

func (u *Uint32) Load() uint32         { return uint32(u.load()) }
func (u *Uint32) Store(v uint32)       { u.store(uint64(v)) }
func (u *Uint32) Swap(v uint32) uint32 { return uint32(u.swap(uint64(v))) }
func (u *Uint32) Add(d uint32) uint32 {
	return uint32(u.add(func(v uint64) uint64 { return uint64(uint32(v) + d) }))
}
func (u *Uint32) CompareAndSwap(old, new uint32) bool { return u.cas(uint64(old), uint64(new)) }

type Int32 struct{ object }

func (i *Int32) Load() int32   { return int32(i.load()) }
func (i *Int32) Store(v int32) { i.store(uint64(uint32(v))) }
func (i *Int32) Add(d int32) int32 {
	return int32(i.add(func(v uint64) uint64 { return uint64(uint32(int32(v) + d)) }))
}

type Uint64 struct{ object }

func (u *Uint64) Load() uint64                        { return u.load() }
func (u *Uint64) Store(v uint64)                      { u.store(v) }
func (u *Uint64) Swap(v uint64) uint64                { return u.swap(v) }
func (u *Uint64) Add(d uint64) uint64                 { return u.add(func(v uint64) uint64 { return v + d }) }
func (u *Uint64) CompareAndSwap(old, new uint64) bool { return u.cas(old, new) }

func (u *Uint64) Or(m uint64) uint64 {
	u.point(or)
	old := u.val
	u.step(old | m)
	return old
}

func (u *Uint64) And(m uint64) uint64 {
	u.point(and)
	old := u.val
	u.step(old & m)
	return old
}

type Int64 struct{ object }

func (i *Int64) Load() int64        { return int64(i.load()) }
func (i *Int64) Store(v int64)      { i.store(uint64(v)) }
func (i *Int64) Swap(v int64) int64 { return int64(i.swap(uint64(v))) }
func (i *Int64) Add(d int64) int64 {
	return int64(i.add(func(v uint64) uint64 { return v + uint64(d) }))
}
func (i *Int64) CompareAndSwap(old, new int64) bool { return i.cas(uint64(old), uint64(new)) }

type Bool struct{ object }

func (b *Bool) Load() bool                        { return b.load() != 0 }
func (b *Bool) Store(v bool)                      { b.store(number(v)) }
func (b *Bool) Swap(v bool) bool                  { return b.swap(number(v)) != 0 }
func (b *Bool) CompareAndSwap(old, new bool) bool { return b.cas(number(old), number(new)) }

func number(b bool) uint64 {
	if b {
		return 1
	}
	return 0
}

// A Pointer is an atomic.Pointer; its value is the address.
type Pointer[T any] struct {
	object
	p *T
}

// Address returns what the value of a Pointer to p is.
func Address[T any](p *T) uint64 { return uint64(uintptr(unsafe.Pointer(p))) }

func (p *Pointer[T]) Load() *T {
	p.load()
	return p.p
}

func (p *Pointer[T]) Store(v *T) {
	p.store(Address(v))
	p.p = v
}

func (p *Pointer[T]) Swap(v *T) *T {
	p.swap(Address(v))
	old := p.p
	p.p = v
	return old
}

func (p *Pointer[T]) CompareAndSwap(old, new *T) bool {
	if !p.cas(Address(old), Address(new)) {
		return false
	}
	p.p = new
	return true
}

func (o *object) load() uint64 {
	o.point(load)
	o.step(o.val)
	return o.val
}

func (o *object) store(v uint64) {
	o.point(store)
	o.step(v)
}

func (o *object) swap(v uint64) uint64 {
	o.point(swap)
	old := o.val
	o.step(v)
	return old
}

func (o *object) add(plus func(uint64) uint64) uint64 {
	o.point(add)
	v := plus(o.val)
	o.step(v)
	return v
}

func (o *object) cas(old, new uint64) bool {
	e := explorer
	if e != nil && e.current != nil {
		e.current.old = old
	}
	o.point(cas)
	if o.val != old {
		if e != nil && e.current != nil {
			e.current.kind, e.current.called = load, load // it was no more than that
		}
		o.step(o.val)
		return false
	}
	o.step(new)
	return true
}
