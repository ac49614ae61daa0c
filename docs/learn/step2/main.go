//go:build linux

// Command step2 loses a wake-up: an edge comes after a reader has seen EAGAIN, and before it waits.
//
//	go run ./docs/learn/step2
//
// It differs from step 1 in one line. The reactor drops an edge that no reader is waiting for, so that no reader can hold
// it up.
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
	pd := &PollDesc{fd: fd, edge: make(chan struct{}), gap: func() {}}
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLET, Fd: int32(len(p.pds))}
	check(unix.EpollCtl(p.epfd, unix.EPOLL_CTL_ADD, fd, &ev))
	p.pds = append(p.pds, pd)
	return pd
}

// run is the reactor: it waits for events, and wakes the reader of each descriptor if it waits.
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
			select {
			case p.pds[ev.Fd].edge <- struct{}{}:
			default: // the mistake: the reader may be about to wait
			}
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
	read, waits := make(chan int), make(chan bool)
	pd.gap = func() {
		trace.Print("reader:  EAGAIN")
		must(unix.Write(far, []byte("x")))
		for ; p.handled.Load() == 0; time.Sleep(time.Millisecond) { // until the reactor has had its turn
		}
		trace.Print("reactor: an edge, and nobody waits: dropped")
		close(waits)
	}
	go func() { read <- must(pd.Read(make([]byte, 64))) }()
	<-waits
	select {
	case n := <-read:
		trace.Printf("reader:  %d byte", n)
		return
	case <-time.After(100 * time.Millisecond):
		trace.Printf("reader:  asleep, and there is %d byte to read", must(unix.IoctlGetInt(pd.fd, unix.TIOCINQ)))
	}
	for { // another byte is another edge
		must(unix.Write(far, []byte("x")))
		select {
		case n := <-read:
			trace.Printf("reader:  after another byte, all: %t", n > 1)
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
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
