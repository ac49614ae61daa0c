package resolve

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// errorText is the text of an error, without what package net's own operation adds.
func errorText(err error) string {
	if err == nil {
		return ""
	}
	if op, ok := err.(*net.OpError); ok {
		return op.Err.Error()
	}
	return err.Error()
}

// FuzzNetwork compares what a network is with package net's dial without an address, which
// looks at the network first.
func FuzzNetwork(f *testing.F) {
	for _, network := range []string{"tcp", "tcp4", "tcp6", "udp", "udp4", "udp6", "unix", "unixgram", "unixpacket", "ip",
		"ip:", "ip4:1", "ip6:58", "ip4:icmp", "ip4:ICMP", "ip:tcp:6", "ip4:0x1", "ip4:+1", "ip4:01", "ip4:99999999",
		"ip4:16777215", "ip4:16777216", "ip4:-1", "", "tcp5", "TCP", "tcp:6", "ip:ipv6-icmp", "ip:K", ":", "ip::1"} {
		f.Add(network)
	}
	f.Fuzz(func(t *testing.T, network string) {
		_, _, err := Network(network)
		_, want := net.Dial(network, "")
		if text := errorText(want); text != "missing address" {
			require.Equal(t, text, errorText(err))
		} else {
			require.NoError(t, err)
		}
	})
}

// FuzzAddrs compares an address with what package net makes of it. Names are left out: to
// look them up would take more than arithmetic.
func FuzzAddrs(f *testing.F) {
	for _, address := range []string{"", ":", ":0", ":80", "127.0.0.1:80", "[::1]:80", "[fe80::1%lo]:80", "[fe80::1%1]:http",
		"127.0.0.1", "::1", "[::]:1", "0.0.0.0:1", "[::ffff:1.2.3.4]:65535", "1.2.3.4:65536", "1.2.3.4:-1", "1.2.3.4:+5",
		"[::1]", "1.2.3.4:http", "1.2.3.4:nosuch", "[::1%]:1", "[1.2.3.4%lo]:1", "fe80::1%lo", "a/b", "1.2.3.4:", "[1.2.3.4]:1",
		"01.2.3.4:1", "1.2.3:1", "[::1]:080", "1.2.3.4:0x50"} {
		for i := range families {
			f.Add(byte(i), address)
		}
	}
	f.Fuzz(func(t *testing.T, family byte, address string) {
		network := families[int(family)%len(families)]
		if !literal(network, address) {
			return
		}
		got, err := Addrs(context.Background(), net.DefaultResolver, network, address)
		want, wantErr := netResolve(network, address)
		require.Equal(t, errorText(wantErr), errorText(err))
		if err == nil {
			// Two are for a dial to [::], and which of them package net resolves to depends.
			same := slices.ContainsFunc(got, func(a net.Addr) bool {
				return a.String() == want.String() && a.Network() == want.Network()
			})
			require.True(t, same && (len(got) == 1 || ipOf(got[0]).IsUnspecified()), "%v, not %v", got, want)
		}
	})
}

var families = []string{"tcp", "tcp4", "tcp6", "udp", "udp4", "udp6", "ip:1", "ip4:1", "ip6:58", "unix", "unixgram"}

// literal reports whether an address is resolved without asking anybody: its host is one
// that net/netip can parse, or none, or it has no host for want of a port. A name of a
// service is one that is looked up in a file.
func literal(network, address string) bool {
	if strings.HasPrefix(network, "unix") || address == "" {
		return true
	}
	host := address
	if !strings.HasPrefix(network, "ip") {
		var err error
		if host, _, err = net.SplitHostPort(address); err != nil {
			return true
		}
	}
	_, err := netip.ParseAddr(host)
	return err == nil || host == ""
}

// netResolve is package net's own.
func netResolve(network, address string) (net.Addr, error) {
	switch network[:2] {
	case "tc":
		return net.ResolveTCPAddr(network, address)
	case "ud":
		return net.ResolveUDPAddr(network, address)
	case "un":
		return net.ResolveUnixAddr(network, address)
	}
	return net.ResolveIPAddr(network, address)
}
