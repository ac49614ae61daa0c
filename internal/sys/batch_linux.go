package sys

import (
	"slices"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Batch holds the packets of one recvmmsg(2) or sendmmsg(2) in the kernel's form. The
// caller gets one from NewBatch, Adds the packets, and Frees it after reading the results.
type Batch struct {
	hdrs  []mmsghdr
	addrs []RawAddr // addrs[i] is the address of hdrs[i]
	iovs  []Iovec   // of all hdrs, in order
}

// An mmsghdr is struct mmsghdr of recvmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	len uint32
}

// batches keeps Batches for the next call.
var batches = sync.Pool{New: func() any { return new(Batch) }}

// NewBatch returns an empty Batch for up to packets packets with up to buffers buffers in
// all. The caller must not Add more: the slices must not move, because headers point into
// them.
func NewBatch(packets, buffers int) *Batch {
	b := batches.Get().(*Batch)
	b.hdrs = slices.Grow(b.hdrs, packets)
	b.addrs = slices.Grow(b.addrs, packets)
	b.iovs = slices.Grow(b.iovs, buffers)
	return b
}

// Free gives b back for a later NewBatch. It clears all pointers to the caller's buffers.
func (b *Batch) Free() {
	clear(b.hdrs)
	clear(b.iovs)
	b.hdrs, b.addrs, b.iovs = b.hdrs[:0], b.addrs[:0], b.iovs[:0]
	batches.Put(b)
}

// Add adds a packet whose data is in the buffers, one after another. It returns the
// packet's address. A sender sets the address, or leaves it empty for the peer of a
// connected socket; a receiver reads it after RecvBatch.
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

// Packet returns the result of the i'th packet that was received or sent: the number of
// its bytes, the number of bytes of its control messages, and its flags.
func (b *Batch) Packet(i int) (n, oobn, flags int) {
	h := &b.hdrs[i]
	return int(h.len), int(h.hdr.Controllen), int(h.hdr.Flags)
}

// Addr returns the address of the i'th packet.
func (b *Batch) Addr(i int) *RawAddr { return &b.addrs[i] }

// RecvBatch and SendBatch are never raw, whatever their size: a packet costs the kernel
// more than its bytes do.

// RecvBatch receives as many packets as there are and b holds, and returns how many. flags
// are those of recvmmsg(2). It returns EAGAIN if there is no packet, and never EINTR.
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
			b.received(n)
			return n, nil
		}
		if err != syscall.EINTR { // EINTR leaves the headers unchanged
			return 0, err
		}
	}
}

// received stores the addresses of n packets and reports their bytes to the sanitizers.
func (b *Batch) received(n int) {
	iovs := b.iovs
	for i := range n {
		hdr := &b.hdrs[i]
		b.addrs[i].len = hdr.hdr.Namelen
		left := int(hdr.len)
		for _, v := range iovs[:hdr.hdr.Iovlen] {
			k := min(left, int(v.Len)) // with MSG_TRUNC, len is the size of the packet
			received(unsafe.Slice(v.Base, k))
			left -= k
		}
		iovs = iovs[hdr.hdr.Iovlen:]
	}
}

// SendBatch sends packets until one cannot be sent, and returns how many were sent. It
// fails if the first packet cannot be sent: with EAGAIN if it would block, and never with
// EINTR. flags are those of sendmmsg(2).
func SendBatch(fd int, b *Batch, flags int) (n int, err error) {
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
			b.sent(n)
			return n, err
		}
	}
}

// sent reports the bytes of n packets to the sanitizers.
func (b *Batch) sent(n int) {
	iovs := b.iovs
	for i := range n {
		hdr := &b.hdrs[i]
		for _, v := range iovs[:hdr.hdr.Iovlen] {
			sent(unsafe.Slice(v.Base, int(v.Len)), int(v.Len))
		}
		iovs = iovs[hdr.hdr.Iovlen:]
	}
}
