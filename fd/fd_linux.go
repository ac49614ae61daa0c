package fd

import (
	"io"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
	"github.com/a57b2d82/netpoller/poller"
)

// A Kind is what an FD needs to know about the socket it is.
type Kind uint8

const (
	// TCP is a TCP socket over IPv4 or IPv6: a stream that holds the short-read rule.
	TCP Kind = iota

	// Stream is any other byte stream. (Multipath TCP is one; AF_UNIX streams are, and
	// break the rule wherever descriptors or credentials are passed.)
	Stream

	// SeqPacket is a sequence of packets that ends with an empty read.
	SeqPacket

	// Datagram is packets, of which an empty one is one, too.
	Datagram
)

// isStream reports whether one transfer may be cut into several.
func (k Kind) isStream() bool { return k == TCP || k == Stream }

// A room says whether the poller reports room to write, and to whom.
type room uint8

const (
	roomUnwatched room = iota
	roomWatched        // and the last operation did not wait for it
	roomAwaited        // and the last operation did, or the one in progress does
)

// maxTransfer is how much one system call transfers at most; larger ones are cut, as
// package net does, because some kernels and file systems fail them.
const maxTransfer = 1 << 30

// An FD is a non-blocking socket, to be embedded in what uses it. It begins with Own,
// then Init; until then only the goroutine that set it up may use it. After that every
// method may be called from any goroutine. An FD must not be copied.
type FD struct {
	mu fdMutex

	// limits is how long a wait of each side may last; 0, or nil, means as long as the
	// deadline lets it.
	limits atomic.Pointer[[2]time.Duration]

	// Immutable after Init.
	poller *poller.Poller
	pd     *polldesc.PollDesc // nil before Init
	sysfd  int
	gen    uint32    // of pd, see polldesc.Token
	calls  sys.Calls // ordinary where memory may fault
	kind   Kind

	// drained says that the stream was seen empty and no edge has been forgotten
	// since, so that the next Read may begin by waiting. Guarded by the read lock.
	drained bool

	// kept is, for each side, an error that ready took from the socket. Guarded by the
	// side's lock.
	kept [2]uint16

	// room says whether the poller reports room to write. Guarded by the write lock.
	room room

	// lent says that the descriptor was given out, after which anyone may have done
	// anything to the socket. Set by lend, read by Read.
	lent atomic.Bool
}

// Own gives fd an open non-blocking socket, which Close will close.
func (fd *FD) Own(sysfd int, kind Kind) {
	fd.sysfd, fd.kind = sysfd, kind
}

// Init registers the descriptor with one of g's pollers. A socket being connected is
// registered after connect was called, because before that it reports a hang-up.
func (fd *FD) Init(g *poller.Group) (err error) {
	// There is room to write in a new socket, and in most for ever: to hear of it would wake
	// the reactor for nobody.
	if fd.poller, fd.pd, err = g.Register(fd.sysfd); err != nil {
		return unnamed(err)
	}
	fd.gen = fd.pd.Token().Gen
	fd.calls = sys.RawCalls
	if g.Config().MemoryMayFault { // DOC: may-fault
		fd.calls = sys.OrdinaryCalls
	}
	return nil
}

// unnamed returns the errno alone of an epoll_ctl(2) that failed. In package net it is the
// runtime that calls it, and the error does not name the call.
func unnamed(err error) error {
	if call, ok := err.(*os.SyscallError); ok && call.Syscall == "epoll_ctl" {
		return call.Err
	}
	return err
}

// Sysfd returns the descriptor's number, for the goroutine that is setting it up.
func (fd *FD) Sysfd() int { return fd.sysfd }

// Close wakes every goroutine that uses the descriptor, all with net.ErrClosed, and
// returns when the last one has let go and the descriptor is gone. Its error is that
// of close(2), or net.ErrClosed the second time.
func (fd *FD) Close() error {
	if !fd.mu.close() {
		return net.ErrClosed
	}
	if fd.pd != nil {
		fd.pd.Evict() // DOC: evict
	}
	if fd.mu.decref() {
		return fd.destroy()
	}
	fd.mu.queue(closer).acquire() // DOC: close-waits
	return nil
}

// destroy closes the descriptor. It runs once, after Close, when no goroutine uses
// the descriptor (HB-6: no system call meets a number that was given away).
func (fd *FD) destroy() error {
	if fd.pd != nil {
		fd.poller.Unregister(fd.sysfd, fd.pd) // DOC: unregister
	}
	err := sys.CloseFD(fd.sysfd)
	fd.sysfd = -1
	return err
}

// leave is what the last one out does, while Close waits.
func (fd *FD) leave() {
	fd.destroy()
	fd.mu.queue(closer).release()
}

func (fd *FD) incref() error {
	if !fd.mu.incref() {
		return net.ErrClosed
	}
	return nil
}

func (fd *FD) decref() {
	if fd.mu.decref() {
		fd.leave()
	}
}

func (fd *FD) lock(m polldesc.Mode) error {
	if !fd.mu.lock(m) {
		return net.ErrClosed
	}
	return nil
}

func (fd *FD) unlock(m polldesc.Mode) {
	if fd.mu.unlock(m) {
		fd.leave()
	}
}

// begin takes a side for an operation whose first step is a system call.
func (fd *FD) begin(m polldesc.Mode) error {
	if err := fd.lock(m); err != nil {
		return err
	}
	err := fd.prepare(m)
	if err == nil {
		err = fd.owed(m)
	}
	if err != nil {
		fd.unlock(m)
	}
	return err
}

// eofError turns a read of nothing into io.EOF where that is what it means.
func (fd *FD) eofError(n int, err error) error {
	if n == 0 && err == nil && fd.kind != Datagram {
		return io.EOF
	}
	return err
}

// Shutdown is shutdown(2); how is syscall.SHUT_RD or SHUT_WR.
func (fd *FD) Shutdown(how int) error {
	if err := fd.incref(); err != nil {
		return err
	}
	defer fd.decref()
	return syscall.Shutdown(fd.sysfd, how)
}

// Dup returns a duplicate of the descriptor, close-on-exec. It shares the socket, and
// with it O_NONBLOCK, but neither the FD's poller nor its deadlines.
func (fd *FD) Dup() (int, error) {
	if err := fd.incref(); err != nil {
		return -1, err
	}
	defer fd.decref()
	fd.lend()
	return sys.Dup(fd.sysfd)
}
