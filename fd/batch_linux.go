package fd

import (
	"syscall"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/internal/tracer"
	"github.com/a57b2d82/netpoller/polldesc"
)

// ReadBatch reads as many packets as there are and b holds, and waits for the first one.
// With MSG_DONTWAIT among flags it returns EAGAIN instead of waiting.
func (fd *FD) ReadBatch(b *sys.Batch, flags int) (n int, err error) {
	if err := fd.begin(polldesc.Read); err != nil {
		return 0, err
	}
	defer fd.unlock(polldesc.Read)
	for {
		n, err = sys.RecvBatch(fd.sysfd, b, flags)
		fd.note(tracer.Recv, n, err)
		if err == syscall.EAGAIN && flags&syscall.MSG_DONTWAIT == 0 {
			if err = fd.waitEdge(polldesc.Read); err == nil {
				continue
			}
		}
		return n, err
	}
}

// WriteBatch writes as many packets as the send buffer takes, and waits until it takes
// one. With MSG_DONTWAIT among flags it returns EAGAIN instead of waiting.
func (fd *FD) WriteBatch(b *sys.Batch, flags int) (n int, err error) {
	if err := fd.begin(polldesc.Write); err != nil {
		return 0, err
	}
	defer fd.unlock(polldesc.Write)
	for {
		n, err = sys.SendBatch(fd.sysfd, b, flags)
		fd.note(tracer.Send, n, err)
		if err == syscall.EAGAIN && flags&syscall.MSG_DONTWAIT == 0 {
			if err = fd.waitEdge(polldesc.Write); err == nil {
				continue
			}
		}
		return n, err
	}
}
