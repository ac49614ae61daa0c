//go:build linux

// Command step1 is the smallest poller: a goroutine that waits for epoll, and a channel for each descriptor.
//
//	go run ./docs/learn/step1
//
// A Read that finds nothing waits on the channel, into which the reactor sends when the kernel reports an edge.
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

// A PollDesc is the record of one descriptor.
type PollDesc struct {
	fd   int
	edge chan struct{} // without a buffer: a send waits for a receive
	gap  func()        // for the demonstration: it runs between EAGAIN and the wait
}

// Read reads up to len(p) bytes, and waits until there is at least one.
func (pd *PollDesc) Read(p []byte) (int, error) {
	for {
		n, err := unix.Read(pd.fd, p)
		if err != unix.EAGAIN {
			return n, err
		}
		pd.gap()
		<-pd.edge
	}
}

// A Poller is an epoll instance and its reactor.
type Poller struct {
	epfd, wakefd int         // an edge of wakefd, an eventfd, ends the reactor
	pds          []*PollDesc // epoll carries the index of each
	files        []int       // to be closed
	stopping     chan struct{}
	reactor      sync.WaitGroup
	edges        atomic.Int32 // how many the reactor has fetched
}

func NewPoller() *Poller {
	p := &Poller{stopping: make(chan struct{})}
	p.epfd = must(unix.EpollCreate1(unix.EPOLL_CLOEXEC))
	p.wakefd = must(unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC))
	p.Add(p.wakefd)
	return p
}

// Add registers a descriptor. The program adds all of them before the reactor starts, so that nothing needs a lock.
func (p *Poller) Add(fd int) *PollDesc {
	pd := &PollDesc{fd: fd, edge: make(chan struct{}), gap: func() {}}
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: int32(len(p.pds))}
	check(unix.EpollCtl(p.epfd, unix.EPOLL_CTL_ADD, fd, &ev))
	p.pds = append(p.pds, pd)
	return pd
}

// run is the reactor: it waits for events, and hands each one to the reader of its descriptor.
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
			p.edges.Add(1)
			select {
			case p.pds[ev.Fd].edge <- struct{}{}:
			case <-p.stopping:
			}
		}
	}
}

// Stop ends the reactor, and closes everything.
func (p *Poller) Stop() {
	close(p.stopping)
	must(unix.Write(p.wakefd, []byte{1, 0, 0, 0, 0, 0, 0, 1}))
	p.reactor.Wait()
	for _, fd := range append(p.files, p.wakefd, p.epfd) {
		check(unix.Close(fd))
	}
}

func main() { run(os.Stdout) }

func run(out io.Writer) {
	trace, p := log.New(out, "", 0), NewPoller()
	a, farA := p.pair()
	b, farB := p.pair()
	p.reactor.Go(p.run)
	defer p.Stop()
	a.gap = func() {
		trace.Print("reader of a: EAGAIN, and now the data comes")
		must(unix.Write(farA, []byte("one")))
	}
	trace.Printf("reader of a: %q", a.read())

	must(unix.Write(farA, []byte("two")))
	for ; p.edges.Load() < 2; time.Sleep(time.Millisecond) { // then the reactor waits for a reader of a
	}
	fromB, written := make(chan string), make(chan bool)
	b.gap = func() {
		must(unix.Write(farB, []byte("hello")))
		written <- true
	}
	go func() { fromB <- b.read() }()
	<-written
	queued := must(unix.IoctlGetInt(b.fd, unix.TIOCINQ))
	trace.Printf("reader of a: %q; b has %d bytes, and its reader waits", a.read(), queued)
	a.gap = func() { must(unix.Write(farA, []byte("three"))) }
	trace.Printf("reader of a: %q; reader of b: %q", a.read(), <-fromB)
}

func (pd *PollDesc) read() string {
	p := make([]byte, 64)
	return string(p[:must(pd.Read(p))])
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
