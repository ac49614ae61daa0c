//go:build linux

package sys

import (
	"bytes"
	"net/netip"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// cut returns p in pieces of the sizes and, after them, the rest.
func cut(p []byte, sizes ...int) (pieces [][]byte) {
	for _, size := range sizes {
		size = min(size, len(p))
		pieces = append(pieces, p[:size:size])
		p = p[size:]
	}
	return append(pieces, p)
}

// If this fails, packets of a batch come cut wrongly, mixed up, or from elsewhere; here or
// on a 32-bit system, where the structures have other sizes.
func TestBatches(t *testing.T) {
	sizes := []int{1000, 0, 1, 65507, 17}
	for _, family := range []int{syscall.AF_INET, syscall.AF_INET6} {
		a, from := udp(t, family)
		b, to := udp(t, family)
		ok(t, syscall.SetsockoptInt(b, syscall.SOL_SOCKET, syscall.SO_RCVBUF, 1<<20))
		for range 3 { // with Batches that were used before
			out := NewBatch(len(sizes), 10*len(sizes))
			in := NewBatch(len(sizes)+1, 10*(len(sizes)+1))
			var want, got [][]byte
			for i, size := range sizes {
				p := bytes.Repeat([]byte{byte('a' + i)}, size)
				want, got = append(want, p), append(got, make([]byte, 1<<16))
				*out.Add(cut(p, 0, i, 0, 10), nil) = *rawAddr(to)
				in.Add(cut(got[i], i, 0, 100), make([]byte, 8))
			}
			in.Add(nil, nil)
			if n, err := SendBatch(a, out, 0); n != len(sizes) || err != nil {
				t.Fatalf("SendBatch = %d, %v", n, err)
			}
			arrive(t, b, len(sizes))
			if n, err := RecvBatch(b, in, 0); n != len(sizes) || err != nil {
				t.Fatalf("RecvBatch = %d, %v", n, err)
			}
			for i, size := range sizes {
				if n, _, _ := out.Packet(i); n != size {
					t.Errorf("%d bytes of %d sent", n, size)
				}
				n, oobn, flags := in.Packet(i)
				ap, zone := in.Addr(i).AddrPort()
				if n != size || !bytes.Equal(got[i][:n], want[i]) || oobn|flags != 0 || ap != from || zone != 0 {
					t.Errorf("%d bytes of %d from %v zone %d, %d of control, flags %#x", n, size, ap, zone, oobn, flags)
				}
			}
			out.Free()
			in.Free()
		}
	}
}

// If this fails, a packet that does not fit overruns a buffer, or spoils the next packet.
func TestTruncatedBatches(t *testing.T) {
	a, _ := udp(t, syscall.AF_INET)
	b, to := udp(t, syscall.AF_INET)
	ok(t, syscall.SetsockoptInt(b, syscall.IPPROTO_IP, syscall.IP_PKTINFO, 1))
	for range 4 {
		ok(t, sendTo(a, []byte("hello"), rawAddr(to)))
	}
	arrive(t, b, 4)
	p, oob := []byte("########"), []byte("################")
	control := make([]byte, 64)
	in := NewBatch(4, 10)
	defer in.Free()
	in.Add([][]byte{p[:1], p[2:4]}, control)
	in.Add([][]byte{p[4:]}, nil)
	in.Add([][]byte{p[5:6], make([]byte, 8)}, oob[:4])
	in.Add(nil, nil)
	if n, err := RecvBatch(b, in, 0); n != 4 || err != nil {
		t.Fatal(n, err)
	}
	for i, want := range []struct{ n, flags int }{{3, unix.MSG_TRUNC}, {4, unix.MSG_TRUNC | unix.MSG_CTRUNC},
		{5, unix.MSG_CTRUNC}, {0, unix.MSG_TRUNC | unix.MSG_CTRUNC}} {
		if n, _, flags := in.Packet(i); n != want.n || flags != want.flags {
			t.Errorf("packet %d: %d bytes, flags %#x, want %d, %#x", i, n, flags, want.n, want.flags)
		}
	}
	if string(p) != "h#elhhll" || string(oob[4:]) != "############" {
		t.Errorf("%q %q", p, oob)
	}
	_, oobn, _ := in.Packet(0)
	if m, err := unix.ParseSocketControlMessage(control[:oobn]); err != nil || len(m) != 1 || m[0].Header.Type != unix.IP_PKTINFO {
		t.Errorf("%v %v", m, err)
	}
	ok(t, sendTo(a, []byte("hello"), rawAddr(to)))
	arrive(t, b, 1)
	if n, err := RecvBatch(b, in, unix.MSG_TRUNC); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if n, _, flags := in.Packet(0); n != 5 || flags&unix.MSG_TRUNC == 0 {
		t.Errorf("%d, %#x", n, flags)
	}
}

// If this fails, a batch blocks the thread, or one that is interrupted is not taken up
// again as it was.
func TestBatchesNeverBlock(t *testing.T) {
	a, from := udp(t, syscall.AF_INET)
	b, to := udp(t, syscall.AF_INET)
	in := NewBatch(2, 2)
	defer in.Free()
	in.Add([][]byte{make([]byte, 8)}, nil)
	in.Add([][]byte{make([]byte, 8)}, nil)
	if n, err := RecvBatch(b, in, 0); n != 0 || err != syscall.EAGAIN {
		t.Errorf("nothing there: %d, %v", n, err)
	}
	calls := 0
	defer SetFault(func(Call, int) error {
		if calls++; calls%4 != 0 {
			return syscall.EINTR
		}
		return nil
	})()
	out := NewBatch(1, 1)
	defer out.Free()
	*out.Add([][]byte{[]byte("hello")}, nil) = *rawAddr(to)
	if n, err := SendBatch(a, out, 0); n != 1 || err != nil {
		t.Errorf("SendBatch = %d, %v", n, err)
	}
	arrive(t, b, 1)
	if n, err := RecvBatch(b, in, 0); n != 1 || err != nil {
		t.Errorf("RecvBatch = %d, %v", n, err)
	}
	if n, _, _ := in.Packet(0); n != 5 || calls != 8 {
		t.Errorf("%d bytes, %d calls", n, calls)
	}
	if ap, _ := in.Addr(0).AddrPort(); ap != from {
		t.Errorf("from %v", ap)
	}
}

// If this fails, it is not known how many packets went before one that cannot, or why it
// cannot.
func TestBatchesFail(t *testing.T) {
	a, to := udp(t, syscall.AF_INET)
	out := NewBatch(3, 3)
	defer out.Free()
	*out.Add([][]byte{[]byte("x")}, nil) = *rawAddr(to)
	*out.Add([][]byte{[]byte("x")}, nil) = *rawAddr(netip.MustParseAddrPort("[::1]:9"))
	if n, err := SendBatch(a, out, 0); n != 1 || err != nil {
		t.Errorf("SendBatch = %d, %v", n, err)
	}
	*out.Addr(0) = *out.Addr(1)
	if n, err := SendBatch(a, out, 0); n != 0 || err != syscall.EAFNOSUPPORT {
		t.Errorf("SendBatch = %d, %v", n, err)
	}
	*out.Addr(0) = RawAddr{}
	if n, err := SendBatch(a, out, 0); n != 0 || err != syscall.EDESTADDRREQ {
		t.Errorf("SendBatch = %d, %v", n, err)
	}
	defer SetFault(func(Call, int) error { return syscall.ENOTRECOVERABLE })()
	if n, err := SendBatch(a, out, 0); n != 0 || err != syscall.ENOTRECOVERABLE {
		t.Errorf("SendBatch = %d, %v", n, err)
	}
	if n, err := RecvBatch(a, out, 0); n != 0 || err != syscall.ENOTRECOVERABLE {
		t.Errorf("RecvBatch = %d, %v", n, err)
	}
}

// If this fails, a Batch keeps its caller's buffers from the garbage collector, or brings
// them to whom they do not belong.
func TestFreedBatchIsClean(t *testing.T) {
	b := NewBatch(2, 4)
	for range 2 {
		b.Add([][]byte{make([]byte, 8), make([]byte, 8)}, make([]byte, 8))
	}
	b.Free()
	if len(b.hdrs)+len(b.addrs)+len(b.iovs) != 0 {
		t.Error("not empty")
	}
	for _, h := range b.hdrs[:cap(b.hdrs)] {
		if h != (mmsghdr{}) {
			t.Errorf("%+v", h)
		}
	}
	for _, v := range b.iovs[:cap(b.iovs)] {
		if v != (Iovec{}) {
			t.Errorf("%+v", v)
		}
	}
}

// If this fails, the kernel takes the second of several headers for what it is not.
func TestMmsghdrIsTheKernels(t *testing.T) {
	want := uintptr(64)
	if unsafe.Sizeof(uintptr(0)) == 4 {
		want = 32
	}
	if got := unsafe.Sizeof(mmsghdr{}); got != want {
		t.Errorf("%d bytes, not %d", got, want)
	}
}
