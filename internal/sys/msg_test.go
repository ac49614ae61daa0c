//go:build linux

package sys

import (
	"bytes"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// udp returns a blocking UDP socket on the loopback interface and its address.
func udp(t testing.TB, family int) (fd int, addr netip.AddrPort) {
	t.Helper()
	fd, err := syscall.Socket(family, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	ok(t, err)
	t.Cleanup(func() { CloseFD(fd) })
	if family == syscall.AF_INET {
		ok(t, syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	} else {
		ok(t, syscall.Bind(fd, &syscall.SockaddrInet6{Addr: [16]byte{15: 1}}))
	}
	sa, err := syscall.Getsockname(fd)
	ok(t, err)
	switch sa := sa.(type) {
	case *syscall.SockaddrInet4:
		addr = netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *syscall.SockaddrInet6:
		addr = netip.AddrPortFrom(netip.AddrFrom16(sa.Addr), uint16(sa.Port))
	}
	return fd, addr
}

// arrive waits until so many packets are there: each peek looks behind the last one.
func arrive(t testing.TB, fd, packets int) {
	t.Helper()
	ok(t, syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, unix.SO_PEEK_OFF, 0))
	for range packets {
		for err := error(syscall.EINTR); err != nil; {
			if _, _, err = syscall.Recvfrom(fd, make([]byte, 1<<16), syscall.MSG_PEEK); err != syscall.EINTR {
				ok(t, err)
			}
		}
	}
	ok(t, syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, unix.SO_PEEK_OFF, -1))
}

func rawAddr(ap netip.AddrPort) *RawAddr {
	a := new(RawAddr)
	if ap.Addr().Is4() {
		a.SetInet4(ap.Addr().As4(), int(ap.Port()))
	} else {
		a.SetInet6(ap.Addr().As16(), int(ap.Port()), 0)
	}
	return a
}

// An address must come out as it went in, and an older one must leave nothing behind.
func TestRawAddr(t *testing.T) {
	var a RawAddr
	if ap, zone := a.AddrPort(); ap.IsValid() || zone != 0 {
		t.Errorf("no address is %v zone %d", ap, zone)
	}
	a.SetInet6([16]byte{0xfe, 0x80, 15: 1}, 65535, 1<<32-1)
	if ap, zone := a.AddrPort(); ap != netip.MustParseAddrPort("[fe80::1]:65535") || zone != 1<<32-1 {
		t.Errorf("%v zone %d", ap, zone)
	}
	a.SetInet4([4]byte{1, 2, 3, 4}, 0x1234)
	if ap, zone := a.AddrPort(); ap != netip.MustParseAddrPort("1.2.3.4:4660") || zone != 0 {
		t.Errorf("%v zone %d", ap, zone)
	}
	a.SetInet6([16]byte{15: 1}, 1, 0)
	if ap, zone := a.AddrPort(); ap != netip.MustParseAddrPort("[::1]:1") || zone != 0 {
		t.Errorf("%v zone %d", ap, zone)
	}
	a.SetUnix("name")
	ok(t, a.Err())
	if ap, _ := a.AddrPort(); ap.IsValid() {
		t.Errorf("a Unix address is %v", ap)
	}
	a.SetInet4([4]byte{1, 2, 3, 4}, 1)
	if name := a.Unix(); name != "" {
		t.Errorf("an Internet address is %q", name)
	}
	longest := "@" + strings.Repeat("a", len(unix.RawSockaddrUnix{}.Path)-1)
	a.SetUnix(longest)
	ok(t, a.Err())
	if name := a.Unix(); name != longest {
		t.Errorf("the longest name is %q", name)
	}
	a.SetInet4([4]byte{1, 2, 3, 4}, 1<<16-1)
	ok(t, a.Err())
}

// If this fails, a packet goes to another address than the one that was given.
func TestImpossibleAddress(t *testing.T) {
	fd, _ := udp(t, syscall.AF_INET)
	var a RawAddr
	for what, set := range map[string]func(){
		"port -1, IPv4":    func() { a.SetInet4([4]byte{127, 0, 0, 1}, -1) },
		"port 65536, IPv6": func() { a.SetInet6([16]byte{15: 1}, 1<<16, 0) },
		"name":             func() { a.SetUnix(strings.Repeat("a", len(unix.RawSockaddrUnix{}.Path))) },
	} {
		set()
		if a.Err() != syscall.EINVAL {
			t.Errorf("%s: %v", what, a.Err())
		}
		if err := sendTo(fd, []byte("x"), &a); err != syscall.EINVAL {
			t.Errorf("%s: SendTo: %v", what, err)
		}
		if _, err := RawCalls.SendMsg(fd, []byte("x"), nil, &a); err != syscall.EINVAL {
			t.Errorf("%s: SendMsg: %v", what, err)
		}
	}
}

// The kernel tells of more bytes than it has written where it is asked how long a packet is.
func TestTruncatedPacketIsToldWhole(t *testing.T) {
	a, from := udp(t, syscall.AF_INET)
	ok(t, sendTo(a, []byte("packet"), rawAddr(from)))
	arrive(t, a, 1)
	n, _, flags, err := RawCalls.RecvMsg(a, make([]byte, 2), nil, unix.MSG_TRUNC, new(RawAddr))
	if n != len("packet") || flags&unix.MSG_TRUNC == 0 || err != nil {
		t.Errorf("RecvMsg = %d, flags %#x, %v", n, flags, err)
	}
}

// Structures of the wrong size, here or on a 32-bit system, would send garbage, or what
// is next in memory.
func TestPackets(t *testing.T) {
	for _, family := range []int{syscall.AF_INET, syscall.AF_INET6} {
		a, from := udp(t, family)
		b, to := udp(t, family)
		for _, size := range []int{0, 1, 1000, 65507} {
			p := bytes.Repeat([]byte("x"), size)
			got := make([]byte, 1<<16)
			check := func(n, oobn, flags int, raw *RawAddr, err error) {
				t.Helper()
				ok(t, err)
				if ap, zone := raw.AddrPort(); n != size || !bytes.Equal(got[:n], p) || ap != from || zone != 0 || oobn != 0 || flags != 0 {
					t.Errorf("%d bytes of %d from %v zone %d, %d of control, flags %#x", n, size, ap, zone, oobn, flags)
				}
			}
			var raw RawAddr
			ok(t, sendTo(a, p, rawAddr(to)))
			arrive(t, b, 1)
			n, err := RawCalls.RecvFrom(b, got, &raw)
			check(n, 0, 0, &raw, err)

			raw = RawAddr{}
			n, err = RawCalls.SendMsg(a, p, nil, rawAddr(to))
			if n != size {
				t.Errorf("%d of %d sent", n, size)
			}
			ok(t, err)
			arrive(t, b, 1)
			n, oobn, flags, err := RawCalls.RecvMsg(b, got, make([]byte, 8), 0, &raw)
			check(n, oobn, flags, &raw, err)
		}
	}
}

// A packet that does not fit must be cut at the end of the buffer and nothing written
// behind it.
func TestTruncatedPackets(t *testing.T) {
	a, _ := udp(t, syscall.AF_INET)
	b, to := udp(t, syscall.AF_INET)
	ok(t, syscall.SetsockoptInt(b, syscall.IPPROTO_IP, syscall.IP_PKTINFO, 1))
	for range 4 {
		ok(t, sendTo(a, []byte("hello"), rawAddr(to)))
	}
	arrive(t, b, 4)
	var raw RawAddr
	p := []byte("########")
	if n, err := RawCalls.RecvFrom(b, p[:3], &raw); n != 3 || err != nil || string(p) != "hel#####" {
		t.Errorf("%d %v %q", n, err, p)
	}
	if n, err := RawCalls.RecvFrom(b, nil, &raw); n != 0 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	oob := make([]byte, 64)
	n, oobn, flags, err := RawCalls.RecvMsg(b, p[:1], oob, 0, &raw)
	if n != 1 || flags != unix.MSG_TRUNC || err != nil {
		t.Errorf("%d %#x %v", n, flags, err)
	}
	if m, err := unix.ParseSocketControlMessage(oob[:oobn]); err != nil || len(m) != 1 || m[0].Header.Type != unix.IP_PKTINFO {
		t.Errorf("%v %v", m, err)
	}
	oob = []byte("################")
	n, oobn, flags, err = RawCalls.RecvMsg(b, p, oob[:4], 0, &raw)
	if n != 5 || oobn > 4 || flags != unix.MSG_CTRUNC || err != nil || string(oob[4:]) != "############" {
		t.Errorf("%d %d %#x %v %q", n, oobn, flags, err, oob)
	}
}

// A receive that finds nothing must say so, though the socket blocks, and leave no
// address.
func TestPacketsNeverBlock(t *testing.T) {
	a, to := udp(t, syscall.AF_INET)
	raw := rawAddr(to)
	if n, err := RawCalls.RecvFrom(a, make([]byte, 8), raw); n != 0 || err != syscall.EAGAIN || raw.len != 0 {
		t.Errorf("RecvFrom = %d, %v, address of %d bytes", n, err, raw.len)
	}
	raw = rawAddr(to)
	if n, oobn, flags, err := RawCalls.RecvMsg(a, make([]byte, 8), make([]byte, 8), 0, raw); n != 0 || oobn != 0 || flags != 0 || err != syscall.EAGAIN || raw.len != 0 {
		t.Errorf("RecvMsg = %d, %d, %d, %v, address of %d bytes", n, oobn, flags, err, raw.len)
	}
	// Datagrams of a Unix socket wait for a reader that is slow.
	p, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	ok(t, err)
	defer CloseFD(p[0])
	defer CloseFD(p[1])
	for err = nil; err == nil; {
		_, err = RawCalls.SendMsg(p[0], make([]byte, 1000), nil, nil)
	}
	if err != syscall.EAGAIN {
		t.Errorf("SendMsg: %v", err)
	}
	if err := sendTo(p[0], make([]byte, 1000), &RawAddr{}); err != syscall.EAGAIN {
		t.Errorf("SendTo: %v", err)
	}
}

// EINTR must not leave this package, and what follows it must be as if it had not been:
// RecvMsg's header is both read and written by the kernel.
func TestPacketsInterrupted(t *testing.T) {
	a, from := udp(t, syscall.AF_INET)
	b, to := udp(t, syscall.AF_INET)
	var want []Call
	interrupted := 0
	defer SetFault(func(call Call, fd int) error {
		want = append(want, call)
		if interrupted++; interrupted%4 != 0 {
			return syscall.EINTR
		}
		return nil
	})()
	ok(t, sendTo(a, []byte("hello"), rawAddr(to)))
	n, err := RawCalls.SendMsg(a, []byte("hello"), nil, rawAddr(to))
	if n != 5 || err != nil {
		t.Errorf("SendMsg = %d, %v", n, err)
	}
	arrive(t, b, 2)
	var raw RawAddr
	n, err = RawCalls.RecvFrom(b, make([]byte, 8), &raw)
	if ap, _ := raw.AddrPort(); n != 5 || err != nil || ap != from {
		t.Errorf("RecvFrom = %d, %v from %v", n, err, ap)
	}
	raw = RawAddr{}
	n, _, _, err = RawCalls.RecvMsg(b, make([]byte, 8), nil, 0, &raw)
	if ap, _ := raw.AddrPort(); n != 5 || err != nil || ap != from {
		t.Errorf("RecvMsg = %d, %v from %v", n, err, ap)
	}
	if interrupted != 16 {
		t.Errorf("%d calls: %v", interrupted, want)
	}
}

// Other errors must come as they are, with nothing besides.
func TestPacketsFail(t *testing.T) {
	a, to := udp(t, syscall.AF_INET)
	ok(t, sendTo(a, []byte("hello"), rawAddr(to)))
	if err := sendTo(a, nil, rawAddr(netip.MustParseAddrPort("[::1]:9"))); err != syscall.EAFNOSUPPORT {
		t.Errorf("SendTo: %v", err)
	}
	if n, err := RawCalls.SendMsg(a, nil, make([]byte, 32), rawAddr(to)); n != 0 || err != syscall.EINVAL {
		t.Errorf("SendMsg = %d, %v", n, err)
	}
	defer SetFault(func(Call, int) error { return syscall.ENOTRECOVERABLE })()
	raw := rawAddr(to)
	if n, err := RawCalls.RecvFrom(a, make([]byte, 8), raw); n != 0 || err != syscall.ENOTRECOVERABLE || raw.len != 0 {
		t.Errorf("RecvFrom = %d, %v, address of %d bytes", n, err, raw.len)
	}
	raw = rawAddr(to)
	if n, oobn, flags, err := RawCalls.RecvMsg(a, make([]byte, 8), nil, 0, raw); n|oobn|flags != 0 || err != syscall.ENOTRECOVERABLE || raw.len != 0 {
		t.Errorf("RecvMsg = %d, %d, %d, %v, address of %d bytes", n, oobn, flags, err, raw.len)
	}
	if err := sendTo(a, nil, raw); err != syscall.ENOTRECOVERABLE {
		t.Errorf("SendTo: %v", err)
	}
	if n, err := RawCalls.SendMsg(a, nil, nil, raw); n != 0 || err != syscall.ENOTRECOVERABLE {
		t.Errorf("SendMsg = %d, %v", n, err)
	}
}

func sendTo(fd int, p []byte, to *RawAddr) error {
	_, err := RawCalls.SendTo(fd, p, to)
	return err
}
