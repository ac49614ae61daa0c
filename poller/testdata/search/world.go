package poller

import (
	"syscall"

	"github.com/a57b2d82/netpoller/internal/search"
	"github.com/a57b2d82/netpoller/internal/search/kernel"
	"github.com/a57b2d82/netpoller/polldesc"
)

// A world is one poller and a kernel below it.
type world struct {
	*kernel.Machine
	run *search.Run
	p   *Poller

	ended []error // of operations, in the order of their ends
	wrong string  // found on the way
}

func newWorld(r *search.Run, s Strategy) *world {
	w := &world{Machine: kernel.Boot(r), run: r}
	r.PermitsUnderLocks() // the reactor holds one as long as it runs
	var err error
	if w.p, err = newPoller(s); err != nil {
		panic(err)
	}
	search.NameAll("p", w.p)
	return w
}

// register registers a new socket.
func (w *world) register() (fd int, pd *polldesc.PollDesc) {
	fd = w.Socket(kernel.TCP, 1)
	pd, err := w.p.open(fd)
	if err != nil {
		panic(err)
	}
	return fd, pd
}

// unregister is what FD.Close does.
func (w *world) unregister(fd int, pd *polldesc.PollDesc) {
	pd.Evict()
	w.p.Unregister(fd)
	kernel.CloseFD(fd)
	w.p.Free(pd)
}

// read is an operation as package fd has them.
func (w *world) read(fd int, pd *polldesc.PollDesc) error {
	if err := pd.Prepare(polldesc.Read); err != nil {
		return err
	}
	for {
		_, err := kernel.RawCalls.Read(fd, make([]byte, 1))
		if err != syscall.EAGAIN {
			return err
		}
		if err := pd.Wait(polldesc.Read); err != nil {
			return err
		}
	}
}

func (w *world) end(err error) { w.ended = append(w.ended, err) }

// expect checks at the end that so many operations ended, each with one of the errors.
func (w *world) expect(n int, want ...error) {
	w.run.Check(func() string { return w.wrong })
	w.run.Check(func() string { return search.Ended(w.ended, n, want...) })
}
