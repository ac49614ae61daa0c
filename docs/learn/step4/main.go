//go:build linux

// Command step4 ends a Read at its deadline, and no other Read.
//
//	go run ./docs/learn/step4
package main

import (
	"log"
	"os"
	"slices"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

const (
	idle   = iota // no edge since the last reset, and no reader waits
	ready         // an edge is stored
	wait          // the reader has announced that it will park: it is owed nothing yet
	parked        // the reader waits, or is about to: whatever changes that gives a permit
)

// A PollDesc is the record of one descriptor.
type PollDesc struct {
	fd       int
	rg       atomic.Uint32 // the word of the reading side
	permit   chan struct{} // room for one
	expired  atomic.Bool   // published: the deadline has passed
	seq      uint64        // of the timer that is for the deadline
	timers   *Timers
	gap      func() // for the demonstration: it runs between the announcement and the check
	careless bool   // for the demonstration: Due looks at no sequence number
}

// Read reads up to len(b) bytes, and waits until there is at least one, or the deadline has passed.
func (pd *PollDesc) Read(b []byte) (int, error) {
	pd.rg.Store(idle) // O1
	for !pd.expired.Load() {
		if n, err := unix.Read(pd.fd, b); err != unix.EAGAIN {
			return n, err
		}
		pd.wait()
	}
	return 0, os.ErrDeadlineExceeded
}

// wait returns after an edge, or when the deadline has passed.
func (pd *PollDesc) wait() {
	if pd.rg.CompareAndSwap(idle, wait) { // O3 announce, and only then read what is published: HB-1
		pd.gap()
		if !pd.expired.Load() && pd.rg.CompareAndSwap(wait, parked) { // O4 commit
			<-pd.permit
		}
	}
	pd.rg.Store(idle) // O2, O5, O6: an error comes next, or a system call
}

// Edge stores an edge, and wakes the reader if it is parked: E1 to E4.
func (pd *PollDesc) Edge() {
	if pd.rg.Swap(ready) == parked {
		pd.permit <- struct{}{} // there is room: one commit, one permit
	}
}

// cancel ends a wait, and leaves a stored edge alone: U1 to U4. The reason was published before.
func (pd *PollDesc) cancel() {
	for s := pd.rg.Load(); s == wait || s == parked; s = pd.rg.Load() {
		if pd.rg.CompareAndSwap(s, idle) && s == parked {
			pd.permit <- struct{}{}
		}
	}
}

// SetDeadline sets when Read fails.
func (pd *PollDesc) SetDeadline(at int64) {
	t := pd.timers
	t.mu.Lock()
	defer t.mu.Unlock()
	pd.expired.Store(false)
	t.seq++
	pd.seq = t.seq // the timer before this one is stale now, wherever it is
	t.armed = append(t.armed, timer{at, t.seq, pd})
}

// Due is called when a timer has come due.
func (pd *PollDesc) Due(seq uint64) {
	pd.timers.mu.Lock()
	defer pd.timers.mu.Unlock()
	if seq == pd.seq || pd.careless { // HB-5
		pd.expired.Store(true) // I5: before the word
		pd.cancel()
	}
}

// A timer is one setting of a deadline.
type timer struct {
	when int64
	seq  uint64
	pd   *PollDesc
}

// Timers are all that are armed. In package timer they are in a heap, which finds the earliest quickly.
type Timers struct {
	mu    sync.Mutex // guards armed and seq, and the deadlines
	armed []timer
	seq   uint64 // the last that was given; none is given twice
}

// Take removes the timers that are due. The reactor calls it in each turn, and then Due for each of them.
func (t *Timers) Take(now int64) (due []timer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	due = slices.DeleteFunc(slices.Clone(t.armed), func(a timer) bool { return a.when > now })
	t.armed = slices.DeleteFunc(t.armed, func(a timer) bool { return a.when <= now })
	return due
}

func main() { run(log.New(os.Stdout, "", 0)) }

// run does what the reactor does, on a clock of its own, so that it can choose the schedule.
func run(trace *log.Logger) {
	buffer := make([]byte, 64)
	pd, far := newPipe()
	pd.SetDeadline(10)
	pd.gap = func() { pd.Due(pd.timers.Take(10)[0].seq) }
	_, err := pd.Read(buffer)
	trace.Printf("10 passes between EAGAIN and the wait: %v", err)
	for _, pd.careless = range []bool{false, true} {
		pd.SetDeadline(20)
		pd.gap = func() {
			due := pd.timers.Take(20)[0] // the reactor holds the timer
			pd.SetDeadline(1000)
			pd.Due(due.seq)
			unix.Write(far, []byte("hello"))
			pd.Edge()
		}
		n, err := pd.Read(buffer)
		trace.Printf("20 becomes 1000 while its timer fires, careless %t: %q, %v", pd.careless, buffer[:n], err)
	}
}

func newPipe() (near *PollDesc, far int) {
	fds := make([]int, 2)
	if err := unix.Pipe2(fds, unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		panic(err)
	}
	return &PollDesc{fd: fds[0], permit: make(chan struct{}, 1), timers: new(Timers), gap: func() {}}, fds[1]
}
