package poller

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/clock"
	"github.com/a57b2d82/netpoller/internal/race"
	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/internal/tracer"
	"github.com/a57b2d82/netpoller/polldesc"
	"github.com/a57b2d82/netpoller/timer"
)

// ErrClosed is the error of Listen and Dial with a Group that was closed, and of registering
// with one of its Pollers. It is net.ErrClosed to errors.Is.
var ErrClosed = fmt.Errorf("poller group closed: %w", net.ErrClosed)

const (
	// reads is what a descriptor is registered for.
	reads = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLPRI | unix.EPOLLET // DOC: interest

	// readsAndWrites is what it is registered for once an operation waits to write to it.
	readsAndWrites = reads | unix.EPOLLOUT
)

// A Poller is one reactor: one epoll instance and the goroutine that serves it.
type Poller struct {
	// Immutable.
	number   uint16 // in a trace
	epfd     int
	wakefd   int
	strategy strategy
	heap     *timer.Heap
	cache    *polldesc.Cache

	life    life // of the reactor goroutine
	errands errands

	waking   atomic.Bool // set by wake, cleared by the reactor: see HB-7
	stopping atomic.Bool // set by close, read by the reactor

	counters
	lag      lag       // of wake-ups by events
	timerLag durations // of deadlines

	// mu guards the epoll descriptor: held for reading to use it outside the reactor, for
	// writing to close it. Lock order: before everything else here.
	mu     sync.RWMutex
	closed bool
}

// made is how many Pollers were made.
var made atomic.Uint32

// newPoller returns a Poller. Its reactor runs while it has descriptors: see life.
func newPoller(s Strategy) (*Poller, error) {
	epfd, err := sys.EpollCreate()
	if err != nil {
		return nil, err
	}
	wakefd, err := sys.Eventfd()
	if err != nil {
		sys.CloseFD(epfd)
		return nil, err
	}
	p := &Poller{number: uint16(made.Add(1)), epfd: epfd, wakefd: wakefd}
	p.heap = timer.New(p.wake)
	if p.strategy, err = newStrategy(s, epfd); err != nil {
		sys.CloseFD(wakefd)
		return nil, err
	}
	p.cache = polldesc.NewCache(p.heap, polldesc.Env{
		Now: clock.Now, NewChannel: p.newChannel, Policy: p.strategy.policy(&p.lag), Reactor: p.number,
	})
	lo, hi := polldesc.WakeToken.Words()
	if err := sys.EpollAdd(epfd, wakefd, unix.EPOLLIN|unix.EPOLLET, lo, hi); err != nil { // DOC: wake-fd
		p.strategy.close()
		sys.CloseFD(wakefd)
		return nil, err
	}
	return p, nil
}

// Alloc opens a record for a descriptor, until Free, and starts the reactor. The error is
// ErrClosed.
func (p *Poller) Alloc() (*polldesc.PollDesc, error) {
	pd, err := p.alloc()
	if err != nil {
		return nil, err
	}
	p.start() // DOC: start
	return pd, nil
}

func (p *Poller) alloc() (*polldesc.PollDesc, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.closed {
		return nil, ErrClosed
	}
	return p.cache.Alloc(), nil
}

// Free gives back what Alloc opened.
//
// Preconditions: pd was evicted and no goroutine uses it.
func (p *Poller) Free(pd *polldesc.PollDesc) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if last := p.cache.Free(pd); last && !p.closed {
		p.idle()
	}
}

// Register makes p watch fd, which must be non-blocking, until Unregister: for reading, and if m
// is polldesc.Write for writing too. Readiness from before is reported too. The error is a
// *os.SyscallError of epoll_ctl.
//
// Both sides of a descriptor may call it at once. The kernel refuses one of them, which then
// watches both. It does not rely on the other's registration: that of another life may be left
// if fd was closed behind our back.
func (p *Poller) Register(fd int, pd *polldesc.PollDesc, m polldesc.Mode) error {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.closed {
		return nil // pd was evicted, and a wait will say so
	}
	events := [...]uint32{polldesc.Read: reads, polldesc.Write: readsAndWrites}[m]
	lo, hi := pd.Token().Words()
	pd.Note(tracer.Register, int64(fd))
	err := sys.EpollAdd(p.epfd, fd, events, lo, hi) // DOC: register
	if errors.Is(err, unix.EEXIST) && sys.EpollModify(p.epfd, fd, readsAndWrites, lo, hi) == nil {
		return nil
	}
	return err
}

