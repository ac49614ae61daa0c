package netpoller_test

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// twoEnds are the commands that make two interfaces which hear each other.
var twoEnds = []string{
	"ip link set lo multicast on",
	"ip link add near type veth peer name far",
	"ip link set near addrgenmode none",
	"ip link set far addrgenmode none",
	"ip link set near up",
	"ip link set far up",
	"ip addr add fe80::1/64 dev near nodad",
	"ip addr add fe80::2/64 dev far nodad",
	"ip addr add fe80::3/64 dev lo nodad",
	"ip addr add 198.51.100.1/24 dev near",
	"ip route add 224.0.0.0/4 dev near",
}

// members returns the multicast groups that an interface is a member of, as the kernel
// lists them.
func members(s *side, ifi string) (groups []string) {
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

// ListenMulticastUDP must make the kernel a member on the interface asked for, set the
// options that package net sets, and refuse what that refuses; Close must end the
// membership.
func TestListenMulticastUDP(t *testing.T) {
	if !alone(t, twoEnds...) {
		return
	}
	v4, v6 := net.IPv4(224, 0, 0, 254), net.ParseIP("ff02::114")
	interfaces := map[string]*net.Interface{
		"any": nil, "lo": interfaceNamed(t, "lo"), "near": interfaceNamed(t, "near"), "far": interfaceNamed(t, "far"),
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
					compare(t, func(s *side) (r []any) {
						c, err := s.listenMulticast(network, ifi, group)
						if err != nil {
							r = append(r, err, c == nil)
						}
						for _, on := range []string{"lo", "near", "far"} {
							r = append(r, on, members(s, on))
						}
						if err != nil {
							return r
						}
						r = append(r, exact(c.LocalAddr()), exact(c.RemoteAddr()))
						r = append(r, option(s, c, unix.SOL_SOCKET, unix.SO_REUSEADDR), option(s, c, unix.SOL_SOCKET, unix.SO_REUSEPORT),
							option(s, c, unix.IPPROTO_IP, unix.IP_MULTICAST_LOOP), option(s, c, unix.IPPROTO_IP, unix.IP_MULTICAST_IF))
						if option(s, c, unix.SOL_SOCKET, unix.SO_DOMAIN) == unix.AF_INET6 {
							r = append(r, option(s, c, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_LOOP),
								option(s, c, unix.IPPROTO_IPV6, unix.IPV6_MULTICAST_IF), option(s, c, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY))
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

// What is sent to a group must be heard by every member on that interface, with the
// sender and its zone.
func TestMulticastExchange(t *testing.T) {
	if !alone(t, twoEnds...) {
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
			compare(t, func(s *side) (r []any) {
				group := &net.UDPAddr{IP: net.ParseIP(route.group), Port: 5353}
				if route.group[0] == 'f' {
					group.Zone = route.ifi
				}
				var heard []udpConn
				for range 2 {
					c, err := s.listenMulticast(route.network, interfaceNamed(s, route.ifi), group)
					require.NoError(s, err)
					defer c.Close()
					require.NoError(s, c.SetDeadline(time.Now().Add(time.Minute)))
					heard = append(heard, c)
				}
				from := s.udp(route.network, route.from, "SENDER")
				if route.ifi == "lo" {
					setOption(s, from, unix.IPPROTO_IP, unix.IP_MULTICAST_IF, int(binary.NativeEndian.Uint32([]byte{127, 0, 0, 1})))
				}
				if group.Zone == "far" {
					group.Zone = "near"
				}
				_, err := from.WriteTo([]byte("hello"), group)
				require.NoError(s, err)
				for _, c := range heard {
					b := make([]byte, 8)
					n, addr, err := c.ReadFrom(b)
					r = append(r, n, string(b), exact(addr), err)
				}
				return r
			})
		})
	}
}
