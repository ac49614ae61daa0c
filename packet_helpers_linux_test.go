package netpoller_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller"
)

// What the tests of UDP and of raw IP share.

// udpConn is what *net.UDPConn and *netpoller.UDPConn have in common.
type udpConn interface {
	net.Conn
	net.PacketConn
	syscall.Conn
	File() (*os.File, error)
	ReadFromUDP(b []byte) (int, *net.UDPAddr, error)
	ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error)
	ReadMsgUDP(b, oob []byte) (n, oobn, flags int, addr *net.UDPAddr, err error)
	ReadMsgUDPAddrPort(b, oob []byte) (n, oobn, flags int, addr netip.AddrPort, err error)
	SetReadBuffer(int) error
	SetWriteBuffer(int) error
	WriteToUDP(b []byte, addr *net.UDPAddr) (int, error)
	WriteToUDPAddrPort(b []byte, addr netip.AddrPort) (int, error)
	WriteMsgUDP(b, oob []byte, addr *net.UDPAddr) (n, oobn int, err error)
	WriteMsgUDPAddrPort(b, oob []byte, addr netip.AddrPort) (n, oobn int, err error)
}

// ipConn is what *net.IPConn and *netpoller.IPConn have in common.
type ipConn interface {
	net.Conn
	net.PacketConn
	syscall.Conn
	File() (*os.File, error)
	ReadFromIP(b []byte) (int, *net.IPAddr, error)
	ReadMsgIP(b, oob []byte) (n, oobn, flags int, addr *net.IPAddr, err error)
	SetReadBuffer(int) error
	SetWriteBuffer(int) error
	WriteToIP(b []byte, addr *net.IPAddr) (int, error)
	WriteMsgIP(b, oob []byte, addr *net.IPAddr) (n, oobn int, err error)
}

var (
	_ udpConn = (*net.UDPConn)(nil)
	_ udpConn = (*netpoller.UDPConn)(nil)
	_ ipConn  = (*net.IPConn)(nil)
	_ ipConn  = (*netpoller.IPConn)(nil)
)

// listenPacket opens with lc's settings.
func (s *side) listenPacket(lc net.ListenConfig, network, address string) (net.PacketConn, error) {
	if s.std {
		return lc.ListenPacket(context.Background(), network, address)
	}
	ours := netpoller.ListenConfig{Control: lc.Control}
	return ours.ListenPacket(context.Background(), network, address)
}

func (s *side) listenUDP(network string, laddr *net.UDPAddr) (udpConn, error) {
	if s.std {
		return net.ListenUDP(network, laddr)
	}
	return netpoller.ListenUDP(network, laddr)
}

func (s *side) dialUDP(network string, laddr, raddr *net.UDPAddr) (udpConn, error) {
	if s.std {
		return net.DialUDP(network, laddr, raddr)
	}
	return netpoller.DialUDP(network, laddr, raddr)
}

func (s *side) listenMulticast(network string, ifi *net.Interface, group *net.UDPAddr) (udpConn, error) {
	if s.std {
		return net.ListenMulticastUDP(network, ifi, group)
	}
	return netpoller.ListenMulticastUDP(network, ifi, group)
}

func (s *side) listenIP(network string, laddr *net.IPAddr) (ipConn, error) {
	if s.std {
		return net.ListenIP(network, laddr)
	}
	return netpoller.ListenIP(network, laddr)
}

func (s *side) dialIP(network string, laddr, raddr *net.IPAddr) (ipConn, error) {
	if s.std {
		return net.DialIP(network, laddr, raddr)
	}
	return netpoller.DialIP(network, laddr, raddr)
}

// brokenUDPConn returns a nil or a zero *UDPConn.
func (s *side) brokenUDPConn(zero bool) udpConn {
	switch {
	case s.std && zero:
		return &net.UDPConn{}
	case s.std:
		return (*net.UDPConn)(nil)
	case zero:
		return &netpoller.UDPConn{}
	}
	return (*netpoller.UDPConn)(nil)
}

// brokenIPConn returns a nil or a zero *IPConn.
func (s *side) brokenIPConn(zero bool) ipConn {
	switch {
	case s.std && zero:
		return &net.IPConn{}
	case s.std:
		return (*net.IPConn)(nil)
	case zero:
		return &netpoller.IPConn{}
	}
	return (*netpoller.IPConn)(nil)
}

// udp returns a socket without a peer.
func (s *side) udp(network, address, name string) udpConn {
	s.Helper()
	return namedUDP(s, name, func() (net.PacketConn, error) {
		return s.listenPacket(net.ListenConfig{}, network, address)
	}).(udpConn)
}

