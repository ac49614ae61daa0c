//go:build linux

// Command step5 closes a descriptor that is in use, and uses its number and its slot again.
//
//	go run ./docs/learn/step5
//
// One goroutine plays all parts, so that it can choose the schedule. The wait is that of step 4, and left out: a function of
// the demonstration stands for it.
package main

import (
	"io"
	"log"
	"os"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

const closing, hungUp = 1, 2 // facts about a descriptor; hungUp says that the peer is gone

// A PollDesc is a slot: the record of one descriptor after another. It is never freed, so that a late event finds it.
type PollDesc struct {
	slot int32
	info atomic.Uint64 // the generation, which numbers the lives of the slot, above the facts of this life
}

func (pd *PollDesc) gen() uint32           { return uint32(pd.info.Load() >> 32) }
func (pd *PollDesc) has(facts uint64) bool { return pd.info.Load()&facts != 0 }

// Edge records what epoll reported about one life of the slot, and reports false if that life is over.
func (pd *PollDesc) Edge(gen, events uint32) bool {
	for w := pd.info.Load(); uint32(w>>32) == gen; w = pd.info.Load() {
		fact := uint64(0)
		if events&unix.EPOLLHUP != 0 {
			fact = hungUp
		}
		if pd.info.CompareAndSwap(w, w|fact) { // the comparison and the fact in one: no Close comes between them
			return true // now the word: ready, and a permit if it was parked
		}
	}
	return false
}

// A Cache has all slots.
type Cache struct {
	epfd        int
	slots, free []*PollDesc
}

// Open makes an FD of a socket. The user data of its events is the slot, and the life of it.
func (c *Cache) Open(sysfd int) *FD {
	if len(c.free) == 0 {
		pd := &PollDesc{slot: int32(len(c.slots))}
		c.slots, c.free = append(c.slots, pd), append(c.free, pd)
	}
	pd := c.free[len(c.free)-1]
	c.free = c.free[:len(c.free)-1]
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: pd.slot, Pad: int32(pd.gen())}
	check(unix.EpollCtl(c.epfd, unix.EPOLL_CTL_ADD, sysfd, &ev))
	return &FD{sysfd: sysfd, pd: pd, cache: c, refs: 1}
}

// An FD is a socket. In package fd, one atomic word holds refs and closed.
type FD struct {
	sysfd  int
	pd     *PollDesc
	cache  *Cache
	closed bool
	refs   int    // one for each operation, and one until Close
	wait   func() // the demonstration's
}

func (fd *FD) Read(b []byte) (int, error) {
	if fd.closed {
		return 0, os.ErrClosed
	}
	fd.refs++
	defer fd.decref()
	for {
		n, err := unix.Read(fd.sysfd, b)
		switch {
		case err != unix.EAGAIN:
			return n, err
		case fd.pd.has(closing):
			return 0, os.ErrClosed
		case fd.pd.has(hungUp):
			return 0, io.EOF // nothing ever corrects a fact
		}
		fd.wait()
	}
}

func (fd *FD) Close() {
	if !fd.closed {
		fd.closed = true
		fd.pd.info.Or(closing) // and cancel the wait
		fd.decref()
	}
}

// decref gives a reference back. The last one closes: no system call can use the number any more, HB-6.
func (fd *FD) decref() {
	if fd.refs--; fd.refs == 0 {
		check(unix.Close(fd.sysfd))
		fd.pd.info.Store(uint64(fd.pd.gen()+1) << 32) // HB-4: before the slot is free
		fd.cache.free = append(fd.cache.free, fd.pd)
	}
}

func main() { run(log.New(os.Stdout, "", 0)) }

func run(trace *log.Logger) {
	c, events, buffer := new(Cache), make([]unix.EpollEvent, 8), make([]byte, 64)
	c.epfd, _ = unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	a, _ := c.pair()
	a.wait = a.Close
	_, err := a.Read(buffer)
	trace.Printf("a is closed during a Read: %v", err)
	for _, careless := range []bool{false, true} {
		b, farB := c.pair()
		check(unix.Close(farB))
		n, _ := unix.EpollWait(c.epfd, events, 0) // the reactor holds the hang-up of b
		b.Close()
		d, farD := c.pair()
		for _, ev := range events[:n] {
			gen := uint32(ev.Pad)
			if careless {
				gen = d.pd.gen()
			}
			ok := c.slots[ev.Fd].Edge(gen, ev.Events)
			trace.Printf("d has the number of b %t, the slot %t, the event %t", d.sysfd == b.sysfd, d.pd == b.pd, ok)
		}
		d.wait = func() { unix.Write(farD, []byte("hello")) }
		got, err := d.Read(buffer)
		trace.Printf("d reads %q, %v", buffer[:got], err)
	}
}

func (c *Cache) pair() (near *FD, far int) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	check(err)
	return c.Open(fds[0]), fds[1]
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
