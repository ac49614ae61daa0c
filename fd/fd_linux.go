package fd

import (
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
	"github.com/a57b2d82/netpoller/poller"
)

// A Kind says which properties of a socket's protocol an FD may rely on.
type Kind uint8

const (
	// KindTCP is TCP over IPv4 or IPv6, and not Multipath TCP. A read that returns fewer
	// bytes than its buffer holds proves that the stream was empty (the short-read rule),
	// the stream may have an urgent mark, and EPOLLOUT follows only a write that returned
	// EAGAIN.
	KindTCP Kind = iota

	// KindMaybeTCP is KindTCP or KindStream: a connection that a listener of Multipath TCP
	// accepted. The FD asks the kernel which one, once it matters.
	KindMaybeTCP

	// KindStream is any other byte stream. A short read of one proves nothing: a read of
	// an AF_UNIX stream, for example, ends at a message that carries descriptors.
	KindStream

	// KindSeqPacket is a sequence of packets (SOCK_SEQPACKET), which ends with an empty
	// read.
	KindSeqPacket

	// KindPacket is packets without an end: UDP, raw IP, SOCK_DGRAM of AF_UNIX. An empty
	// read is an empty packet.
	KindPacket
)

// isStream reports whether one transfer may be split into several.
func (k Kind) isStream() bool { return k <= KindStream }

// maxTransfer is the most bytes that one system call transfers. Larger transfers are
// split, as in package net, because some kernels and file systems fail them.
const maxTransfer = 1 << 30

// An FD is a non-blocking socket. Own, then Init or Register, set it up; until then only
// one goroutine may use it. After that every method may be called from any goroutine. An FD
// must not be copied.
type FD struct {
	mu fdMutex

	// limits is how long a wait of each side may last. 0 or nil means no limit.
	limits atomic.Pointer[[2]time.Duration]

	// Immutable after Init or Register.
	poller *poller.Poller
	pd     *polldesc.PollDesc // nil before that
	sysfd  int
	gen    uint32    // of pd, see polldesc.Token
	calls  sys.Calls // ordinary where memory may fault
	kind   Kind

	// inherits says that the options are those of an exposed listener. Immutable after Init.
	inherits bool

	// readKind is the kind, as far as the reading side knows it. Guarded by the read lock.
	readKind Kind

	// sawEmpty says that the last read showed the stream empty and that no edge has been
	// forgotten since, so that the next Read may begin by waiting. Guarded by the read
	// lock.
	sawEmpty bool

	// kept is, for each side, an error that ready took from the socket. Guarded by the
	// side's lock.
	kept [2]uint16

	// interest is what epoll reports of the descriptor. Atomic: see register for writers.
	interest atomic.Uint32

	// exposed says that code outside this package has or had the descriptor. Set by
	// MarkExposed.
	exposed atomic.Bool

	// lingers says that SO_LINGER may be set.
	lingers atomic.Bool

	// notified says that a notification waits that is not stopped.
	notified atomic.Bool

	// accepting is held while accept4 is a raw call. MarkExposed takes it too.
	accepting sync.Mutex
}

// Own gives fd an open non-blocking socket. Close will close it.
func (fd *FD) Own(sysfd int, kind Kind) {
	fd.sysfd, fd.kind, fd.readKind = sysfd, kind, kind
}

// askKind returns the kind. It asks the kernel which one KindMaybeTCP is.
func (fd *FD) askKind() Kind {
	switch {
	case fd.kind != KindMaybeTCP:
		return fd.kind
	case sys.IsTCP(fd.sysfd):
		return KindTCP
	}
	return KindStream
}

// Init gives the descriptor a record with one of g's pollers. The first operation that has
// to wait registers it with epoll: many connections are closed before one does. A socket is
// connected before that, because until then epoll reports a hang-up.
func (fd *FD) Init(g *poller.Group) (err error) {
	if fd.poller, err = g.Pick(); err == nil {
		fd.pd, err = fd.poller.Alloc()
	}
	if err != nil {
		return unnamed(err)
	}
	fd.pd.SetNumber(fd.sysfd)
	fd.setUp(g)
	return nil
}

