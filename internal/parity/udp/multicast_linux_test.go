package udp

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// members returns the multicast groups that an interface is a member of, as the kernel
// lists them.
func members(s *both.Side, ifi string) (groups []string) {
	four, err := os.ReadFile("/proc/thread-self/net/igmp")
	require.NoError(s, err)
	on := false
	for line := range strings.Lines(string(four)) {
		f := strings.Fields(line)
		switch {
		case !strings.HasPrefix(line, "\t"):
			on = len(f) > 1 && f[1] == ifi
		case on:
			groups = append(groups, f[0]+" users "+f[1])
		}
	}
	six, err := os.Open("/proc/thread-self/net/igmp6")
	require.NoError(s, err)
	defer six.Close()
	for lines := bufio.NewScanner(six); lines.Scan(); {
		if f := strings.Fields(lines.Text()); f[1] == ifi {
			groups = append(groups, f[2]+" users "+f[3])
		}
	}
	slices.Sort(groups)
	return groups
}

// awaitLinks waits until the kernel has joined, on either of the two ends, the group of the
// address that it was given: some time after the commands.
func awaitLinks(t *testing.T) {
	s := both.NewSide(t, true)
	for ifi, host := range map[string]string{"near": "01", "far": "02"} {
		nettest.Eventually(t, ifi+" has joined its group", func() bool {
			return slices.Contains(members(s, ifi), "ff0200000000000000000001ff0000"+host+" users 1")
		})
	}
}

// ListenMulticastUDP must make the kernel a member on the interface asked for, set the
// options that package net sets, and refuse what that refuses; Close must end the
// membership.
func TestListenMulticastUDP(t *testing.T) {
	if !nettest.RerunAlone(t, both.TwoEnds...) {
		return
	}
	awaitLinks(t)
	v4, v6 := net.IPv4(224, 0, 0, 254), net.ParseIP("ff02::114")
	interfaces := map[string]*net.Interface{
		"any": nil, "lo": both.InterfaceNamed(t, "lo"), "near": both.InterfaceNamed(t, "near"), "far": both.InterfaceNamed(t, "far"),
		"gone": {Index: 9999, Name: "gone"}, "zero": {},
	}
	groups := map[string]*net.UDPAddr{
		"IPv4": {IP: v4, Port: 5353}, "IPv4, 4 bytes": {IP: v4.To4(), Port: 5353}, "IPv6": {IP: v6, Port: 5353},
		"IPv6, zone": {IP: v6, Port: 5353, Zone: "near"}, "IPv6, no such zone": {IP: v6, Port: 5353, Zone: "nosuchzone"},
		"IPv4 of one host": {IP: net.IPv4(127, 0, 0, 1)}, "IPv6 of one host": {IP: net.IPv6loopback},
		"IPv4 wildcard": {IP: net.IPv4zero}, "IPv6 wildcard": {IP: net.IPv6zero},
		"no IP": {Port: 5353}, "nil": nil, "empty": {IP: net.IP{}}, "too short": {IP: net.IP{1, 2, 3}}, "too long": {IP: make(net.IP, 17)},
		"no such port": {IP: v4, Port: 70000},
	}
	for _, network := range []string{"udp", "udp4", "udp6", "tcp", ""} {
		for on, ifi := range interfaces {
			for name, group := range groups {
				t.Run(fmt.Sprint(network, " ", name, " on ", on), func(t *testing.T) {
					both.Compare(t, func(s *both.Side) (r []any) {
						c, err := s.ListenMulticast(network, ifi, group)
						if err != nil {
							r = append(r, err, c == nil)
						}
						for _, on := range []string{"lo", "near", "far"} {
							r = append(r, on, members(s, on))
						}
						if err != nil {
							return r
						}
						r = append(r, both.Exact(c.LocalAddr()), both.Exact(c.RemoteAddr()))
						r = append(r, nettest.Option(s, c, unix.SOL_SOCKET, unix.SO_REUSEADDR), nettest.Option(s, c, unix.SOL_SOCKET, unix.SO_REUSEPORT),
							nettest.Option(s, c, unix.IPPROTO_IP, unix.IP_MULTICAST_LOOP), nettest.Option(s, c, unix.IPPROTO_IP, unix.IP_MULTICAST_IF))
						if nettest.Option(s, c, unix.SOL_SOCKET, unix.SO_DOMAIN) == unix.AF_INET6 {
							r = append(r, nettest.Option(s, c, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_LOOP),
								nettest.Option(s, c, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_IF), nettest.Option(s, c, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY))
						}
						require.NoError(s, c.Close())
						for _, on := range []string{"lo", "near", "far"} {
							r = append(r, on, members(s, on))
						}
						return r
					})
				})
			}
		}
	}
}

