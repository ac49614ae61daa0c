//go:build linux

package fd

import (
	"errors"
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/poller"
)

// A connection to which a sockmap redirects has two queues, and a read returns what one of
// them has: it is short with data in the other.
func TestShortReadBesideASockmap(t *testing.T) {
	eachMayFault(t, func(t *testing.T, g *poller.Group) {
		fd, far := pair(t, g)
		source, elsewhere := tcpPair(t)
		defer syscall.Close(source)
		redirect(t, source, fd.sysfd)
		far.send("straight")
		far.arrived()
		newPeer(t, elsewhere).send("redirected")
		const all = len("straight" + "redirected")
		buf := make([]byte, 100)
		eventually(t, "all there", func() bool {
			n, _, err := syscall.Recvfrom(fd.sysfd, buf, syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
			return err == nil && string(buf[:n]) == "redirected"
		})
		n, err := fd.Read(buf)
		if err != nil || n == 0 || n == all {
			t.Fatalf("Read = %d, %v, with %d there", n, err, all)
		}
		rests(t, g, fd, buf, all-n)
	})
}

// redirect makes the kernel move to the one connection what comes for the other.
func redirect(t *testing.T, from, to int) {
	t.Helper()
	const (
		mapCreate, mapUpdate, progLoad, progAttach = 0, 2, 5, 8

		sockmap, skSkb, streamVerdict = 15, 14, 5

		ingress = 1
	)
	var pins runtime.Pinner
	defer pins.Unpin()
	create := func() int {
		fd, err := bpf(mapCreate, &[4]uint32{sockmap, 4, 4, 1}) // sizes of a key and a value, entries
		if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EINVAL) {
			t.Skipf("only root can make a sockmap, and only where the kernel has them: %v", err)
		}
		ok(t, err)
		t.Cleanup(func() { syscall.Close(fd) })
		return fd
	}
	set := func(m, sysfd int) {
		key, value := uint32(0), uint32(sysfd)
		_, err := bpf(mapUpdate, &[4]uint64{uint64(m), pointer(&pins, &key), pointer(&pins, &value)})
		ok(t, err)
	}
	target, watched := create(), create()
	set(target, to)
	const call, exit, load, mov = 0x85, 0x95, 0x18, 0xb7 // instructions
	program := [...]uint64{
		load | 2<<8 | 1<<12 | uint64(target)<<32, 0, // r2 = target
		mov | 3<<8,               // r3 = 0
		mov | 4<<8 | ingress<<32, // r4 = BPF_F_INGRESS
		call | 52<<32,            // bpf_sk_redirect_map(r1, ...)
		exit,
	}
	license := [4]byte{'G', 'P', 'L'}
	verdict, err := bpf(progLoad, &struct {
		kind, length   uint32
		insns, license uint64
	}{skSkb, uint32(len(program)), pointer(&pins, &program), pointer(&pins, &license)})
	ok(t, err)
	t.Cleanup(func() { syscall.Close(verdict) })
	_, err = bpf(progAttach, &[4]uint32{uint32(watched), uint32(verdict), streamVerdict})
	ok(t, err)
	set(watched, from)
}

// bpf is bpf(2); attr is the beginning of a union bpf_attr.
func bpf[A any](command uintptr, attr *A) (int, error) {
	r, _, errno := unix.Syscall(unix.SYS_BPF, command, uintptr(unsafe.Pointer(attr)), unsafe.Sizeof(*attr))
	if errno != 0 {
		return -1, errno
	}
	return int(r), nil
}

// pointer returns p as the kernel takes it in 64 bits, pinned.
func pointer[T any](pins *runtime.Pinner, p *T) uint64 {
	pins.Pin(p)
	return uint64(uintptr(unsafe.Pointer(p)))
}
