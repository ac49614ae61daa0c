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

// raw returns the bytes that the kernel is given.
func (a *RawAddr) raw() []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(&a.any)), a.len)
}

// FuzzInet puts an address into the kernel's form and back, over an older one, and compares
// the form with what the kernel has of a socket bound to the port.
func FuzzInet(f *testing.F) {
	f.Add([]byte{127, 0, 0, 1}, uint16(80), uint32(0), "old")
	f.Add([]byte{0xfe, 0x80, 15: 1}, uint16(65535), uint32(1<<32-1), "@old")
	f.Add([]byte{10: 0xff, 11: 0xff, 12: 1, 15: 4}, uint16(0), uint32(7), "")
	f.Add(bytes.Repeat([]byte{0xff}, 16), uint16(0x1234), uint32(1), "a much longer name than any address has")
	f.Fuzz(func(t *testing.T, ip []byte, port uint16, zone uint32, old string) {
		var a RawAddr
		a.SetUnix(old) // which must leave nothing behind
		var want []byte
		var at netip.Addr
		switch len(ip) {
		case 4:
			a.SetInet4([4]byte(ip), int(port))
			want = []byte{2: byte(port >> 8), 3: byte(port), 4: ip[0], 5: ip[1], 6: ip[2], 7: ip[3], 15: 0}
			*(*uint16)(unsafe.Pointer(&want[0])) = syscall.AF_INET
			at, zone = netip.AddrFrom4([4]byte(ip)), 0
		case 16:
			a.SetInet6([16]byte(ip), int(port), zone)
			want = append([]byte{2: byte(port >> 8), 3: byte(port), 7: 0}, ip...)
			want = append(want, 0, 0, 0, 0)
			*(*uint16)(unsafe.Pointer(&want[0])) = syscall.AF_INET6
			*(*uint32)(unsafe.Pointer(&want[24])) = zone
			at = netip.AddrFrom16([16]byte(ip))
		default:
			return
		}
		if !bytes.Equal(want, a.raw()) {
			t.Errorf("% x, not % x", a.raw(), want)
		}
		if back, z := a.AddrPort(); back != netip.AddrPortFrom(at, port) || z != zone {
			t.Errorf("%v zone %d came back as %v zone %d", at, zone, back, z)
		}
		if name := a.Unix(); name != "" {
			t.Errorf("the Unix name of %v is %q", at, name)
		}
	})
}

// FuzzUnix compares a Unix name in the kernel's form with what package syscall makes of it:
// the kernel's own answer for an abstract name, which is bound to, and the rules of unix(7)
// for a path, which is not, because that would leave a file.
func FuzzUnix(f *testing.F) {
	long := string(bytes.Repeat([]byte("x"), 108))
	for _, name := range []string{"", "a", "@", "@a", "\x00", "\x00a", "a\x00b", "@a\x00b", long, long[1:], "@" + long[1:],
		"\x00" + long[1:], "@" + long, "/tmp/x", "@@", "\x00@", "\xff\xfe"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		var a RawAddr
		a.SetInet6([16]byte(bytes.Repeat([]byte{0xee}, 16)), 0xeeee, 0xeeeeeeee) // which must leave nothing behind
		a.SetUnix(name)
		err := a.Err()
		if name == "" {
			if err != nil || a.len != 2 || a.Unix() != "" && a.Unix() != "@" {
				t.Errorf("no name: %v, %d bytes, %q", err, a.len, a.Unix())
			}
			return
		}
		if name[0] != '@' && name[0] != 0 { // a path
			fits := len(name) < 108
			want := append([]byte{1: 0}, name...)
			want = append(want, 0)
			*(*uint16)(unsafe.Pointer(&want[0])) = syscall.AF_UNIX
			if (err == nil) != fits || fits && !bytes.Equal(want, a.raw()) {
				t.Errorf("%q: %v, % x, not % x", name, err, a.raw(), want)
			}
			if read, _, _ := bytes.Cut([]byte(name), []byte{0}); fits && a.Unix() != string(read) {
				t.Errorf("%q came back as %q", name, a.Unix())
			}
			return
		}
		fd, serr := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
		ok(t, serr)
		defer CloseFD(fd)
		serr = syscall.Bind(fd, &syscall.SockaddrUnix{Name: name})
		if serr == syscall.EADDRINUSE {
			return // another worker has it
		}
		if (err == nil) != (serr == nil) {
			t.Fatalf("%q: %v, and package syscall says %v", name, err, serr)
		}
		if err != nil {
			return
		}
		var theirs RawAddr
		theirs.len = uint32(unsafe.Sizeof(theirs.any))
		if _, _, errno := syscall.Syscall(unix.SYS_GETSOCKNAME, uintptr(fd), uintptr(unsafe.Pointer(&theirs.any)),
			uintptr(unsafe.Pointer(&theirs.len))); errno != 0 {
			t.Fatal(errno)
		}
		if !bytes.Equal(theirs.raw(), a.raw()) {
			t.Errorf("%q: % x, and package syscall binds to % x", name, a.raw(), theirs.raw())
		}
		sa, serr := syscall.Getsockname(fd)
		ok(t, serr)
		if got := theirs.Unix(); got != sa.(*syscall.SockaddrUnix).Name {
			t.Errorf("%q came back as %q, and in package syscall as %q", name, got, sa.(*syscall.SockaddrUnix).Name)
		}
	})
}
