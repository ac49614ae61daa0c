package sys

import (
	"slices"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Batch is the packets of one recvmmsg(2) or sendmmsg(2), in the kernel's form. Make
// one with NewBatch, Add the packets, and Free it when what became of them was read.
type Batch struct {
	hdrs  []mmsghdr
	addrs []RawAddr // that of hdrs[i]
	iovs  []Iovec   // those of all hdrs, in order
}

// An mmsghdr is struct mmsghdr of recvmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	len uint32
}

// batches keeps Batches for the next call.
var batches = sync.Pool{New: func() any { return new(Batch) }}

// NewBatch returns an empty Batch with room for so many packets and, in all of them
// together, so many buffers. There must not be more: the packets point to each other.
func NewBatch(packets, buffers int) *Batch {
	b := batches.Get().(*Batch)
	b.hdrs = slices.Grow(b.hdrs, packets)
	b.addrs = slices.Grow(b.addrs, packets)
	b.iovs = slices.Grow(b.iovs, buffers)
	return b
}

// Free gives b back, with no pointer left to anybody's buffers.
func (b *Batch) Free() {
	clear(b.hdrs)
	clear(b.iovs)
	b.hdrs, b.addrs, b.iovs = b.hdrs[:0], b.addrs[:0], b.iovs[:0]
	batches.Put(b)
}

// Add adds a packet that fills, or is made of, the buffers one after another. Its
// address is returned: to be set before it is sent, or to be read when it has come.
// None when sending means the peer.
func (b *Batch) Add(buffers [][]byte, oob []byte) *RawAddr {
	i, first := len(b.hdrs), len(b.iovs)
	for _, p := range buffers {
		b.iovs = append(b.iovs, iovec(p))
	}
	b.addrs = b.addrs[:i+1]
	addr := &b.addrs[i]
	addr.len = 0
	hdr := unix.Msghdr{
		Name:    (*byte)(unsafe.Pointer(&addr.any)),
		Iov:     unsafe.SliceData(b.iovs[first:]),
		Control: unsafe.SliceData(oob),
	}
	hdr.SetIovlen(len(buffers))
	hdr.SetControllen(len(oob))
	b.hdrs = append(b.hdrs, mmsghdr{hdr: hdr})
	return addr
}

// Packet returns what became of the i'th packet of those that were received or sent:
// its bytes, those of its control messages, its flags.
func (b *Batch) Packet(i int) (n, oobn, flags int) {
	h := &b.hdrs[i]
	return int(h.len), int(h.hdr.Controllen), int(h.hdr.Flags)
}

// Addr returns the address of the i'th packet.
func (b *Batch) Addr(i int) *RawAddr { return &b.addrs[i] }

// The two calls are never raw, whatever their size: a packet costs the kernel more than
// its bytes do.

// RecvBatch receives the packets that are there, as many as b has, and returns how many.
// flags are those of recvmmsg(2). It returns EAGAIN where there is none, and never EINTR.
func RecvBatch(fd int, b *Batch, flags int) (n int, err error) {
	for i := range b.hdrs {
		b.hdrs[i].hdr.Namelen = uint32(unsafe.Sizeof(b.addrs[i].any))
	}
	for {
		if err = failed(CallRead, fd); err == nil {
			r, _, errno := syscall.Syscall6(unix.SYS_RECVMMSG, uintptr(fd),
				uintptr(unsafe.Pointer(unsafe.SliceData(b.hdrs))), uintptr(len(b.hdrs)), uintptr(flags|unix.MSG_DONTWAIT), 0, 0)
			n, err = result(r, errno)
		}
		if err == nil {
			b.received(fd, n)
			return n, nil
		}
		if err != syscall.EINTR { // which comes with nothing received, and all headers as they were
			return 0, err
		}
	}
}

// received notes the addresses of n packets, and tells the race detector of their bytes.
func (b *Batch) received(fd, n int) {
	raceReadDone(fd, nil)
	iovs := b.iovs
	for i := range n {
		hdr := &b.hdrs[i]
		b.addrs[i].len = hdr.hdr.Namelen
		left := int(hdr.len)
		for _, v := range iovs[:hdr.hdr.Iovlen] {
			k := min(left, int(v.Len)) // MSG_TRUNC tells of more than there is
			raceReadDone(fd, unsafe.Slice(v.Base, k))
			left -= k
		}
		iovs = iovs[hdr.hdr.Iovlen:]
	}
}

// SendBatch sends packets until one cannot be sent, and returns how many were. It fails
// if the first cannot: with EAGAIN where it would block, and never with EINTR. flags are
// those of sendmmsg(2).
func SendBatch(fd int, b *Batch, flags int) (n int, err error) {
	raceWriteStart(nil)
	for _, v := range b.iovs {
		raceWriteStart(unsafe.Slice(v.Base, int(v.Len)))
	}
	for i := range b.hdrs {
		b.hdrs[i].hdr.Namelen = b.addrs[i].len
	}
	for {
		if err = failed(CallWrite, fd); err == nil {
			r, _, errno := syscall.Syscall6(unix.SYS_SENDMMSG, uintptr(fd),
				uintptr(unsafe.Pointer(unsafe.SliceData(b.hdrs))), uintptr(len(b.hdrs)),
				uintptr(flags|unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL), 0, 0)
			n, err = result(r, errno)
		}
		if err != syscall.EINTR {
			return n, err
		}
	}
}
