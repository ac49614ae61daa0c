package conn

import (
	"bytes"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/a57b2d82/netpoller/internal/sys"
)

// zoneID is what zones.id is to return: the number of an interface, or the decimal number
// that the name is, of which the largest stands for all that are larger.
func zoneID(name string) uint32 {
	if ifi, err := net.InterfaceByName(name); err == nil {
		return uint32(ifi.Index)
	}
	if name == "" || strings.Trim(name, "0123456789") != "" {
		return 0
	}
	digits := strings.TrimLeft(name, "0")
	switch most := strconv.FormatUint(1<<32-1, 10); {
	case len(digits) > len(most) || len(digits) == len(most) && digits > most:
		return 1<<32 - 1
	case digits == "":
		return 0
	}
	n, _ := strconv.ParseUint(digits, 10, 64)
	return uint32(n)
}

// zoneName is the inverse of zoneID.
func zoneName(id uint32) string {
	if id == 0 {
		return ""
	}
	if ifi, err := net.InterfaceByIndex(int(id)); err == nil {
		return ifi.Name
	}
	return strconv.FormatUint(uint64(id), 10)
}

// FuzzZone compares names and numbers of interfaces with what package net says of each.
func FuzzZone(f *testing.F) {
	for _, name := range []string{"", "lo", "eth0", "1", "01", "0", "4294967295", "4294967296", "16777215", "99999999999999999999",
		"+1", "-1", "1x", "0x1", "1_0", "lo\x00", " 1", "٣", "7000000000A"} {
		f.Add(name, uint32(0))
		f.Add("", uint32(len(name)))
	}
	f.Add("lo", uint32(1<<32-1))
	f.Fuzz(func(t *testing.T, name string, id uint32) {
		if got, want := zones.id(name), zoneID(name); got != want {
			t.Errorf("%q is %d, not %d", name, got, want)
		}
		if id > 1<<31-1 {
			id = 1<<31 - 1 // package net's are ints
		}
		got, want := zones.name(id), zoneName(id)
		if got != want {
			t.Errorf("%d is %q, not %q", id, got, want)
		}
		if back := zones.id(got); back != id {
			t.Errorf("%d is %q is %d", id, got, back)
		}
	})
}

// FuzzSockaddr puts an address into the two forms that the kernel is given and back. The
// rules are written here once more, without package net/netip.
func FuzzSockaddr(f *testing.F) {
	for _, ip := range []net.IP{nil, {}, net.IPv4zero, net.IPv4zero.To4(), net.IPv6zero, net.IPv6loopback, {127, 0, 0, 1},
		net.IPv4(127, 0, 0, 1), {1, 2, 3}, {0xfe, 0x80, 15: 1}, net.IPv4bcast, {10: 0xff, 11: 0xff, 15: 0}, make(net.IP, 17)} {
		for _, port := range []int{0, 80, 65535, 65536, -1} {
			f.Add([]byte(ip), port, "", false)
			f.Add([]byte(ip), port, "lo", true)
		}
	}
	f.Fuzz(func(t *testing.T, ip []byte, port int, zone string, six bool) {
		family := syscall.AF_INET
		if six {
			family = syscall.AF_INET6
		}
		addr := &net.UDPAddr{IP: ip, Port: port, Zone: zone}
		want, fits := inFamily(ip, six)
		_, err := sockaddr(family, addr)
		if (err == nil) != fits {
			t.Fatalf("%v in family %d: %v", addr, family, err)
		}
		var raw sys.RawAddr
		rawErr := (&NetFD{common: &common{family: family}}).rawAddr(&raw, addr)
		if err != nil {
			if rawErr == nil || rawErr.Error() != err.Error() {
				t.Errorf("%v in family %d: %v, and %v", addr, family, err, rawErr)
			}
			return
		}
		if valid := 0 <= port && port < 1<<16; rawErr != nil || (raw.Err() == nil) != valid {
			t.Errorf("port %d: %v, %v", port, rawErr, raw.Err())
		} else if valid {
			back := addrOf(syscall.SOCK_DGRAM, &raw).(*net.UDPAddr)
			wantZone := ""
			if six {
				wantZone = zoneName(zoneID(zone))
			}
			if !bytes.Equal(back.IP, want) || back.Port != port || zoneID(zone) < 1<<31 && back.Zone != wantZone {
				t.Errorf("%v in family %d is %v", addr, family, back)
			}
			ap := addrPort(&raw)
			if got := net.UDPAddrFromAddrPort(ap); !bytes.Equal(got.IP, want) || got.Port != port || got.Zone != back.Zone {
				t.Errorf("%v in family %d is %v, and as an AddrPort %v", addr, family, back, got)
			}
			same(t, ap, addr, &raw, six)
		}
	})
}

// same compares the form of an AddrPort with that of the UDPAddr it was made of.
func same(t *testing.T, ap netip.AddrPort, addr net.Addr, raw *sys.RawAddr, six bool) {
	f := &NetFD{common: &common{family: syscall.AF_INET}}
	if six {
		f.family = syscall.AF_INET6
	}
	var other sys.RawAddr
	if err := f.destinationAddrPort(&other, ap); err != nil {
		t.Errorf("%v: %v", ap, err)
	}
	a, azone := raw.AddrPort()
	b, bzone := other.AddrPort()
	if a != b || azone != bzone {
		t.Errorf("%v is %v zone %d, and %v is %v zone %d", addr, a, azone, ap, b, bzone)
	}
}

// inFamily returns the bytes of an IP for a socket of a family, if it fits: none is the
// wildcard, as IPv4's is to an IPv6 socket.
func inFamily(ip []byte, six bool) (b []byte, fits bool) {
	prefix := append(make([]byte, 10), 0xff, 0xff)
	mapped := len(ip) == 16 && bytes.HasPrefix(ip, prefix)
	switch {
	case !six && len(ip) == 0:
		return make([]byte, 4), true
	case !six && mapped:
		return ip[12:], true
	case !six:
		return ip, len(ip) == 4
	case len(ip) == 0, len(ip) == 4 && bytes.Equal(ip, make([]byte, 4)), mapped && bytes.Equal(ip[12:], make([]byte, 4)):
		return make([]byte, 16), true
	case len(ip) == 4:
		return append(prefix, ip...), true
	}
	return ip, len(ip) == 16
}
