package ip

import (
	"context"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// ipRoutes are networks and addresses on which the kernel answers.
var ipRoutes = []struct{ network, host string }{
	{"ip4:icmp", "127.0.0.1"}, {"ip4:1", "127.0.0.1"}, {"ip:icmp", "127.0.0.1"}, {"ip6:ipv6-icmp", "::1"}, {"ip:58", "::1"},
}

// ipReads are the ways to read a packet, with whether the IPv4 header comes along.
var ipReads = map[string]struct {
	header bool
	read   func(c both.IPConn, b []byte) []any
}{
	"Read": {true, func(c both.IPConn, b []byte) []any { n, err := c.Read(b); return both.Results(n, err) }},
	"ReadFrom": {false, func(c both.IPConn, b []byte) []any {
		n, a, err := c.ReadFrom(b)
		return both.Results(n, both.Exact(a), err)
	}},
	"ReadFromIP": {false, func(c both.IPConn, b []byte) []any {
		n, a, err := c.ReadFromIP(b)
		return both.Results(n, both.Exact(a), err)
	}},
	"ReadMsgIP": {true, func(c both.IPConn, b []byte) []any {
		n, oobn, flags, a, err := c.ReadMsgIP(b, make([]byte, 128))
		return both.Results(n, oobn, flags, both.Exact(a), err)
	}},
	"ReadMsgIP, no control": {true, func(c both.IPConn, b []byte) []any {
		n, oobn, flags, a, err := c.ReadMsgIP(b, nil)
		return both.Results(n, oobn, flags, both.Exact(a), err)
	}},
}

// An echo request must go out and its answer come back, with the header where package
// net leaves it and the sender as it names it.
func TestIPEcho(t *testing.T) {
	if !nettest.RerunAlone(t) {
		return
	}
	for _, route := range ipRoutes {
		for name, r := range ipReads {
			for _, connected := range []bool{false, true} {
				t.Run(route.network+" "+name, func(t *testing.T) {
					both.Compare(t, func(s *both.Side) []any {
						host := &net.IPAddr{IP: net.ParseIP(route.host)}
						v6 := host.IP.To4() == nil
						var c both.IPConn
						var err error
						if connected {
							c, err = s.DialIP(route.network, nil, host)
						} else {
							c, err = s.ListenIP(route.network, host)
						}
						require.NoError(s, err)
						defer c.Close()
						require.NoError(s, c.SetDeadline(time.Now().Add(time.Minute)))
						if name == "ReadMsgIP" && !v6 {
							nettest.SetOption(s, c, unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
						}
						if connected {
							_, err = c.Write(both.Echo(v6, 7, "hello"))
						} else {
							_, err = c.WriteToIP(both.Echo(v6, 7, "hello"), host)
						}
						require.NoError(s, err)
						b := make([]byte, 128)
						// The request is heard too, and comes first.
						first := r.read(c, b)
						kind := b[0]
						second := r.read(c, b)
						start := 0
						if r.header && !v6 {
							start = 20
						}
						return append(append(first, kind), append(second, b[start], string(b[start+8:start+13]),
							both.Exact(c.LocalAddr()), both.Exact(c.RemoteAddr()))...)
					})
				})
			}
		}
	}
}

// A buffer that is too small for the packet, or for its header, must be filled as
// package net fills it.
func TestIPSmallBuffers(t *testing.T) {
	if !nettest.RerunAlone(t) {
		return
	}
	for _, network := range []string{"ip4:icmp", "ip6:ipv6-icmp"} {
		for name, r := range ipReads {
			both.Compare(t, func(s *both.Side) (all []any) {
				host := &net.IPAddr{IP: net.IPv4(127, 0, 0, 1)}
				if network[2] == '6' {
					host.IP = net.IPv6loopback
				}
				c, err := s.ListenIP(network, host)
				require.NoError(s, err)
				defer c.Close()
				require.NoError(s, c.SetDeadline(time.Now().Add(time.Minute)))
				sizes := []int{0, 1, 19, 20, 21, 28, 29}
				if name == "ReadMsgIP" {
					sizes = sizes[1:] // of nothing, package net says that it read one byte
				}
				for _, size := range sizes {
					_, err := c.WriteTo(both.Echo(network[2] == '6', 7, "hello"), host)
					require.NoError(s, err)
					for range 2 {
						if size == 0 && name == "Read" { // which does not take the packet
							continue
						}
						b := make([]byte, size)
						all = append(all, r.read(c, b)...)
						// The packet's number differs from run to run, and so does the checksum.
						if size >= 12 && network[2] == '4' {
							copy(b[4:6], "##")
							copy(b[10:12], "##")
						}
						all = append(all, b)
					}
				}
				return all
			})
		}
	}
}

// ipMethods are calls of the methods of an IPConn that a UDPConn does not have the like
// of, and of those that may differ.
var ipMethods = []struct {
	name string
	call func(c both.IPConn, to *net.IPAddr) []any
}{
	{"Read", func(c both.IPConn, _ *net.IPAddr) []any {
		n, err := c.Read(make([]byte, 8))
		return both.Results(n, err)
	}},
	{"Read nothing", func(c both.IPConn, _ *net.IPAddr) []any { n, err := c.Read(nil); return both.Results(n, err) }},
	{"ReadFrom", func(c both.IPConn, _ *net.IPAddr) []any {
		n, addr, err := c.ReadFrom(make([]byte, 8))
		return both.Results(n, both.Exact(addr), err)
	}},
	{"ReadFromIP", func(c both.IPConn, _ *net.IPAddr) []any {
		n, addr, err := c.ReadFromIP(make([]byte, 8))
		return both.Results(n, both.Exact(addr), err)
	}},
	{"ReadMsgIP", func(c both.IPConn, _ *net.IPAddr) []any {
		n, oobn, flags, addr, err := c.ReadMsgIP(make([]byte, 8), nil)
		return both.ReadMsgResults(n, nil, oobn, flags, addr, err)
	}},
	{"Write", func(c both.IPConn, _ *net.IPAddr) []any {
		n, err := c.Write([]byte("data"))
		return both.Results(n, err)
	}},
	{"Write nothing", func(c both.IPConn, _ *net.IPAddr) []any { n, err := c.Write(nil); return both.Results(n, err) }},
	{"Write too much", func(c both.IPConn, _ *net.IPAddr) []any {
		n, err := c.Write(make([]byte, 1<<16))
		return both.Results(n, err)
	}},
	{"WriteTo", func(c both.IPConn, to *net.IPAddr) []any {
		n, err := c.WriteTo([]byte("data"), to)
		return both.Results(n, err)
	}},
	{"WriteTo nobody", func(c both.IPConn, _ *net.IPAddr) []any {
		n, err := c.WriteTo([]byte("data"), nil)
		return both.Results(n, err)
	}},
	{"WriteTo UDP", func(c both.IPConn, _ *net.IPAddr) []any {
		n, err := c.WriteTo([]byte("data"), &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 9})
		return both.Results(n, err)
	}},
	{"WriteToIP", func(c both.IPConn, to *net.IPAddr) []any {
		n, err := c.WriteToIP([]byte("data"), to)
		return both.Results(n, err)
	}},
	{"WriteToIP nil", func(c both.IPConn, _ *net.IPAddr) []any {
		n, err := c.WriteToIP([]byte("data"), nil)
		return both.Results(n, err)
	}},
	{"WriteToIP nowhere", func(c both.IPConn, _ *net.IPAddr) []any {
		n, err := c.WriteToIP([]byte("data"), &net.IPAddr{IP: net.IPv4(192, 0, 2, 1)})
		return both.Results(n, err)
	}},
	{"WriteToIP bad IP", func(c both.IPConn, _ *net.IPAddr) []any {
		n, err := c.WriteToIP([]byte("data"), &net.IPAddr{IP: net.IP{1, 2, 3}})
		return both.Results(n, err)
	}},
	{"WriteToIP IPv6", func(c both.IPConn, _ *net.IPAddr) []any {
		n, err := c.WriteToIP([]byte("data"), &net.IPAddr{IP: net.IPv6loopback})
		return both.Results(n, err)
	}},
	{"WriteMsgIP", func(c both.IPConn, to *net.IPAddr) []any {
		n, oobn, err := c.WriteMsgIP([]byte("data"), nil, to)
		return both.Results(n, oobn, err)
	}},
	{"WriteMsgIP nil", func(c both.IPConn, _ *net.IPAddr) []any {
		n, oobn, err := c.WriteMsgIP([]byte("data"), nil, nil)
		return both.Results(n, oobn, err)
	}},
	{"WriteMsgIP bad control", func(c both.IPConn, to *net.IPAddr) []any {
		n, oobn, err := c.WriteMsgIP([]byte("data"), make([]byte, 24), to)
		return both.Results(n, oobn, err)
	}},
	{"SetDeadline", func(c both.IPConn, _ *net.IPAddr) []any { return both.Results(c.SetDeadline(nettest.LongAgo)) }},
	{"SetReadBuffer", func(c both.IPConn, _ *net.IPAddr) []any { return both.Results(c.SetReadBuffer(4096)) }},
	{"SetWriteBuffer", func(c both.IPConn, _ *net.IPAddr) []any { return both.Results(c.SetWriteBuffer(4096)) }},
	{"LocalAddr", func(c both.IPConn, _ *net.IPAddr) []any { return both.Results(both.Exact(c.LocalAddr())) }},
	{"RemoteAddr", func(c both.IPConn, _ *net.IPAddr) []any { return both.Results(both.Exact(c.RemoteAddr())) }},
	{"Close twice", func(c both.IPConn, _ *net.IPAddr) []any { return both.Results(c.Close(), c.Close()) }},
	{"File", func(c both.IPConn, _ *net.IPAddr) []any {
		f, err := c.File()
		if err != nil {
			return both.Results(f == nil, err)
		}
		defer f.Close()
		return both.Results(both.NameOf(f, false))
	}},
	{"SyscallConn", func(c both.IPConn, _ *net.IPAddr) []any {
		raw, err := c.SyscallConn()
		if err != nil {
			return both.Results(raw == nil, err)
		}
		return both.Results(raw.Control(func(uintptr) {}))
	}},
}

// ipStates are what a raw socket may have come to. None of them lets a read wait.
var ipStates = []struct {
	name string
	make func(s *both.Side, host *net.IPAddr) (both.IPConn, error)
}{
	{"past deadline", func(s *both.Side, host *net.IPAddr) (both.IPConn, error) {
		c, err := s.ListenIP("ip4:icmp", host)
		require.NoError(s, err)
		return c, c.SetReadDeadline(nettest.LongAgo)
	}},
	{"past write deadline", func(s *both.Side, host *net.IPAddr) (both.IPConn, error) {
		c, err := s.ListenIP("ip4:icmp", host)
		require.NoError(s, err)
		return c, c.SetDeadline(nettest.LongAgo)
	}},
	{"all addresses", func(s *both.Side, host *net.IPAddr) (both.IPConn, error) {
		c, err := s.ListenIP("ip:icmp", nil)
		require.NoError(s, err)
		return c, c.SetReadDeadline(nettest.LongAgo)
	}},
	{"IPv6", func(s *both.Side, host *net.IPAddr) (both.IPConn, error) {
		c, err := s.ListenIP("ip6:254", nil)
		require.NoError(s, err)
		return c, c.SetReadDeadline(nettest.LongAgo)
	}},
	{"connected", func(s *both.Side, host *net.IPAddr) (both.IPConn, error) {
		c, err := s.DialIP("ip4:254", nil, host)
		require.NoError(s, err)
		return c, c.SetReadDeadline(nettest.LongAgo)
	}},
	{"closed", func(s *both.Side, host *net.IPAddr) (both.IPConn, error) {
		c, err := s.ListenIP("ip4:icmp", host)
		require.NoError(s, err)
		return c, c.Close()
	}},
	{"connected and closed", func(s *both.Side, host *net.IPAddr) (both.IPConn, error) {
		c, err := s.DialIP("ip4:icmp", host, host)
		require.NoError(s, err)
		return c, c.Close()
	}},
}

// In every state, every method must return what package net's does.
func TestErrorsOfIPConn(t *testing.T) {
	if !nettest.RerunAlone(t) {
		return
	}
	host := &net.IPAddr{IP: net.IPv4(127, 0, 0, 1)}
	for _, state := range ipStates {
		for _, m := range ipMethods {
			t.Run(state.name+"/"+m.name, func(t *testing.T) {
				both.Compare(t, func(s *both.Side) []any {
					c, err := state.make(s, host)
					require.NoError(s, err)
					defer c.Close()
					return m.call(c, host)
				})
			})
		}
	}
}

// A nil or a zero IPConn must be refused, or panic, as package net's.
func TestErrorsOfNilIPConn(t *testing.T) {
	for _, zero := range []bool{false, true} {
		for _, m := range ipMethods {
			t.Run(m.name, func(t *testing.T) {
				both.Compare(t, func(s *both.Side) (r []any) {
					p := both.Panics(func() { r = m.call(s.BrokenIPConn(zero), &net.IPAddr{IP: net.IPv6loopback}) })
					return append(r, p)
				})
			})
		}
	}
}

// ListenIP and DialIP must check their arguments as package net does, and bind and
// connect to the same addresses.
func TestErrorsOfListenIPAndDialIP(t *testing.T) {
	if !nettest.RerunAlone(t) {
		return
	}
	networks := []string{"", "ip", "ip4", "ip6", "ip:icmp", "ip4:icmp", "ip6:58", "ip4:ICMP", "ip4:IPv6-ICMP", "ip4:0", "ip4:255", "ip4:256",
		"ip4:nosuchproto", "ip4:", "udp", "tcp4", "ip5:1"}
	addrs := map[string]*net.IPAddr{
		"nil":           nil,
		"zero":          {},
		"IPv4":          {IP: net.IPv4(127, 0, 0, 1)},
		"IPv4 wildcard": {IP: net.IPv4zero},
		"IPv6":          {IP: net.IPv6loopback},
		"IPv6 wildcard": {IP: net.IPv6zero},
		"not local":     {IP: net.IPv4(192, 0, 2, 1)},
		"too short":     {IP: net.IP{1, 2, 3}},
		"no such zone":  {IP: net.IPv6loopback, Zone: "nosuchzone"},
		"multicast":     {IP: net.IPv4(224, 0, 0, 1)},
	}
	for _, network := range networks {
		for name, a := range addrs {
			t.Run(network+" "+name, func(t *testing.T) {
				both.Compare(t, func(s *both.Side) (r []any) {
					tell := func(c both.IPConn, err error) {
						if err != nil {
							r = append(r, err)
							return
						}
						defer c.Close()
						r = append(r, both.Exact(c.LocalAddr()), both.Exact(c.RemoteAddr()),
							nettest.Option(s, c, unix.SOL_SOCKET, unix.SO_DOMAIN), nettest.Option(s, c, unix.SOL_SOCKET, unix.SO_PROTOCOL),
							nettest.Option(s, c, unix.SOL_SOCKET, unix.SO_BROADCAST))
					}
					tell(s.ListenIP(network, a))
					tell(s.DialIP(network, nil, a))
					tell(s.DialIP(network, a, &net.IPAddr{IP: net.IPv4(127, 0, 0, 1)}))
					tell(s.DialIP(network, a, &net.IPAddr{IP: net.IPv6loopback}))
					return r
				})
			})
		}
	}
}

// A hook must be told the same of a raw socket, and in the same order with errors.
func TestIPControlHook(t *testing.T) {
	if !nettest.RerunAlone(t) {
		return
	}
	for _, l := range [][2]string{{"ip4:icmp", "127.0.0.1"}, {"ip:icmp", ""}, {"ip:icmp", "::1"}, {"ip6:58", "::1"}} {
		both.Compare(t, func(s *both.Side) (r []any) {
			lc := net.ListenConfig{Control: func(network, address string, _ syscall.RawConn) error {
				r = append(r, network, address)
				return nil
			}}
			c, err := s.ListenPacket(lc, l[0], l[1])
			r = append(r, err)
			if err == nil {
				c.Close()
			}
			d, err := s.Dial(context.Background(), net.Dialer{Control: lc.Control}, l[0], l[1])
			r = append(r, err)
			if err == nil {
				d.Close()
			}
			return r
		})
	}
}

// A read that waits must be ended by a deadline or Close as package net's.
func TestErrorsOfIPWaiting(t *testing.T) {
	if !nettest.RerunAlone(t) {
		return
	}
	for name, r := range ipReads {
		for how, end := range map[string]func(c both.IPConn) error{
			"deadline comes":       func(c both.IPConn) error { return c.SetDeadline(time.Now().Add(10 * time.Millisecond)) },
			"deadline in the past": func(c both.IPConn) error { return c.SetReadDeadline(nettest.LongAgo) },
			"Close":                func(c both.IPConn) error { return c.Close() },
		} {
			t.Run(name+"/"+how, func(t *testing.T) {
				both.Compare(t, func(s *both.Side) []any {
					c, err := s.ListenIP("ip4:254", nil)
					require.NoError(s, err)
					defer c.Close()
					result := s.Park(func() error {
						got := r.read(c, make([]byte, 8))
						return got[len(got)-1].(error)
					})
					require.NoError(s, end(c))
					return both.Results(<-result)
				})
			})
		}
	}
}

// A raw socket must be refused to a user who may not have it, as socket(2) refuses.
func TestErrorsOfIPUnprivileged(t *testing.T) {
	if nettest.RerunUnprivileged(t) {
		both.Compare(t, func(s *both.Side) []any {
			_, err := s.ListenIP("ip4:icmp", nil)
			_, err2 := s.DialIP("ip6:58", nil, &net.IPAddr{IP: net.IPv6loopback})
			_, err3 := s.ListenPacket(net.ListenConfig{}, "ip4:icmp", "127.0.0.1")
			require.ErrorIs(s, err, syscall.EPERM)
			return both.Results(err, err2, err3)
		})
	}
}
