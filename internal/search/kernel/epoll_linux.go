package kernel

import (
	"fmt"
	"math/bits"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/search"
)

// An EpollEvent is the real one.
type EpollEvent = unix.EpollEvent

// An epoll is an instance. Its word:
//
//	 63      62     61                30 29    24 23                 0
//	+-------+------+--------------------+--------+-------------------+
//	|timeout|closed| end of EpollWait   |        | eight items       |
//	+-------+------+--------------------+--------+-------------------+
//
// An item is what is registered of one socket or eventfd, by place.
type epoll struct {
	word search.Var
	user [maxItems][2]int32 // the words of user data, written after an item is registered
	file *File              // that watches it
}

// The bits of an item, the first one of each group.
const (
	registered = 1 << iota
	wantsRoom
	listed
	itemBits = iota

	maxItems = 8
	lists    = 0o44444444 // listed, of all items

	timeout    = 1 << 63
	untilShift = 30
	untilMask  = 1<<32 - 1
)

func showEpoll(v uint64) string {
	s := "["
	for i := range maxItems {
		if v>>(itemBits*i)&registered != 0 {
			s += fmt.Sprint(" ", i)
		}
		if v>>(itemBits*i)&wantsRoom != 0 {
			s += "w"
		}
		if v>>(itemBits*i)&listed != 0 {
			s += "!"
		}
	}
	if v&timeout != 0 {
		s += " timeout"
	}
	return s + " ]" + showClosed(v)
}

// EpollCreate returns a new instance.
func EpollCreate() (epfd int, err error) {
	e := &epoll{}
	search.Name(&e.word, fmt.Sprintf("epoll %d", len(machine.instances)), showEpoll)
	machine.instances = append(machine.instances, e)
	return machine.number(e), nil
}

// EpollAdd registers, and then looks.
func EpollAdd(epfd, fd int, events uint32, lo, hi int32) error {
	e := get[*epoll](epfd, "epoll_add")
	if fails(&machine.FailAdd) {
		return os.NewSyscallError("epoll_ctl", syscall.ENOSPC)
	}
	if !e.register(fd, events, lo, hi, 0) {
		return os.NewSyscallError("epoll_ctl", syscall.EEXIST)
	}
	machine.AtRegister.call()
	return nil
}

// EpollModify is EpollAdd of what is registered.
func EpollModify(epfd, fd int, events uint32, lo, hi int32) error {
	e := get[*epoll](epfd, "epoll_mod")
	if fails(&machine.FailModify) {
		return os.NewSyscallError("epoll_ctl", syscall.ENOMEM)
	}
	if !e.register(fd, events, lo, hi, registered) {
		return os.NewSyscallError("epoll_ctl", syscall.ENOENT)
	}
	return nil
}

func fails(n *search.Var) bool {
	return n.Update(func(n uint64) uint64 { return n - min(n, 1) }) > 0
}

// EpollDelete ends a registration.
func EpollDelete(epfd, fd int) error {
	check(get[*epoll](epfd, "epoll_del").forget(placeOf(fd)), "epoll_ctl")
	if o, ok := machine.objects[fd].(*socket); ok {
		check(o.in.Load(), "epoll_ctl")
	}
	return nil
}

// forget ends a registration, and returns the word before.
func (e *epoll) forget(place int) (was uint64) {
	return e.word.Update(func(v uint64) uint64 {
		return v &^ ((registered | wantsRoom | listed) << (itemBits * place))
	})
}

func placeOf(fd int) int {
	switch o := machine.objects[fd].(type) {
	case *socket:
		return o.place
	case *event:
		return o.place
	}
	panic("kernel: no such socket")
}

// register makes an item that was registered, or not: was.
func (e *epoll) register(fd int, events uint32, lo, hi int32, was uint64) bool {
	place := placeOf(fd)
	asked := uint32(unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLPRI | unix.EPOLLET)
	if _, is := machine.objects[fd].(*event); is {
		asked = unix.EPOLLIN | unix.EPOLLET
	}
	if events&^unix.EPOLLOUT != asked {
		panic(fmt.Sprintf("kernel: descriptor %d is registered for %#x, and what is simulated is %#x", fd, events, asked))
	}
	bits := uint64(registered)
	if events&unix.EPOLLOUT != 0 {
		bits |= wantsRoom
	}
	shift := itemBits * place
	old := e.word.Update(func(v uint64) uint64 {
		if v>>shift&registered != was {
			return v
		}
		return v&^((registered|wantsRoom)<<shift) | bits<<shift
	})
	check(old, "epoll_ctl")
	if old>>shift&registered != was {
		return false
	}
	e.user[place] = [2]int32{lo, hi}
	if happens(place, bits&wantsRoom != 0) != 0 {
		e.list(place, registered)
	}
	return true
}

