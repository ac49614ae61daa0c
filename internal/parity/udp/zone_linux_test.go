package udp

import (
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// A link-local address must keep its zone in every address that is returned, and reach
// the interface that it names, by name or by number.
func TestZones(t *testing.T) {
	if !nettest.RerunAlone(t, both.TwoEnds...) {
		return
	}
	for _, local := range []string{"fe80::1%near", "fe80::2%far", "fe80::3%lo", "fe80::1%NUMBER", "fe80::2%NUMBER"} {
		t.Run(local, func(t *testing.T) {
			both.Compare(t, func(s *both.Side) (r []any) {
				ip, zone, _ := cutZone(local)
				if zone == "NUMBER" {
					name := map[string]string{"fe80::1": "near", "fe80::2": "far"}[ip]
					zone = strconv.Itoa(both.InterfaceNamed(s, name).Index)
				}
				host := ip + "%" + zone
				c := s.UDP("udp6", "["+host+"]:0", "OURS")
				peer := s.UDP("udp", "["+host+"]:0", "PEER")
				to := c.LocalAddr().(*net.UDPAddr)
				peer.WriteTo([]byte("1"), to)
				peer.WriteToUDPAddrPort([]byte("2"), to.AddrPort())
				peer.WriteToUDPAddrPort([]byte("3"), netip.AddrPortFrom(netip.MustParseAddr(host), uint16(to.Port)))
				peer.WriteMsgUDPAddrPort([]byte("4"), nil, to.AddrPort())
				dialed := s.ConnectedUDP("udp", to, "DIALED")
				dialed.Write([]byte("5"))
				_, from, err := c.ReadFrom(make([]byte, 1))
				_, from2, err2 := c.ReadFromUDP(make([]byte, 1))
				_, from3, err3 := c.ReadFromUDPAddrPort(make([]byte, 1))
				_, _, _, from4, err4 := c.ReadMsgUDP(make([]byte, 1), nil)
				_, _, _, from5, err5 := c.ReadMsgUDPAddrPort(make([]byte, 1), nil)
				r = both.Results(both.Exact(from), err, both.Exact(from2), err2, both.Exact(from3), err3, both.Exact(from4), err4, both.Exact(from5), err5)
				for _, c := range []both.UDPConn{c, peer, dialed} {
					r = append(r, both.Exact(c.LocalAddr()), both.Exact(c.RemoteAddr()))
				}
				raw, err := s.ListenIP("ip6:58", &net.IPAddr{IP: net.ParseIP(ip), Zone: zone})
				require.NoError(s, err)
				defer raw.Close()
				_, err = raw.WriteTo(both.Echo(true, 7, "hello"), &net.IPAddr{IP: net.ParseIP(ip), Zone: zone})
				r = append(r, err, both.Exact(raw.LocalAddr()))
				_, from6, err := raw.ReadFrom(make([]byte, 64))
				_, _, _, from7, err7 := raw.ReadMsgIP(make([]byte, 64), nil)
				return append(r, both.Exact(from6), err, both.Exact(from7), err7)
			})
		})
	}
}

func cutZone(s string) (ip, zone string, ok bool) {
	a, err := netip.ParseAddr(s)
	return a.WithZone("").String(), a.Zone(), err == nil
}

// A zone that is wrong must fail as package net's, at bind, connect or send.
func TestErrorsOfZones(t *testing.T) {
	if !nettest.RerunAlone(t, both.TwoEnds...) {
		return
	}
	for _, zone := range []string{"", "far", "nosuchzone", "0", "99999", "4294967295", "-1"} {
		t.Run(zone, func(t *testing.T) {
			both.Compare(t, func(s *both.Side) (r []any) {
				a := &net.UDPAddr{IP: net.ParseIP("fe80::1"), Port: 9, Zone: zone}
				_, err := s.ListenUDP("udp6", a)
				_, err2 := s.DialUDP("udp6", nil, a)
				c := s.UDP("udp6", ":0", "OURS")
				_, err3 := c.WriteTo([]byte("x"), a)
				_, err4 := c.WriteToUDPAddrPort([]byte("x"), a.AddrPort())
				_, err5 := s.ListenIP("ip6:58", &net.IPAddr{IP: a.IP, Zone: zone})
				return both.Results(err, err2, err3, err4, err5)
			})
		})
	}
}

// An interface that came after the names were last asked for must be known at once, and
// one that went must not be in the way of its name or its number.
func TestZonesChange(t *testing.T) {
	if !nettest.RerunAlone(t, both.TwoEnds...) {
		return
	}
	run := func(command string) {
		out, err := exec.Command("/bin/sh", "-c", command).CombinedOutput()
		require.NoError(t, err, "%s", out)
	}
	step := 0
	both.Compare(t, func(s *both.Side) (r []any) {
		step++ // so that both sides see names for the first time
		name := fmt.Sprint("new", step)
		s.UDP("udp6", "[fe80::1%near]:0", "NEAR")
		run("ip link add " + name + " type veth peer name " + name + "p && ip link set " + name + " addrgenmode none && ip link set " + name +
			" up && ip link set " + name + "p up && ip addr add fe80::9/64 dev " + name + " nodad")
		c, err := s.ListenUDP("udp6", &net.UDPAddr{IP: net.ParseIP("fe80::9"), Zone: name})
		require.NoError(s, err)
		defer c.Close()
		known := c.LocalAddr().(*net.UDPAddr).Zone == name
		run("ip link del " + name)
		_, err = s.ListenUDP("udp6", &net.UDPAddr{IP: net.ParseIP("fe80::9"), Zone: name})
		return both.Results(known, err != nil)
	})
}
