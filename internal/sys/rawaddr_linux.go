package sys

import (
	"bytes"
	"encoding/binary"
	"math"
	"net/netip"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A RawAddr is a socket address in the kernel's form. It lets packets be received and
// sent without an allocation.
type RawAddr struct {
	any unix.RawSockaddrAny
	len uint32 // 0: no address; impossible: not one that the kernel can be given
}

const impossible = math.MaxUint32

// Err returns EINVAL if a was set to a port that does not fit 16 bits or to a name that is
// too long, else nil. SendTo and SendMsg fail with that error, as package syscall's calls do.
func (a *RawAddr) Err() error {
	if a.len == impossible {
		return syscall.EINVAL
	}
	return nil
}

// SetInet4 makes a an IPv4 address.
func (a *RawAddr) SetInet4(ip [4]byte, port int) {
	sa := (*unix.RawSockaddrInet4)(unsafe.Pointer(&a.any))
	*sa = unix.RawSockaddrInet4{Family: unix.AF_INET, Port: bigEndian(port), Addr: ip}
	a.len = lenWithPort(unix.SizeofSockaddrInet4, port)
}

// SetInet6 makes a an IPv6 address; zone is the number of an interface, or 0.
func (a *RawAddr) SetInet6(ip [16]byte, port int, zone uint32) {
	sa := (*unix.RawSockaddrInet6)(unsafe.Pointer(&a.any))
	*sa = unix.RawSockaddrInet6{Family: unix.AF_INET6, Port: bigEndian(port), Addr: ip, Scope_id: zone}
	a.len = lenWithPort(unix.SizeofSockaddrInet6, port)
}

func lenWithPort(size uint32, port int) uint32 {
	if port < 0 || port > math.MaxUint16 {
		return impossible
	}
	return size
}

// SetUnix makes a the address of a Unix socket. A name that begins with @ or a zero
// byte is abstract, see unix(7).
func (a *RawAddr) SetUnix(name string) {
	sa := (*unix.RawSockaddrUnix)(unsafe.Pointer(&a.any))
	*sa = unix.RawSockaddrUnix{Family: unix.AF_UNIX}
	// A path needs one byte more, for the zero byte at its end.
	if len(name) > len(sa.Path) || len(name) == len(sa.Path) && name[0] != '@' && name[0] != 0 {
		a.len = impossible
		return
	}
	for i := range len(name) {
		sa.Path[i] = int8(name[i])
	}
	a.len = uint32(unsafe.Sizeof(sa.Family))
	if name == "" {
		return // the kernel chooses
	}
	a.len += uint32(len(name))
	switch name[0] {
	case '@':
		sa.Path[0] = 0
	case 0:
	default:
		a.len++ // a path ends with a zero byte
	}
}

// whole prepares a to be filled in by a system call.
func (a *RawAddr) whole() *RawAddr {
	a.len = uint32(unsafe.Sizeof(a.any))
	return a
}

// Family returns the family of the address, 0 if there is none.
func (a *RawAddr) Family() int {
	if a.len == 0 {
		return unix.AF_UNSPEC
	}
	return int(a.any.Addr.Family)
}

// AddrPort returns an Internet address and the number of its zone.
func (a *RawAddr) AddrPort() (ap netip.AddrPort, zone uint32) {
	if a.len == 0 {
		return netip.AddrPort{}, 0
	}
	switch a.any.Addr.Family {
	case unix.AF_INET:
		sa := (*unix.RawSockaddrInet4)(unsafe.Pointer(&a.any))
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), hostOrder(sa.Port)), 0
	case unix.AF_INET6:
		sa := (*unix.RawSockaddrInet6)(unsafe.Pointer(&a.any))
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr), hostOrder(sa.Port)), sa.Scope_id
	}
	return netip.AddrPort{}, 0
}

// Unix returns the name of a Unix address, up to the first zero byte. The zero byte at the
// beginning of an abstract name becomes @, as in package syscall. An unnamed sender has no
// address, and its name is empty.
func (a *RawAddr) Unix() string {
	sa := (*unix.RawSockaddrUnix)(unsafe.Pointer(&a.any))
	if a.len == 0 || sa.Family != unix.AF_UNIX {
		return ""
	}
	name := *(*[len(sa.Path)]byte)(unsafe.Pointer(&sa.Path))
	if name[0] == 0 {
		name[0] = '@'
	}
	n := bytes.IndexByte(name[:], 0)
	if n < 0 {
		n = len(name)
	}
	return string(name[:n])
}

// bigEndian converts a port to network byte order, and hostOrder converts it back.
func bigEndian(port int) uint16 {
	return binary.NativeEndian.Uint16(binary.BigEndian.AppendUint16(make([]byte, 0, 2), uint16(port)))
}

func hostOrder(port uint16) uint16 {
	return binary.BigEndian.Uint16(binary.NativeEndian.AppendUint16(make([]byte, 0, 2), port))
}
