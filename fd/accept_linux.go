package fd

import (
	"os"
	"syscall"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/internal/tracer"
	"github.com/a57b2d82/netpoller/polldesc"
)

// Accept waits for a connection in a listening socket's queue. It returns the
// connection's descriptor, which is non-blocking and owned by the caller, and the peer's
// address. It skips connections that were aborted in the queue (ECONNABORTED).
func (fd *FD) Accept() (sysfd int, peer sys.RawAddr, err error) {
	if err := fd.begin(polldesc.Read); err != nil {
		return -1, peer, err
	}
	defer fd.unlock(polldesc.Read)
	for {
		sysfd, peer, err = fd.accept()
		fd.note(tracer.Accept, sysfd, err)
		switch err {
		case nil:
			return sysfd, peer, nil
		case syscall.ECONNABORTED:
		case syscall.EAGAIN:
			if err := fd.waitEdge(polldesc.Read); err != nil {
				return -1, peer, err
			}
		default:
			// EMFILE, ENFILE, ENOBUFS and ENOMEM end up here too. As in package net, Accept
			// neither retries nor waits: it returns the error at once, the connection stays in
			// the kernel's queue, and the next Accept asks for it again without an edge. The
			// caller pauses between two calls, as http.Server does, or it spins.
			return -1, peer, os.NewSyscallError("accept4", err)
		}
	}
}

// accept is accept4(2), and a raw call unless the listener is exposed. It returns EAGAIN instead
// of blocking, although that call has no MSG_DONTWAIT and O_NONBLOCK may have been cleared: an
// exposed listener is asked with poll(2) first. If the connection that poll(2) reports is accepted
// elsewhere in between, accept4 blocks. A socket that does not listen is not asked: accept4 fails
// on it. Nor does the answer count where poll(2) is denied.
func (fd *FD) accept() (sysfd int, peer sys.RawAddr, err error) {
	fd.accepting.Lock()
	if !fd.exposed.Load() {
		defer fd.accepting.Unlock()
		return fd.calls.Accept(fd.sysfd)
	}
	fd.accepting.Unlock()
	if is, _, err := sys.Readable(fd.sysfd); !is && err == nil && sys.Listens(fd.sysfd) {
		return -1, peer, syscall.EAGAIN
	}
	return sys.OrdinaryCalls.Accept(fd.sysfd)
}