// A packet that is sent to a group must be received by every member on that interface, with the
// sender and its zone.
func TestMulticastExchange(t *testing.T) {
	if !nettest.RerunAlone(t, both.TwoEnds...) {
		return
	}
	for _, route := range []struct{ network, group, from, ifi string }{
		{"udp4", "224.0.0.254", "198.51.100.1:0", "far"},
		{"udp", "224.0.0.254", "198.51.100.1:0", "far"},
		{"udp6", "ff02::114", "[fe80::1%near]:0", "far"},
		{"udp", "ff02::114", "[fe80::1%near]:0", "far"},
		{"udp4", "224.0.0.254", "127.0.0.1:0", "lo"},
	} {
		t.Run(fmt.Sprint(route), func(t *testing.T) {
			if route.group[0] == '2' {
				// The sender is an address of this host, which only the same host's other
				// interface takes for a stranger's.
				for _, ifi := range []string{"all", "far"} {
					require.NoError(t, os.WriteFile("/proc/sys/net/ipv4/conf/"+ifi+"/rp_filter", []byte("0"), 0))
					require.NoError(t, os.WriteFile("/proc/sys/net/ipv4/conf/"+ifi+"/accept_local", []byte("1"), 0))
				}
			}
			both.Compare(t, func(s *both.Side) (r []any) {
				group := &net.UDPAddr{IP: net.ParseIP(route.group), Port: 5353}
				if route.group[0] == 'f' {
					group.Zone = route.ifi
				}
				var heard []both.UDPConn
				for range 2 {
					c, err := s.ListenMulticast(route.network, both.InterfaceNamed(s, route.ifi), group)
					require.NoError(s, err)
					defer c.Close()
					require.NoError(s, c.SetDeadline(time.Now().Add(time.Minute)))
					heard = append(heard, c)
				}
				from := s.UDP(route.network, route.from, "SENDER")
				if route.ifi == "lo" {
					nettest.SetOption(s, from, unix.IPPROTO_IP, unix.IP_MULTICAST_IF, int(binary.NativeEndian.Uint32([]byte{127, 0, 0, 1})))
				}
				if group.Zone == "far" {
					group.Zone = "near"
				}
				_, err := from.WriteTo([]byte("hello"), group)
				require.NoError(s, err)
				for _, c := range heard {
					b := make([]byte, 8)
					n, addr, err := c.ReadFrom(b)
					r = append(r, n, string(b), both.Exact(addr), err)
				}
				return r
			})
		})
	}
}

// If this fails, a socket that cannot join its group is left to the garbage collector.
func TestFailedMulticastIsClosed(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	first, err := netpoller.ListenUDP("udp4", nil) // so that a group has its descriptors
	require.NoError(t, err)
	defer first.Close()
	before := nettest.OpenFDs(t)
	for range 10 {
		group := &net.UDPAddr{IP: net.IPv4(224, 0, 0, 254)}
		_, err := netpoller.ListenMulticastUDP("udp4", &net.Interface{Index: 1 << 30}, group)
		require.Error(t, err)
	}
	require.LessOrEqual(t, nettest.OpenFDs(t), before)
}
