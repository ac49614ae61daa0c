package fd

import (
	"io"
	"math"
	"runtime"
	"sync"
	"syscall"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/internal/tracer"
	"github.com/a57b2d82/netpoller/polldesc"
)

// Writev writes the buffers in v and removes from v what the kernel has accepted, as
// net.Buffers does: buffers that are written are set to nil and dropped, and the first of
// the rest is resliced.
func (fd *FD) Writev(v *[][]byte) (nn int64, err error) {
	if err := fd.begin(polldesc.Write); err != nil {
		return 0, err
	}
	defer fd.unlock(polldesc.Write)
	var few [16]sys.Iovec
	iovs := few[:0]
	for {
		var size int
		iovs, size = fd.gather(iovs[:0], *v)
		if len(iovs) == 0 {
			return nn, nil
		}
		n, err := fd.calls.Writev(fd.sysfd, iovs, size)
		fd.note(tracer.Send, n, err)
		nn += int64(n)
		consume(v, int64(n))
		if n == 0 && err == nil {
			return nn, io.ErrUnexpectedEOF
		}
		if err == syscall.EAGAIN {
			err = fd.waitEdge(polldesc.Write)
		}
		if err != nil {
			return nn, err
		}
	}
}

// gather appends to iovs as much of v as one call takes. It returns the size in bytes.
func (fd *FD) gather(iovs []sys.Iovec, v [][]byte) (_ []sys.Iovec, size int) {
	for _, p := range v {
		n := len(p)
		if n == 0 {
			continue
		}
		if fd.kind.isStream() {
			n = min(n, maxTransfer-size)
		}
		iovs = append(iovs, sys.MakeIovec(p, n))
		size += n
		if len(iovs) == sys.MaxIovecs || n < len(p) || fd.kind.isStream() && size == maxTransfer {
			break
		}
	}
	return iovs, size
}

// consume removes the first n bytes from v, and the empty buffers around them.
func consume(v *[][]byte, n int64) {
	for len(*v) > 0 {
		first := &(*v)[0]
		if int64(len(*first)) > n {
			*first = (*first)[n:]
			return
		}
		n -= int64(len(*first))
		*first = nil
		*v = (*v)[1:]
	}
}

// SendFile sends up to limit bytes of a file, from its current position. If handled is
// false, the caller copies the rest by reads and Writes: the kernel cannot send from such a
// file, sendfile(2) would block, or the FD is closed or past its deadline, which a Write
// returns as its error.
func (fd *FD) SendFile(file int, limit int64) (nn int64, handled bool, err error) {
	if err := fd.lock(polldesc.Write); err != nil {
		return 0, false, err
	}
	defer fd.unlock(polldesc.Write)
	if err := fd.prepare(polldesc.Write); err != nil {
		return 0, false, err // a Write will return it again
	}
	if err := fd.owed(polldesc.Write); err != nil {
		return 0, true, err // no later Write will return it
	}
	for nn < limit {
		if fd.mayBlock() {
			return nn, false, nil
		}
		n, err := sys.SendFile(fd.sysfd, file, int(min(limit-nn, maxTransfer)))
		fd.note(tracer.Send, n, err)
		switch err {
		case nil:
			if n == 0 {
				return nn, true, nil
			}
			nn += int64(n)
		case syscall.EAGAIN:
			if err := fd.waitEdge(polldesc.Write); err != nil {
				return nn, true, err
			}
		case syscall.ENOSYS, syscall.EINVAL, syscall.EOPNOTSUPP:
			return nn, nn > 0, err
		default:
			return nn, true, err
		}
	}
	return nn, true, nil
}

// Splice moves up to limit bytes from one stream to another within the kernel, through
// a pipe. If handled is false, the caller copies the rest: the kernel cannot splice from
// this kind of socket, or splice(2) would block. Bytes that were read and could not be
// written are lost, as in a copy through a buffer.
func Splice(dst, src *FD, limit int64) (nn int64, handled bool, err error) {
	p := pipes.Get().(*pipe)
	if p.err != nil {
		return 0, false, p.err
	}
	defer p.put()
	for nn < limit {
		if src.mayBlockUnlocked() || dst.mayBlockUnlocked() {
			return nn, false, nil
		}
		inPipe, err := src.fillPipe(p, int(min(limit-nn, pipeSize)))
		if err == syscall.EINVAL && nn == 0 {
			return 0, false, err // not a kind of socket that can be spliced
		}
		if err != nil || inPipe == 0 {
			return nn, true, err
		}
		p.full = true
		n, err := dst.emptyPipe(p, inPipe)
		nn += int64(n)
		if err != nil {
			return nn, true, err
		}
		p.full = false
	}
	return nn, true, nil
}

