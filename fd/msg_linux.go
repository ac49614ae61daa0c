package fd

import (
	"syscall"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/internal/tracer"
	"github.com/a57b2d82/netpoller/polldesc"
)

// ReadFrom reads one packet into p and its sender's address into from. The kernel
// discards the part of the packet that does not fit.
func (fd *FD) ReadFrom(p []byte, from *sys.RawAddr) (n int, err error) {
	if err := fd.begin(polldesc.Read); err != nil {
		return 0, err
	}
	defer fd.unlock(polldesc.Read)
	for {
		n, err = fd.calls.RecvFrom(fd.sysfd, p, from)
		fd.note(tracer.Recv, n, err)
		if err == syscall.EAGAIN {
			if err = fd.waitEdge(polldesc.Read); err == nil {
				continue
			}
		}
		return n, fd.eofError(n, err)
	}
}

// WriteTo writes p as one packet to an address.
func (fd *FD) WriteTo(p []byte, to *sys.RawAddr) (int, error) {
	if err := fd.begin(polldesc.Write); err != nil {
		return 0, err
	}
	defer fd.unlock(polldesc.Write)
	for {
		_, err := fd.calls.SendTo(fd.sysfd, p, to)
		fd.note(tracer.Send, len(p), err)
		if err == syscall.EAGAIN {
			if err = fd.waitEdge(polldesc.Write); err == nil {
				continue
			}
		}
		if err != nil {
			return 0, err
		}
		return len(p), nil
	}
}

// ReadMsg reads one packet with its control messages and its sender's address. Except on
// packets without an end, the kernel passes control messages together with data only. If
// p is empty there, ReadMsg reads and discards one byte, and n is 1, as in package net.
func (fd *FD) ReadMsg(p, oob []byte, flags int, from *sys.RawAddr) (n, oobn, recvflags int, err error) {
	if err := fd.begin(polldesc.Read); err != nil {
		return 0, 0, 0, err
	}
	defer fd.unlock(polldesc.Read)
	carried := fd.carrier(p, oob)
	for {
		n, oobn, recvflags, err = fd.calls.RecvMsg(fd.sysfd, carried, oob, flags, from)
		fd.note(tracer.Recv, n, err)
		if err == syscall.EAGAIN {
			if err = fd.waitEdge(polldesc.Read); err == nil {
				continue
			}
		}
		return n, oobn, recvflags, fd.eofError(n, err)
	}
}

// WriteMsg writes one packet with control messages, to the peer if to is nil.
func (fd *FD) WriteMsg(p, oob []byte, to *sys.RawAddr) (n, oobn int, err error) {
	if err := fd.begin(polldesc.Write); err != nil {
		return 0, 0, err
	}
	defer fd.unlock(polldesc.Write)
	carried := fd.carrier(p, oob)
	for {
		n, err = fd.calls.SendMsg(fd.sysfd, carried, oob, to)
		fd.note(tracer.Send, n, err)
		if err == syscall.EAGAIN {
			if err = fd.waitEdge(polldesc.Write); err == nil {
				continue
			}
		}
		if err != nil {
			return n, 0, err
		}
		return min(n, len(p)), len(oob), nil
	}
}

// carrier returns p, or one byte to carry the control messages if p is empty. Only
// packets without an end carry control messages without data.
func (fd *FD) carrier(p, oob []byte) []byte {
	if len(p) == 0 && len(oob) > 0 && fd.kind != KindPacket {
		return []byte{0}
	}
	return p
}
