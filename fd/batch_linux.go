package fd

import (
	"syscall"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/polldesc"
)

// ReadBatch reads the packets that are there, up to as many as b has, and waits until
// there is one. With MSG_DONTWAIT among flags it fails with EAGAIN instead.
func (fd *FD) ReadBatch(b *sys.Batch, flags int) (n int, err error) {
	if err := fd.begin(polldesc.Read); err != nil {
		return 0, err
	}
	defer fd.unlock(polldesc.Read)
	for {
		n, err = sys.RecvBatch(fd.sysfd, b, flags)
		if err == syscall.EAGAIN && flags&syscall.MSG_DONTWAIT == 0 {
			if err = fd.waitEdge(polldesc.Read); err == nil {
				continue
			}
		}
		return n, err
	}
}

// WriteBatch writes packets until there is no room for more, and waits until there is
// room for one. With MSG_DONTWAIT among flags it fails with EAGAIN instead.
func (fd *FD) WriteBatch(b *sys.Batch, flags int) (n int, err error) {
	if err := fd.begin(polldesc.Write); err != nil {
		return 0, err
	}
	defer fd.unlock(polldesc.Write)
	for {
		n, err = sys.SendBatch(fd.sysfd, b, flags)
		if err == syscall.EAGAIN && flags&syscall.MSG_DONTWAIT == 0 {
			if err = fd.waitEdge(polldesc.Write); err == nil {
				continue
			}
		}
		return n, err
	}
}