// fillPipe moves up to n bytes from the socket into the empty pipe.
func (fd *FD) fillPipe(p *pipe, n int) (int, error) {
	if err := fd.begin(polldesc.Read); err != nil {
		return 0, err
	}
	defer fd.unlock(polldesc.Read)
	for {
		moved, err := fd.fillOnce(p, n)
		if err != syscall.EAGAIN {
			return moved, err
		}
		if err := fd.waitEdge(polldesc.Read); err != nil {
			return 0, err
		}
	}
}

// fillOnce makes one splice, or a read if a splice would block or stops.
func (fd *FD) fillOnce(p *pipe, n int) (int, error) {
	if fd.mayBlock() {
		return fd.fillByRead(p, n)
	}
	moved, err := sys.Splice(p.w, fd.sysfd, n)
	fd.note(tracer.Recv, moved, err)
	if moved == 0 && fd.spliceStops(err) {
		return fd.fillByRead(p, n) // a read skips the urgent byte
	}
	return moved, err
}

// spliceStops reports whether a splice that moved nothing has stopped at the urgent mark.
// The kernel does not splice past it: it returns EAGAIN, or 0 after a FIN.
func (fd *FD) spliceStops(err error) bool {
	end := err == nil && fd.isTCP()
	return (end || err == syscall.EAGAIN && fd.mayBeAtMark()) && sys.AtMark(fd.sysfd)
}

// fillByRead moves up to n bytes into the empty pipe by a read.
func (fd *FD) fillByRead(p *pipe, n int) (int, error) {
	page := make([]byte, min(n, pageSize))
	n, err := fd.receive(page)
	if n == 0 || err != nil {
		return 0, err
	}
	return syscall.Write(p.w, page[:n])
}

// emptyPipe moves the n bytes in the pipe to the socket.
func (fd *FD) emptyPipe(p *pipe, n int) (nn int, err error) {
	if err := fd.begin(polldesc.Write); err != nil {
		return 0, err
	}
	defer fd.unlock(polldesc.Write)
	for nn < n {
		if fd.mayBlock() {
			rest, err := fd.emptyByWrite(p, n-nn)
			return nn + rest, err
		}
		moved, err := sys.Splice(fd.sysfd, p.r, n-nn)
		fd.note(tracer.Send, moved, err)
		nn += moved
		switch {
		case moved > 0:
		case err == syscall.EAGAIN:
			if err := fd.waitEdge(polldesc.Write); err != nil {
				return nn, err
			}
		case err != nil:
			return nn, err
		default:
			return nn, io.ErrUnexpectedEOF // the pipe had more
		}
	}
	return nn, nil
}

// emptyByWrite moves the n bytes in the pipe to the socket by writes.
//
// Preconditions: the caller owns the writing side.
func (fd *FD) emptyByWrite(p *pipe, n int) (nn int, err error) {
	page := make([]byte, pageSize)
	for nn < n {
		read, err := syscall.Read(p.r, page[:min(n-nn, pageSize)])
		if err != nil {
			return nn, err
		}
		written, err := fd.write(page[:read])
		nn += written
		if err != nil {
			return nn, err
		}
	}
	return nn, nil
}

// pageSize is how many bytes every pipe holds at least.
const pageSize = 4096

// pipeSize is the size that is requested for a pipe. It is the default limit for an
// unprivileged process (/proc/sys/fs/pipe-max-size).
const pipeSize = 1 << 20

// A pipe is a pipe to splice through.
type pipe struct {
	r, w int
	full bool // it may hold bytes that no Splice will read
	err  error
	drop runtime.Cleanup
}

// pipes keeps empty pipes for the next Splice. The garbage collector closes the pipes
// that the Pool drops.
var pipes = sync.Pool{New: func() any {
	r, w, err := sys.Pipe(pipeSize)
	p := &pipe{r: r, w: w, err: err}
	if err == nil {
		p.drop = runtime.AddCleanup(p, closePipe, [2]int{r, w})
	}
	return p
}}

func closePipe(ends [2]int) {
	sys.CloseFD(ends[0])
	sys.CloseFD(ends[1])
}

// put gives an empty pipe back, and closes one that may not be empty.
func (p *pipe) put() {
	if p.full {
		p.drop.Stop()
		closePipe([2]int{p.r, p.w})
		return
	}
	pipes.Put(p)
}

// Unlimited is the limit of a transfer that ends at the end of its source.
const Unlimited = math.MaxInt64
