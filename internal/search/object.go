package search

import "fmt"

// A kind of operation.
type kind uint8

const (
	load kind = iota
	look      // at a Var
	rlock
	runlock // up to here, two of them can be swapped
	store
	swap
	cas
	add
	or
	and
	lock
	unlock
	send
	receive
	await
	update
)

var kindNames = [...]string{"load", "look", "rlock", "runlock", "store", "swap", "cas", "add", "or", "and",
	"lock", "unlock", "send", "receive", "await", "update"}

func (k kind) String() string { return kindNames[k] }
func (k kind) reads() bool    { return k <= runlock }

// An object is what goroutines share: one atomic, lock or channel.
type object struct {
	val     uint64
	sync    clock // what happened before those who wrote to it
	readers clock // what happened before those who unlocked it for reading

	run  int // of the Explorer that gave it its key
	key  int // names the object; the same in each schedule that begins in the same way
	name string
	show func(uint64) string // what a value is called, nil for a number
}

func (o *object) named() *object { return o }

func (o *object) String() string {
	if o.name == "" {
		return fmt.Sprintf("object %d", o.key)
	}
	return o.name
}

func (o *object) value(v uint64) string {
	if o.show == nil {
		return fmt.Sprint(int64(v))
	}
	return o.show(v)
}

// An Object is any of this package's atomics, locks and channels.
type Object interface{ named() *object }

// Name gives an object a name for counterexamples, and says what its values are called. With a
// nil show they are numbers.
func Name(o Object, name string, show func(uint64) string) {
	n := o.named()
	n.name, n.show = name, show
}

// Peek returns the value of an object without taking a step: for conditions.
func Peek(o Object) uint64 { return o.named().val }

// point is where a goroutine stops before an operation.
func (o *object) point(k kind) {
	e := explorer
	if e == nil || e.current == nil || e.unwinding {
		return
	}
	if o.run != e.run || o.key == 0 {
		e.keys++
		o.run, o.key = e.run, e.keys
	}
	g := e.current
	g.object, g.kind, g.called = o, k, k
	switch {
	case e.starting:
	case e.settling:
		if g.enabled() {
			return
		}
	default:
		if e.next = e.choose(); e.next == g {
			return
		}
	}
	if !g.yield(struct{}{}) {
		panic(unwound{})
	}
}

// step is the operation: it makes val the value.
func (o *object) step(val uint64) {
	e := explorer
	if e == nil || e.unwinding || e.current == nil { // the last in Setup and Check
		o.val = val
		return
	}
	g := e.current
	if e.settling {
		g.synchronize(o)
		o.val = val
		return
	}
	e.Steps++
	c := &e.stack[e.depth-1]
	if e.step != nil {
		e.step(Step{o.name, o.val, val, callers})
	}
	if e.tracing {
		e.trace(g, o, val)
	}
	if c.fresh {
		e.order(c, g)
	}
	g.at = c.at
	g.synchronize(o)
	o.val = val
}