// Register is Init and registers the descriptor at once: a listener, which waits anyway, and
// so fails early, or a descriptor that others may watch (fact g of package sys).
func (fd *FD) Register(g *poller.Group) (err error) {
	if fd.poller, fd.pd, err = g.Register(fd.sysfd); err != nil {
		return unnamed(err)
	}
	fd.interest.Store(registered) // a new socket is writable, and EPOLLOUT would only wake the reactor
	fd.setUp(g)
	return nil
}

func (fd *FD) setUp(g *poller.Group) {
	fd.gen = fd.pd.Token().Gen
	fd.calls = sys.RawCalls
	if g.Config().MemoryMayFault { // DOC: may-fault
		fd.calls = sys.OrdinaryCalls
	}
}

// unnamed returns the errno alone if epoll_ctl(2) failed. In package net the runtime makes
// that call, and the error does not name it.
func unnamed(err error) error {
	if call, ok := err.(*os.SyscallError); ok && call.Syscall == "epoll_ctl" {
		return call.Err
	}
	return err
}

// Sysfd returns the descriptor's number. Only the goroutine that sets the FD up may call
// it.
func (fd *FD) Sysfd() int { return fd.sysfd }

// LocalName stores the socket's local address in a. Only the goroutine that sets the FD up
// may call it, or PeerName.
func (fd *FD) LocalName(a *sys.RawAddr) error { return fd.calls.Getsockname(fd.sysfd, a) }

// PeerName stores the address of the peer in a.
func (fd *FD) PeerName(a *sys.RawAddr) error { return fd.calls.Getpeername(fd.sysfd, a) }

// Close wakes every goroutine that waits for the descriptor; their operations fail with
// net.ErrClosed. It returns when no goroutine uses the descriptor and it is closed. The
// error is close(2)'s, or net.ErrClosed the second time.
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
// the descriptor (HB-6: no system call uses a number that the kernel has given to another
// file).
//
// The registration is deleted first (fact d): otherwise the reactor may hold the socket open
// after close(2) for as long as it sleeps. The peer would not see the end, and the address
// would stay in use.
func (fd *FD) destroy() error {
	if fd.interest.Load() != unregistered {
		fd.poller.Unregister(fd.sysfd) // DOC: unregister
	}
	err := fd.closeCalls().Close(fd.sysfd)
	fd.sysfd = -1
	if fd.pd != nil {
		fd.poller.Free(fd.pd) // DOC: free-last
	}
	return err
}

// closeCalls says how to call close(2), which is raw for a TCP connection without unread data.
// Such a close takes a few microseconds, and often belongs to an accept4 that is raw, too. If
// either told the scheduler, it would keep the runtime's monitor awake. Measured: bench, accept, as
// ratios of the CPU: 0.97 with one of them raw, 0.83 with both.
//
// The call is ordinary if the socket may have SO_LINGER, which makes close(2) wait for the peer:
// code that had the descriptor, or the listener's, may have set it. It is ordinary for unread
// data, which resets the connection and frees both queues (0.3 ms), for Multipath TCP, which waits
// for a worker, and for whatever is no TCP connection.
//
// Preconditions: no other goroutine uses fd.
func (fd *FD) closeCalls() sys.Calls {
	if fd.exposed.Load() || fd.inherits || fd.lingers.Load() || !fd.isTCP() || sys.HoldsUnread(fd.sysfd) {
		return sys.OrdinaryCalls
	}
	return fd.calls
}

// leave destroys the descriptor for a Close that waits. The last user calls it.
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

// begin locks a side and prepares an operation whose first step is a system call.
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

// eofError returns io.EOF for an empty read, except of packets without an end.
func (fd *FD) eofError(n int, err error) error {
	if n == 0 && err == nil && fd.kind != KindPacket {
		return io.EOF
	}
	return err
}

// Shutdown is shutdown(2); how is syscall.SHUT_RD, SHUT_WR or SHUT_RDWR.
func (fd *FD) Shutdown(how int) error {
	if err := fd.incref(); err != nil {
		return err
	}
	defer fd.decref()
	return syscall.Shutdown(fd.sysfd, how)
}

// Dup returns a duplicate of the descriptor, close-on-exec. The duplicate shares the
// socket and O_NONBLOCK with the FD, but neither its poller nor its deadlines.
func (fd *FD) Dup() (int, error) {
	if err := fd.incref(); err != nil {
		return -1, err
	}
	defer fd.decref()
	fd.MarkExposed()
	return sys.Dup(fd.sysfd)
}
