package conn

import (
	"context"
	"time"

	"github.com/a57b2d82/netpoller/fd"
	"github.com/a57b2d82/netpoller/internal/neterr"
	"github.com/a57b2d82/netpoller/internal/sys"
)

// This file holds the operations of a NetFD that transfer data or wait.

func (f *NetFD) read(p []byte) (int, error) {
	n, err := f.pfd.Read(p)
	return n, neterr.OfSyscall("read", err)
}

func (f *NetFD) write(p []byte) (int, error) {
	n, err := f.pfd.Write(p)
	return n, neterr.OfSyscall("write", err)
}

func (f *NetFD) readContext(ctx context.Context, p []byte) (int, error) {
	n, err := f.pfd.ReadContext(ctx, p)
	return n, neterr.OfContext(neterr.OfSyscall("read", err))
}

func (f *NetFD) writeContext(ctx context.Context, p []byte) (int, error) {
	n, err := f.pfd.WriteContext(ctx, p)
	return n, neterr.OfContext(neterr.OfSyscall("write", err))
}

func (f *NetFD) waitReadable(ctx context.Context) error {
	return neterr.OfContext(f.pfd.WaitReadable(ctx))
}

func (f *NetFD) waitWritable(ctx context.Context) error {
	return neterr.OfContext(f.pfd.WaitWritable(ctx))
}

func (f *NetFD) readFrom(p []byte, from *sys.RawAddr) (int, error) {
	n, err := f.pfd.ReadFrom(p, from)
	return n, neterr.OfSyscall("recvfrom", err)
}

func (f *NetFD) writeTo(p []byte, to *sys.RawAddr) (int, error) {
	n, err := f.pfd.WriteTo(p, to)
	return n, neterr.OfSyscall("sendto", err)
}

func (f *NetFD) readMsg(p, oob []byte, flags int, from *sys.RawAddr) (n, oobn, recvflags int, err error) {
	n, oobn, recvflags, err = f.pfd.ReadMsg(p, oob, flags, from)
	return n, oobn, recvflags, neterr.OfSyscall("recvmsg", err)
}

func (f *NetFD) writeMsg(p, oob []byte, to *sys.RawAddr) (n, oobn int, err error) {
	n, oobn, err = f.pfd.WriteMsg(p, oob, to)
	return n, oobn, neterr.OfSyscall("sendmsg", err)
}

func (f *NetFD) readBatch(b *sys.Batch, flags int) (int, error) {
	n, err := f.pfd.ReadBatch(b, flags)
	return n, neterr.OfSyscall("recvmmsg", err)
}

func (f *NetFD) writeBatch(b *sys.Batch, flags int) (int, error) {
	n, err := f.pfd.WriteBatch(b, flags)
	return n, neterr.OfSyscall("sendmmsg", err)
}

func (f *NetFD) writev(v *[][]byte) (int64, error) {
	n, err := f.pfd.Writev(v)
	return n, neterr.OfSyscall("writev", err)
}

func (f *NetFD) sendFile(file int, limit int64) (n int64, handled bool, err error) {
	n, handled, err = f.pfd.SendFile(file, limit)
	return n, handled, neterr.OfSyscall("sendfile", err)
}

func (f *NetFD) splice(src *NetFD, limit int64) (n int64, handled bool, err error) {
	n, handled, err = fd.Splice(&f.pfd, &src.pfd, limit)
	return n, handled, neterr.OfSyscall("splice", err)
}

// SetDeadline sets the read and the write deadline.
func (f *NetFD) SetDeadline(t time.Time) error { return f.pfd.SetDeadline(t) }

func (f *NetFD) setReadDeadline(t time.Time) error  { return f.pfd.SetReadDeadline(t) }
func (f *NetFD) setWriteDeadline(t time.Time) error { return f.pfd.SetWriteDeadline(t) }

func (f *NetFD) setLimits(read, write time.Duration) { f.pfd.SetLimits(read, write) }

func (f *NetFD) notifyReadable(call func()) (stop func() bool) { return f.pfd.NotifyReadable(call) }

func (f *NetFD) peerClosed() bool { return f.pfd.PeerClosed() }
