package fd

import (
	"io"
	"math"
	"runtime"
	"sync"
	"syscall"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
)

// Writev writes the buffers in v and takes what was written off v: buffers that are
// done are set to nil and dropped, the first of the rest is cut.
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

// gather appends to iovs what one call can take of v, and returns how many bytes that
// is.
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

// consume takes n bytes, and empty buffers before and after them, off v.
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

// SendFile sends up to limit bytes of a file, from where it is. It reports handled false
// if there may be more, for somebody to read and to Write: the kernel cannot send from such
// a file, nobody may write, or the call would block.
func (fd *FD) SendFile(file int, limit int64) (nn int64, handled bool, err error) {
	if err := fd.lock(polldesc.Write); err != nil {
		return 0, false, err
	}
	defer fd.unlock(polldesc.Write)
	if err := fd.prepare(polldesc.Write); err != nil {
		return 0, false, err // which a Write finds as well
	}
	if err := fd.owed(polldesc.Write); err != nil {
		return 0, true, err // which is told once
	}
	for nn < limit {
		if fd.mayBlock() {
			return nn, false, nil
		}
		n, err := sys.SendFile(fd.sysfd, file, int(min(limit-nn, maxTransfer)))
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
// a pipe. It reports handled false if there may be more and the kernel cannot move it, or
// would block. What was read and then could not be written is lost, as it is in a copy
// through a buffer.
func Splice(dst, src *FD, limit int64) (nn int64, handled bool, err error) {
	p := pipes.Get().(*pipe)
	if p.err != nil {
		return 0, false, p.err
	}
	defer p.put()
	for nn < limit {
		if src.mayBlock() || dst.mayBlock() {
			return nn, false, nil
		}
		inPipe, err := src.drain(p, int(min(limit-nn, pipeSize)))
		if err == syscall.EINVAL && nn == 0 {
			return 0, false, err // not a kind of socket that can be spliced
		}
		if err != nil || inPipe == 0 {
			return nn, true, err
		}
		p.full = true
		n, err := dst.pump(p, inPipe)
		nn += int64(n)
		if err != nil {
			return nn, true, err
		}
		p.full = false
	}
	return nn, true, nil
}

// drain moves up to n bytes of what the socket has into the empty pipe.
func (fd *FD) drain(p *pipe, n int) (int, error) {
	if err := fd.begin(polldesc.Read); err != nil {
		return 0, err
	}
	defer fd.unlock(polldesc.Read)
	for {
		moved, err := fd.drainOnce(p, n)
		if err != syscall.EAGAIN {
			return moved, err
		}
		if err := fd.waitEdge(polldesc.Read); err != nil {
			return 0, err
		}
	}
}

// drainOnce is one step of drain: a splice, or a read where that would block, or stops.
func (fd *FD) drainOnce(p *pipe, n int) (int, error) {
	if fd.mayBlock() {
		return fd.drainRead(p, n)
	}
	moved, err := sys.Splice(p.w, fd.sysfd, n)
	if moved == 0 && fd.spliceStops(err) {
		return fd.drainRead(p, n) // which passes over the urgent byte
	}
	return moved, err
}

// spliceStops reports whether a splice that moved nothing stands at an urgent byte. The
// kernel splices up to there and no further: it says EAGAIN, or after a FIN the end.
func (fd *FD) spliceStops(err error) bool {
	end := err == nil && fd.kind == TCP
	return (end || err == syscall.EAGAIN && fd.atMark()) && sys.AtMark(fd.sysfd)
}

// drainRead moves up to n bytes into the empty pipe by a read.
func (fd *FD) drainRead(p *pipe, n int) (int, error) {
	page := make([]byte, min(n, pageSize))
	n, err := fd.calls.Read(fd.sysfd, page)
	if err == syscall.EAGAIN {
		n, err = fd.calls.Read(fd.sysfd, page) // as Read does at a mark
	}
	if n == 0 || err != nil {
		return 0, err
	}
	return syscall.Write(p.w, page[:n])
}

// pump moves the n bytes that are in the pipe to the socket.
func (fd *FD) pump(p *pipe, n int) (nn int, err error) {
	if err := fd.begin(polldesc.Write); err != nil {
		return 0, err
	}
	defer fd.unlock(polldesc.Write)
	for nn < n {
		if fd.mayBlock() {
			rest, err := fd.pumpWrite(p, n-nn)
			return nn + rest, err
		}
		moved, err := sys.Splice(fd.sysfd, p.r, n-nn)
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

// pumpWrite moves the n bytes that are in the pipe to the socket by writes.
//
// Preconditions: the caller owns the writing side.
func (fd *FD) pumpWrite(p *pipe, n int) (nn int, err error) {
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

// pageSize is how much every pipe has room for.
const pageSize = 4096

// pipeSize is how much a pipe holds: what an unprivileged process may ask for
// (/proc/sys/fs/pipe-max-size).
const pipeSize = 1 << 20

// A pipe is a pipe to splice through.
type pipe struct {
	r, w int
	full bool // something is in it that nobody will take
	err  error
	drop runtime.Cleanup
}

// pipes keeps empty pipes for the next Splice. The garbage collector closes those that
// it drops.
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

// put gives an empty pipe back.
func (p *pipe) put() {
	if p.full {
		p.drop.Stop()
		closePipe([2]int{p.r, p.w})
		return
	}
	pipes.Put(p)
}

// Unlimited is the limit of a transfer that ends where its source does.
const Unlimited = math.MaxInt64
