package fd

import (
	"syscall"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
)

// ReadFrom reads one packet and its sender's address. What does not fit into p is lost.
func (fd *FD) ReadFrom(p []byte, from *sys.RawAddr) (n int, err error) {
	if err := fd.begin(polldesc.Read); err != nil {
		return 0, err
	}
	defer fd.unlock(polldesc.Read)
	for {
		n, err = fd.calls.RecvFrom(fd.sysfd, p, from)
		if err == syscall.EAGAIN {
			if err = fd.waitEdge(polldesc.Read); err == nil {
				continue
			}
		}
		return n, fd.eofError(n, err)
	}
}

// WriteTo writes one packet to an address.
func (fd *FD) WriteTo(p []byte, to *sys.RawAddr) (int, error) {
	if err := fd.begin(polldesc.Write); err != nil {
		return 0, err
	}
	defer fd.unlock(polldesc.Write)
	for {
		err := fd.calls.SendTo(fd.sysfd, p, to)
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

// ReadMsg reads one packet with its control messages and its sender's address. Where
// control messages go with data only and p has no room for any, a byte is discarded,
// and n is 1 as in package net.
func (fd *FD) ReadMsg(p, oob []byte, flags int, from *sys.RawAddr) (n, oobn, recvflags int, err error) {
	if err := fd.begin(polldesc.Read); err != nil {
		return 0, 0, 0, err
	}
	defer fd.unlock(polldesc.Read)
	carried := fd.carrier(p, oob)
	for {
		n, oobn, recvflags, err = fd.calls.RecvMsg(fd.sysfd, carried, oob, flags, from)
		if err == syscall.EAGAIN {
			if err = fd.waitEdge(polldesc.Read); err == nil {
				continue
			}
		}
		return n, oobn, recvflags, fd.eofError(n, err)
	}
}

// WriteMsg writes one packet with control messages, to an address unless that is nil.
func (fd *FD) WriteMsg(p, oob []byte, to *sys.RawAddr) (n, oobn int, err error) {
	if err := fd.begin(polldesc.Write); err != nil {
		return 0, 0, err
	}
	defer fd.unlock(polldesc.Write)
	carried := fd.carrier(p, oob)
	for {
		n, err = fd.calls.SendMsg(fd.sysfd, carried, oob, to)
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

// carrier returns p, or one byte where there is none to carry the control messages:
// on anything but datagrams they go with data only.
func (fd *FD) carrier(p, oob []byte) []byte {
	if len(p) == 0 && len(oob) > 0 && fd.kind != Datagram {
		return []byte{0}
	}
	return p
}
