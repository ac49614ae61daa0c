package kernel

import (
	"fmt"

	"github.com/a57b2d82/netpoller/internal/search"
)

// A Machine is the kernel of one schedule, and what it has done.
type Machine struct {
	// Calls counts system calls by kind: "read", "write", "epoll_add", "epoll_mod" and so on.
	Calls map[string]int

	// ReactorsEnd says that a reactor has to end before a schedule does, rather than to sleep.
	ReactorsEnd bool

	// Reactors is how many of them there are.
	Reactors int

	// FailAdd is how many registrations fail from now on, FailModify how many changes of one.
	FailAdd, FailModify search.Var

	// InBubble says that all goroutines but the reactors are in a bubble of testing/synctest.
	InBubble bool

	// AtConnect is what happens as soon as connect(2) was called, AtRegister as soon as a socket
	// was registered.
	AtConnect, AtRegister hook

	run       *search.Run
	now       search.Var
	cleanups  search.Var // that have not run
	sockets   []*socket
	instances []*epoll
	files     []*File
	objects   map[int]any // by descriptor
	watched   int         // sockets and eventfds
}

// A hook is called once, unless it is nil.
type hook func()

func (h *hook) call() {
	if f := *h; f != nil {
		*h = nil
		f()
	}
}

// machine is the one that runs.
var machine *Machine

const (
	start = 1       // when a machine begins
	first = 1 << 20 // the first descriptor: no real one has such a number
)

// Boot makes the machine of a schedule. Setup calls it first.
func Boot(r *search.Run) *Machine {
	machine = &Machine{Calls: map[string]int{}, run: r, objects: map[int]any{}}
	search.Name(&machine.now, "clock", nil)
	machine.now.Update(func(uint64) uint64 { return start })
	return machine
}

// number gives an object a descriptor.
func (m *Machine) number(o any) (fd int) {
	fd = first + len(m.objects)
	m.objects[fd] = o
	return fd
}

// place gives a socket or eventfd its place in every epoll instance.
func (m *Machine) place() (i int) {
	if i = m.watched; i == maxItems {
		panic("kernel: too many sockets")
	}
	m.watched++
	return i
}

// get returns what a descriptor is or was.
func get[T any](fd int, call string) T {
	o, ok := machine.objects[fd].(T)
	if !ok {
		panic(fmt.Sprintf("%s: descriptor %d is something else", call, fd))
	}
	machine.Calls[call]++
	return o
}

// closed is the bit of every word that says that the descriptor was closed.
const closed = 1 << 62

func check(word uint64, call string) {
	if word&closed != 0 {
		panic(call + " on a descriptor that was closed (HB-6)")
	}
}

func closes(v *search.Var) {
	check(v.Update(func(v uint64) uint64 { return v | closed }), "close")
}

// CloseFD closes a descriptor. A registration may outlive it (fact d).
func CloseFD(fd int) error { return OrdinaryCalls.Close(fd) }

// Close is CloseFD.
func (Calls) Close(fd int) error {
	machine.Calls["close"]++
	switch o := machine.objects[fd].(type) {
	case *socket:
		closes(&o.in)
		closes(&o.out)
	case *event:
		closes(&o.n)
	case *epoll:
		const all = 1<<(itemBits*maxItems) - 1 // what it watched ends with it
		check(o.word.Update(func(v uint64) uint64 { return v&^all | closed }), "close")
	}
	return nil
}

// Block clears O_NONBLOCK.
func (m *Machine) Block(fd int) {
	m.objects[fd].(*socket).in.Update(func(v uint64) uint64 { return v | blocking })
}

// Reactor starts a reactor.
func Reactor(run func()) {
	m := machine
	f := func() {
		m.Reactors++
		run()
		m.Reactors--
	}
	if machine.ReactorsEnd {
		search.GoNamed("reactor", f)
	} else {
		search.Background("reactor", f)
	}
}

// Now is the clock.
func Now() int64 { return int64(machine.now.Load()) }

// InBubble reports whether the goroutine that asks is in a bubble.
func InBubble() bool {
	return machine.InBubble && !search.Current("reactor") && !search.Current("cleanup")
}

// Pass moves the clock to now, and ends what waits until then. One goroutine does so.
func (m *Machine) Pass(now int64) {
	m.now.Update(func(was uint64) uint64 { return max(was, uint64(now)) })
	for _, f := range m.files {
		f.passed(now)
	}
	for _, e := range m.instances {
		e.passed(now)
	}
}

// CheckCalls adds the condition that there were no more than most system calls of a kind.
func (m *Machine) CheckCalls(call string, most int) {
	m.run.Check(func() string {
		if n := m.Calls[call]; n > most {
			return fmt.Sprintf("%d calls of %s, %d would do", n, call, most)
		}
		return ""
	})
}

// CheckClosed adds the condition that every socket was closed, and that no instance watches it.
func (m *Machine) CheckClosed() {
	m.run.Check(func() string {
		for i, s := range m.sockets {
			if search.Peek(&s.in)&closed == 0 {
				return fmt.Sprintf("socket %d is open at the end", i)
			}
			for _, e := range m.instances {
				if search.Peek(&e.word)>>(itemBits*s.place)&registered != 0 {
					return fmt.Sprintf("socket %d was closed and is registered (fact d)", i)
				}
			}
		}
		return ""
	})
}

// SleepsUntil returns when the wait ends at most of who waits for an instance: 0 for never.
func (m *Machine) SleepsUntil(epfd int) int64 {
	e := m.objects[epfd].(*epoll)
	if e.file != nil {
		return int64(search.Peek(&e.file.word) >> deadlineShift & deadlineMask)
	}
	return int64(search.Peek(&e.word) >> untilShift & untilMask)
}

// Registered reports whether an instance watches a socket.
func (m *Machine) Registered(fd int) bool {
	for _, e := range m.instances {
		if search.Peek(&e.word)>>(itemBits*placeOf(fd))&registered != 0 {
			return true
		}
	}
	return false
}

// WatchesRoom reports whether a socket is registered for room to write.
func (m *Machine) WatchesRoom(fd int) bool {
	for _, e := range m.instances {
		if search.Peek(&e.word)>>(itemBits*placeOf(fd))&wantsRoom != 0 {
			return true
		}
	}
	return false
}

// Listed reports whether an instance has something that nobody has fetched.
func (m *Machine) Listed(epfd int) bool {
	return search.Peek(&m.objects[epfd].(*epoll).word)&lists != 0
}

// Closed reports whether a socket was closed. It is a step.
func (m *Machine) Closed(fd int) bool { return m.objects[fd].(*socket).in.Load()&closed != 0 }