// happens is what epoll reports of an item now.
func happens(place int, room bool) uint32 {
	for _, s := range machine.sockets {
		if s.place == place {
			return s.events(room)
		}
	}
	for _, o := range machine.objects {
		if o, ok := o.(*event); ok && o.place == place && o.n.Load()&^closed > 0 {
			return unix.EPOLLIN
		}
	}
	return 0
}

// report tells every instance of a change.
func report(place int, room bool) {
	want := uint64(registered)
	if room {
		want |= wantsRoom
	}
	for _, e := range machine.instances {
		e.list(place, want)
	}
}

// list puts an item on the list if it wants that, and tells the runtime, which watches.
func (e *epoll) list(place int, want uint64) {
	want <<= itemBits * place
	was := e.word.Update(func(v uint64) uint64 {
		if v&want == want {
			v |= listed << (itemBits * place)
		}
		return v
	})
	if was&want == want && e.file != nil && e.word.Load()&lists != 0 {
		e.file.edge()
	}
}

// EpollPoll takes the list, and reports what is there.
func EpollPoll(epfd int, events []EpollEvent) (n int) {
	return get[*epoll](epfd, "epoll_poll").fetch(events)
}

func (e *epoll) fetch(events []EpollEvent) (n int) {
	was := e.word.Update(func(v uint64) uint64 { return v &^ firsts(v, len(events)) })
	check(was, "epoll_wait")
	user := e.user
	for taken := firsts(was, len(events)); taken != 0; taken &= taken - 1 {
		place := bits.TrailingZeros64(taken) / itemBits
		if found := happens(place, was>>(itemBits*place)&wantsRoom != 0); found != 0 {
			events[n] = EpollEvent{Events: found, Fd: user[place][0], Pad: user[place][1]}
			n++
		}
	}
	return n
}

// firsts returns the items on the list, most at most.
func firsts(v uint64, most int) (all uint64) {
	for v &= lists; v != 0 && most > 0; most-- {
		all |= v & -v
		v &= v - 1
	}
	return all
}

// EpollWait blocks until an item is on the list, or for as long as d.
func EpollWait(epfd int, events []EpollEvent, d time.Duration) (n int) {
	e := get[*epoll](epfd, "epoll_wait")
	at := uint64(0)
	if d >= 0 {
		at = uint64(Now()+int64(d)) & untilMask
	}
	e.word.Update(func(v uint64) uint64 { return v&^(timeout|untilMask<<untilShift) | at<<untilShift })
	if at != 0 {
		e.passed(Now())
	}
	for n == 0 {
		was := e.word.Await(
			func(v uint64) bool { return v&(lists|timeout|closed) != 0 },
			func(v uint64) uint64 { return v &^ timeout })
		n = e.fetch(events)
		if was&timeout != 0 {
			break
		}
	}
	return n
}

// passed ends an EpollWait whose time has come.
func (e *epoll) passed(now int64) {
	e.word.Update(func(v uint64) uint64 {
		if at := v >> untilShift & untilMask; at != 0 && at <= uint64(now) {
			return v&^(untilMask<<untilShift) | timeout
		}
		return v
	})
}

// An event is an eventfd.
type event struct {
	place int
	n     search.Var
	file  *File // that watches it
}

// Eventfd returns a new eventfd.
func Eventfd() (fd int, err error) {
	machine.Calls["eventfd"]++
	o := &event{place: machine.place()}
	search.Name(&o.n, fmt.Sprintf("event %d", o.place), nil)
	return machine.number(o), nil
}

// Notify adds one to an eventfd.
func Notify(fd int) {
	o := get[*event](fd, "notify")
	check(o.n.Update(func(n uint64) uint64 { return n + 1 }), "notify")
	report(o.place, false)
	if o.file != nil && o.n.Load() > 0 {
		o.file.edge()
	}
}

// TakeNotify sets an eventfd back to zero, and reports false if it was that.
func TakeNotify(fd int) bool {
	o := get[*event](fd, "take_notify")
	was := o.n.Update(func(n uint64) uint64 { return n & closed })
	check(was, "take_notify")
	return was > 0
}
