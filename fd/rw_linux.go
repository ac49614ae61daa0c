package fd

import (
	"fmt"
	"io"
	"syscall"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/internal/tracer"
	"github.com/a57b2d82/netpoller/polldesc"
)

// Read reads up to len(p) bytes and waits until there is at least one. At the end of the
// stream it returns 0, io.EOF. With an empty p it returns 0, nil without waiting.
func (fd *FD) Read(p []byte) (int, error) {
	if err := fd.lock(polldesc.Read); err != nil {
		return 0, err
	}
	defer fd.unlock(polldesc.Read)
	return fd.read(p)
}

// read is Read for a caller that owns the reading side.
func (fd *FD) read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := fd.prepareRead(); err != nil {
		return 0, err
	}
	if err := fd.owed(polldesc.Read); err != nil {
		return 0, err
	}
	if fd.kind.isStream() {
		p = p[:min(len(p), maxTransfer)]
	}
	for {
		n, err := fd.receive(p)
		if err == syscall.EAGAIN {
			if err = fd.waitEdge(polldesc.Read); err == nil {
				continue
			}
		}
		// DOC: short-read
		// The short-read rule. Prepare or Wait has consumed the edges of all data that came
		// before this read, and recorded their facts. If the descriptor is not registered,
		// the next wait registers it, and gets an edge of what is there.
		fd.sawEmpty = 0 < n && n < len(p) && fd.plain()
		return n, fd.eofError(n, err)
	}
}

// receive receives once, or again where the urgent mark held it. It is a function of its own so
// that the frame of read stays small: a goroutine that waits has it on its stack.
//
//go:noinline
func (fd *FD) receive(p []byte) (n int, err error) {
	for {
		n, err = fd.calls.RecvFrom(fd.sysfd, p, nil) // DOC: read-syscall
		fd.note(tracer.Recv, n, err)
		if err != syscall.EAGAIN || !fd.heldAtMark() {
			return n, err
		}
	}
}

// heldAtMark reports whether an EAGAIN is due to the urgent mark. At the mark, the kernel
// returns EAGAIN to a thread that has a signal pending, such as the runtime's own for
// preemption, although there is more to read (tcp_recvmsg_locked in net/ipv4/tcp.c). When
// the call returns, the signal has been handled, but the next call may meet another one.
// poll(2) shows no data if there is only the mark: the urgent byte may not have arrived.
func (fd *FD) heldAtMark() bool {
	if !fd.mayBeAtMark() || !sys.AtMark(fd.sysfd) {
		return false
	}
	is, _, err := sys.Readable(fd.sysfd)
	return is && err == nil
}

// mayBeAtMark reports whether the stream may be at its urgent mark.
//
// Epoll reports EPOLLPRI when an urgent byte arrives, unless another owner of the
// descriptor receives the byte before epoll_wait looks. So a socket that is neither
// exceptional nor exposed has no mark whose edge has been consumed: the kernel need not be
// asked. Nor has one that is not registered: the wait registers it, and there is an edge of
// the mark. A socket that is accepted from an exposed listener is not itself exposed.
func (fd *FD) mayBeAtMark() bool {
	return (fd.exposed.Load() || fd.pd.Exceptional()) && fd.isTCP()
}

// isTCP reports whether the socket is plain TCP, and asks the kernel if that is not known.
//
// Preconditions: the caller owns the reading side.
func (fd *FD) isTCP() bool {
	if fd.readKind == KindMaybeTCP {
		fd.readKind = fd.askKind()
	}
	return fd.readKind == KindTCP
}

// plain reports whether a short read proves that the stream was empty, if the socket is TCP.
func (fd *FD) plain() bool {
	return fd.calls == sys.RawCalls && !fd.inherits && !fd.exposed.Load() && !fd.pd.Exceptional()
}

// knownEmpty reports whether the last read proved the stream empty, so that the next one may
// begin by waiting for an edge. It has the kernel asked about a KindMaybeTCP here, before a
// second read, because many connections are read once and closed.
func (fd *FD) knownEmpty() bool { return fd.sawEmpty && !fd.exposed.Load() && fd.isTCP() }

// prepareRead begins a Read. If the last one showed the stream empty, it waits for an edge.
// A wait that fails has consumed no edge, so sawEmpty stays true.
func (fd *FD) prepareRead() error {
	if !fd.knownEmpty() {
		return fd.prepare(polldesc.Read)
	}
	err := fd.waitEdge(polldesc.Read) // DOC: drained-wait
	if err == nil {
		fd.sawEmpty = false
	}
	return err
}

// Write writes all of p. It waits whenever the send buffer is full. If it fails, it
// returns how many bytes the kernel has accepted.
func (fd *FD) Write(p []byte) (nn int, err error) {
	if err := fd.lock(polldesc.Write); err != nil {
		return 0, err
	}
	defer fd.unlock(polldesc.Write)
	return fd.write(p)
}

// write is Write for a caller that owns the writing side.
func (fd *FD) write(p []byte) (nn int, err error) {
	if err := fd.prepare(polldesc.Write); err != nil {
		return 0, err
	}
	if err := fd.owed(polldesc.Write); err != nil {
		return 0, err
	}
	for {
		chunk := p[nn:]
		if fd.kind.isStream() {
			chunk = chunk[:min(len(chunk), maxTransfer)]
		}
		n, err := fd.calls.SendTo(fd.sysfd, chunk, nil)
		fd.note(tracer.Send, n, err)
		if n > len(chunk) {
			// A broken kernel module; to go on would send garbage (golang/go#61060).
			panic(fmt.Sprintf("fd: write of %d bytes returned %d", len(chunk), n))
		}
		nn += n
		if err == nil && nn == len(p) {
			return nn, nil
		}
		if err == syscall.EAGAIN {
			if err = fd.waitEdge(polldesc.Write); err == nil {
				continue
			}
		}
		if err != nil {
			return nn, err
		}
		if n == 0 {
			return nn, io.ErrUnexpectedEOF
		}
	}
}