// connectedUDP returns a socket whose peer is addr.
func (s *side) connectedUDP(network string, addr net.Addr, name string) udpConn {
	s.Helper()
	return namedUDP(s, name, func() (net.Conn, error) {
		return s.dial(context.Background(), net.Dialer{}, network, addr.String())
	}).(udpConn)
}

// deaf returns an address that refuses what others than its peer send to it.
func (s *side) deaf(network, host string) *net.UDPAddr {
	s.Helper()
	nobody, err := net.ListenPacket(network, net.JoinHostPort(host, "0"))
	require.NoError(s, err)
	s.Cleanup(func() { nobody.Close() })
	c := namedUDP(s, "DEAF", func() (net.Conn, error) { return net.Dial(network, nobody.LocalAddr().String()) })
	return c.LocalAddr().(*net.UDPAddr)
}

// namedUDP opens a socket and gives its port a name. One of IPv4 and one of IPv6 can have
// the same port: then it opens another.
func namedUDP[C interface {
	io.Closer
	LocalAddr() net.Addr
}](s *side, name string, open func() (C, error)) C {
	s.Helper()
	for {
		c, err := open()
		require.NoError(s, err)
		s.Cleanup(func() { c.Close() })
		port := strconv.Itoa(c.LocalAddr().(*net.UDPAddr).Port)
		if old, named := s.ports[port]; !named || old == name {
			s.ports[port] = name
			return c
		}
	}
}

// exact returns all that there is to an address: an IP has two lengths.
func exact(a any) string {
	switch a := a.(type) {
	case *net.UDPAddr:
		if a != nil {
			return fmt.Sprintf("UDPAddr %x:%d zone %q", []byte(a.IP), a.Port, a.Zone)
		}
	case *net.IPAddr:
		if a != nil {
			return fmt.Sprintf("IPAddr %x zone %q", []byte(a.IP), a.Zone)
		}
	case netip.AddrPort:
		return fmt.Sprintf("AddrPort %v, zone %q, %d bits", a, a.Addr().Zone(), a.Addr().BitLen())
	}
	return fmt.Sprintf("%T %v", a, a)
}

// send lets a socket of package net's send data, and waits until it is there.
func send(s *side, from net.PacketConn, to udpConn, data string) {
	s.Helper()
	_, err := from.WriteTo([]byte(data), to.LocalAddr())
	require.NoError(s, err)
	awaitEvents(s, to, unix.POLLIN)
}

// option returns the value of a socket option.
func option(t testing.TB, c syscall.Conn, level, name int) (value int) {
	t.Helper()
	raw, err := c.SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(fd uintptr) {
		value, err = unix.GetsockoptInt(int(fd), level, name)
	}))
	require.NoError(t, err)
	return value
}

// setOption sets a socket option.
func setOption(t testing.TB, c syscall.Conn, level, name, value int) {
	t.Helper()
	raw, err := c.SyscallConn()
	require.NoError(t, err)
	require.NoError(t, raw.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), level, name, value)
	}))
	require.NoError(t, err)
}

// alone runs a test in a child process whose network is empty but for the loopback
// interface and what the commands make, and in which it is root. It reports whether
// this is the child.
func alone(t *testing.T, commands ...string) bool {
	t.Helper()
	if os.Getenv("NETPOLLER_ALONE") != "" {
		return true
	}
	t.Parallel() // the child's network is its own
	script := "set -e\nip link set lo up\n"
	for _, c := range commands {
		script += c + "\n"
	}
	exe, err := os.Executable()
	require.NoError(t, err)
	child := exec.Command("/bin/sh", "-c", script+`echo ready; exec "$0" "$@"`,
		exe, "-test.run=^"+t.Name()+"$", "-test.v", "-test.parallel=32")
	child.Env = append(os.Environ(), "NETPOLLER_ALONE=1", "GOMAXPROCS="+strconv.Itoa(runtime.GOMAXPROCS(0)))
	child.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if os.Getuid() != 0 {
		child.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		child.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		child.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	out, err := child.CombinedOutput()
	if len(out) < 6 || string(out[:6]) != "ready\n" {
		t.Skipf("cannot have a network of its own: %v: %s", err, out)
	}
	require.NoError(t, err, "%s", out)
	require.Contains(t, string(out), "--- PASS: "+t.Name())
	return false
}

// interfaceNamed returns a network interface.
func interfaceNamed(t testing.TB, name string) *net.Interface {
	t.Helper()
	ifi, err := net.InterfaceByName(name)
	require.NoError(t, err)
	return ifi
}
