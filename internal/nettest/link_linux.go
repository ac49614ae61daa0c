package nettest

import (
	"fmt"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// The functions below change the network, and so only one that the process has to itself.

// SetLink switches a network interface on or off.
func SetLink(name string, up bool) error {
	MustBeAlone()
	return onLink(name, func(s int, r *unix.Ifreq) error {
		if err := unix.IoctlIfreq(s, unix.SIOCGIFFLAGS, r); err != nil {
			return os.NewSyscallError("SIOCGIFFLAGS", err)
		}
		flags := r.Uint16() &^ unix.IFF_UP
		if up {
			flags |= unix.IFF_UP
		}
		r.SetUint16(flags)
		return os.NewSyscallError("SIOCSIFFLAGS", unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, r))
	})
}

// onLink calls f with a request about a network interface and a socket to make it on.
func onLink(name string, f func(s int, r *unix.Ifreq) error) error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(s)
	r, err := unix.NewIfreq(name)
	if err != nil {
		return err
	}
	return f(s, r)
}

// SetAddr gives a network interface an IPv4 address instead of the one that it has; 0.0.0.0
// is none.
func SetAddr(name, addr, mask string) error {
	MustBeAlone()
	return onLink(name, func(s int, r *unix.Ifreq) error {
		for _, request := range []struct {
			name string
			code uint
			ip   string
		}{{"SIOCSIFADDR", unix.SIOCSIFADDR, addr}, {"SIOCSIFNETMASK", unix.SIOCSIFNETMASK, mask}} {
			if err := r.SetInet4Addr(net.ParseIP(request.ip).To4()); err != nil {
				return err
			}
			if err := unix.IoctlIfreq(s, request.code, r); err != nil {
				return os.NewSyscallError(request.name, err)
			}
			if net.ParseIP(addr).IsUnspecified() {
				break
			}
		}
		return nil
	})
}

// SetMTU says how large the packets of a network interface may be.
func SetMTU(name string, mtu int) error {
	MustBeAlone()
	return onLink(name, func(s int, r *unix.Ifreq) error {
		r.SetUint32(uint32(mtu))
		return os.NewSyscallError("SIOCSIFMTU", unix.IoctlIfreq(s, unix.SIOCSIFMTU, r))
	})
}

// Sysctl sets a parameter of the network, such as "ipv4/tcp_syn_retries".
func Sysctl(name string, value any) error {
	MustBeAlone()
	return os.WriteFile("/proc/sys/net/"+name, fmt.Append(nil, value), 0)
}