// open is Alloc and Register for reading.
func (p *Poller) open(fd int) (*polldesc.PollDesc, error) {
	pd, err := p.Alloc()
	if err != nil {
		return nil, err
	}
	pd.SetNumber(fd)
	if err := p.Register(fd, pd, polldesc.Read); err != nil {
		pd.Evict()
		p.Free(pd)
		return nil, err
	}
	return pd, nil
}

// WatchWrites makes p watch fd for writing too, from now on. If fd is writable already, that
// is reported too, so no earlier change is missed.
func (p *Poller) WatchWrites(fd int, pd *polldesc.PollDesc) error {
	pd.Note(tracer.Watch, 0)
	return p.modify(fd, pd, readsAndWrites)
}

// UnwatchWrites ends what WatchWrites began. A reader may be woken with nothing to read.
func (p *Poller) UnwatchWrites(fd int, pd *polldesc.PollDesc) error {
	pd.Note(tracer.Unwatch, 0)
	return p.modify(fd, pd, reads)
}

func (p *Poller) modify(fd int, pd *polldesc.PollDesc, events uint32) error {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if p.closed {
		return nil // pd was evicted, and a wait will say so
	}
	lo, hi := pd.Token().Words()
	return sys.EpollModify(p.epfd, fd, events, lo, hi)
}

// Unregister ends what Register began. fd must still be open, so that its number has not
// been reused. After it, no wait of the reactor holds the file open (fact d of package sys),
// unless p is being closed: then none does when p's close returns.
func (p *Poller) Unregister(fd int) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if !p.closed {
		// This fails only for a descriptor that was closed behind our back. If a
		// duplicate keeps the registration alive, its events are of a life that is over.
		_ = sys.EpollDelete(p.epfd, fd) // DOC: delete-first
	}
}

// wake makes the reactor look at its deadlines, and at stopping, soon.
func (p *Poller) wake() {
	race.Hide() // as in timer.Heap.Arm
	first := p.waking.CompareAndSwap(false, true)
	race.Show()
	if first { // DOC: wake
		p.note(tracer.Wake, 0)
		sys.Notify(p.wakefd)
	}
}

// note records what the reactor does, for package trace.
func (p *Poller) note(k tracer.Kind, arg int64) {
	if tracer.On() {
		p.record(k, arg)
	}
}

func (p *Poller) record(k tracer.Kind, arg int64) {
	tracer.Record(tracer.Event{Time: clock.Now(), Reactor: p.number, Kind: k, Side: tracer.Both, Arg: arg})
}

// close stops the reactor and waits until it has ended. It evicts descriptors that are still
// registered first: operations on them fail with net.ErrClosed.
func (p *Poller) close() {
	p.mu.Lock()
	closed := p.closed
	p.closed = true
	p.mu.Unlock()
	if closed {
		return
	}
	p.cache.EvictAll() // DOC: group-close

	p.mu.Lock()
	defer p.mu.Unlock()
	p.stopping.Store(true)
	p.wake()
	p.life.ended.Lock() // a reactor that is about to start finds stopping set
	defer p.life.ended.Unlock()
	p.strategy.close()
	sys.CloseFD(p.wakefd)
}

// Running notes that the owner of a side runs again after Subscribe. Wait notes it itself.
func (p *Poller) Running(s *polldesc.Side) { p.lag.running(s) }

// Stats returns p's statistics.
func (p *Poller) Stats() Stats {
	s := Stats{
		Waits:    p.waits.Load(),
		Events:   p.events.Load(),
		Stale:    p.stale.Load(),
		Wakeups:  p.wakeups.Load(),
		WakeLag:  p.lag.durations.histogram(),
		Timers:   max(0, p.heap.Len()),
		TimerLag: p.timerLag.histogram(),
		Open:     p.cache.Open(),
		Eventfds: p.strategy.eventfds(),
	}
	s.TimersArmed, s.TimersFired = p.heap.Counts()
	s.ParkedReaders, s.ParkedWriters = p.cache.Waiting()
	return s
}
