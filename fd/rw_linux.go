package fd

import (
	"fmt"
	"io"
	"syscall"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
)

// Read reads what is there, up to len(p) bytes, and waits if that is nothing. At the
// end of the stream it returns 0, io.EOF. Reading into an empty p returns 0, nil at
// once.
func (fd *FD) Read(p []byte) (int, error) {
	if err := fd.lock(polldesc.Read); err != nil {
		return 0, err
	}
	defer fd.unlock(polldesc.Read)
	return fd.read(p)
}

// read is Read by the owner of the side.
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
		n, err := fd.calls.Read(fd.sysfd, p) // DOC: read-syscall
		if err == syscall.EAGAIN && fd.atMark() {
			n, err = fd.calls.Read(fd.sysfd, p)
		}
		if err == syscall.EAGAIN {
			if err = fd.waitEdge(polldesc.Read); err == nil {
				continue
			}
		}
		// DOC: short-read
		// The short-read rule. The edges of what came before this read are behind us,
		// facts included: Prepare or Wait consumed them before the system call.
		fd.drained = 0 < n && n < len(p) && fd.plain()
		return n, fd.eofError(n, err)
	}
}

// atMark reports whether the stream may stand at an urgent byte. There the kernel says
// EAGAIN to a thread with a signal pending, Go's own for preemption too, though more is
// there to be read; the signal has been handled by the time it is asked again.
func (fd *FD) atMark() bool { return fd.kind == TCP && (fd.Lent() || fd.pd.Exceptional()) }

// plain reports whether a short read proves that the stream was empty.
func (fd *FD) plain() bool {
	return fd.kind == TCP && fd.calls == sys.RawCalls && !fd.Lent() && !fd.pd.Exceptional()
}

// prepareRead begins a Read, by waiting if the last one showed the stream empty.
// Waiting forgets no edge unless it returns for one, so drained stays true if the
// wait fails.
func (fd *FD) prepareRead() error {
	if !fd.drained || fd.lent.Load() {
		return fd.prepare(polldesc.Read)
	}
	err := fd.waitEdge(polldesc.Read) // DOC: drained-wait
	if err == nil {
		fd.drained = false
	}
	return err
}

// Write writes all of p, waiting as often as there is no room, and returns how much
// was taken when it fails.
func (fd *FD) Write(p []byte) (nn int, err error) {
	if err := fd.lock(polldesc.Write); err != nil {
		return 0, err
	}
	defer fd.unlock(polldesc.Write)
	return fd.write(p)
}

// write is Write by the owner of the side.
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
		n, err := fd.calls.Write(fd.sysfd, chunk)
		if n > len(chunk) {
			// golang/go#61060: a broken kernel module; going on would send garbage.
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
