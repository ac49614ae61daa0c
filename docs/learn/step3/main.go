//go:build linux

// Command step3 loses no wake-up: an edge that comes before the wait stays in a word.
//
//	go run ./docs/learn/step3
//
// The word says at once whether an edge is stored and whether the reader waits: the two cannot miss each other.
package main

import (
	"io"
	"log"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const ( // the states of the word; pdNil, pdReady and a pointer to the goroutine in Go's runtime
	idle   = iota // no edge since the last reset, and no reader waits
	ready         // an edge is stored
	parked        // the reader waits, or is about to: whatever changes that gives a permit
)

// A PollDesc is the record of one descriptor.
type PollDesc struct {
	fd     int
	rg     atomic.Uint32 // the word of the reading side, as the runtime calls it
	permit chan struct{} // room for one
	gap    func()        // for the demonstration: it runs between EAGAIN and the wait
}

// Read reads up to len(p) bytes, and waits until there is at least one.
func (pd *PollDesc) Read(p []byte) (int, error) {
	pd.rg.Store(idle) // O1 reset: the call below sees the data of all edges so far
	for {
		n, err := unix.Read(pd.fd, p)
		if err != unix.EAGAIN {
			return n, err
		}
		pd.gap()
		pd.wait()
	}
}

// wait returns once there was an edge since the reset.
func (pd *PollDesc) wait() {
	if pd.rg.CompareAndSwap(idle, parked) { // O4 commit; if that fails, an edge is stored
		<-pd.permit
	}
	pd.rg.Store(idle) // O2 consume, O6 collect
}

// Edge stores an edge, and wakes the reader if it waits.
func (pd *PollDesc) Edge() {
	if pd.rg.Swap(ready) == parked { // E1, E2, E4
		pd.permit <- struct{}{} // there is room: one commit, one permit
	}
}

// A Poller is an epoll instance and its reactor.
type Poller struct {
	epfd, wakefd int         // an edge of wakefd, an eventfd, ends the reactor
	pds          []*PollDesc // epoll carries the index of each
	files        []int       // to be closed
	reactor      sync.WaitGroup
	handled      atomic.Int32 // edges that the reactor is done with
}

func NewPoller() *Poller {
	p := new(Poller)
	p.epfd = must(unix.EpollCreate1(unix.EPOLL_CLOEXEC))
	p.wakefd = must(unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC))
	p.Add(p.wakefd)
	return p
}

// Add registers a descriptor. The program adds all of them before the reactor starts, so that nothing needs a lock.
func (p *Poller) Add(fd int) *PollDesc {
	pd := &PollDesc{fd: fd, permit: make(chan struct{}, 1), gap: func() {}}
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: int32(len(p.pds))}
	check(unix.EpollCtl(p.epfd, unix.EPOLL_CTL_ADD, fd, &ev))
	p.pds = append(p.pds, pd)
	return pd
}

// run is the reactor: it waits for events, and gives each to its descriptor.
func (p *Poller) run() {
	for events := make([]unix.EpollEvent, 8); ; {
		n, err := unix.EpollWait(p.epfd, events, -1)
		if err == unix.EINTR { // a signal, such as the runtime's own for preemption
			continue
		}
		check(err)
		for _, ev := range events[:n] {
			if ev.Fd == 0 {
				return
			}
			p.pds[ev.Fd].Edge()
			p.handled.Add(1)
		}
	}
}

// Stop ends the reactor, and closes everything.
func (p *Poller) Stop() {
	must(unix.Write(p.wakefd, []byte{1, 0, 0, 0, 0, 0, 0, 1}))
	p.reactor.Wait()
	for _, fd := range append(p.files, p.wakefd, p.epfd) {
		check(unix.Close(fd))
	}
}

func main() { run(os.Stdout) }

func run(out io.Writer) {
	trace, p := log.New(out, "", 0), NewPoller()
	pd, far := p.pair()
	p.reactor.Go(p.run)
	defer p.Stop()
	pd.gap = func() {
		trace.Print("reader:  EAGAIN")
		must(unix.Write(far, []byte("x")))
		for ; p.handled.Load() == 0; time.Sleep(time.Millisecond) { // until the reactor has had its turn
		}
		trace.Print("reactor: an edge, and nobody waits: stored")
	}
	trace.Printf("reader:  %d byte", must(pd.Read(make([]byte, 64))))
}

// pair adds one end of a new connection, and returns the other end.
func (p *Poller) pair() (near *PollDesc, far int) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	check(err)
	p.files = append(p.files, fds[:]...)
	return p.Add(fds[0]), fds[1]
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func must[T any](v T, err error) T {
	check(err)
	return v
}
