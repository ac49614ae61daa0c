package resolve

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
)

var background = context.Background()

// text names addresses; a wildcard of no family is "any".
func text(addrs []net.Addr) string {
	var s []string
	for _, a := range addrs {
		s = append(s, a.String())
	}
	return strings.Join(s, " ")
}

// addrs is the inverse, for literals.
func addrs(t *testing.T, list string) (addrs []net.Addr) {
	t.Helper()
	for _, s := range strings.Fields(list) {
		a, err := net.ResolveTCPAddr("tcp", s)
		require.NoError(t, err)
		addrs = append(addrs, a)
	}
	return addrs
}

// For an address that needs no resolving, the first result must be the one of package
// net, or its error.
func TestLiterals(t *testing.T) {
	for _, network := range []string{"tcp", "tcp4", "tcp6"} {
		for _, address := range []string{
			"127.0.0.1:80", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:nosuchservice", ":80", ":", "[::1]:80", "[::1%lo]:80",
			"[::ffff:1.2.3.4]:80", "0.0.0.0:80", "[::]:80", "127.0.0.1", "[::1", "::1:80", "127.0.0.1:-1", "127.0.0.1:65536",
			"[::1]:65535", "[127.0.0.1]:80", "[fe80::1%nosuchzone]:80",
		} {
			want, wantErr := net.ResolveTCPAddr(network, address)
			got, err := Addrs(background, net.DefaultResolver, network, address)
			name := network + " " + address
			require.Equal(t, nettest.Describe(wantErr), nettest.Describe(err), name)
			if err == nil {
				require.NotEmpty(t, got, name)
				require.Equal(t, want.String(), got[0].String(), name)
			}
		}
	}
}

// No address at all is the wildcard to Listen and an error to Dial.
func TestNoAddress(t *testing.T) {
	got, err := Addrs(background, net.DefaultResolver, "tcp", "")
	require.NoError(t, err)
	require.Equal(t, ":0", text(got))
	_, err = ForDial(background, net.DefaultResolver, "tcp", "", nil)
	require.EqualError(t, err, "missing address")
}

// The IPv6 wildcard must be followed by IPv4's, for machines that can bind to it and
// not connect to it (golang/go#18806).
func TestWildcardFallback(t *testing.T) {
	for network, want := range map[string]string{"tcp": "[::]:80 0.0.0.0:80", "tcp4": "0.0.0.0:80", "tcp6": "[::]:80"} {
		got, err := Addrs(background, net.DefaultResolver, network, "[::]:80")
		require.NoError(t, err)
		require.Equal(t, want, text(got))
	}
}

// A name must give the addresses that suit the network, and only queries for those be
// sent.
func TestNames(t *testing.T) {
	names := map[string][]string{"dual.test.": {"192.0.2.1", "2001:db8::1"}, "four.test.": {"192.0.2.1", "192.0.2.2"}}
	tests := []struct{ network, host, want, asked string }{
		{"tcp", "dual.test.", "[2001:db8::1]:80 192.0.2.1:80", "A AAAA"},
		{"tcp4", "dual.test.", "192.0.2.1:80", "A"},
		{"tcp6", "dual.test.", "[2001:db8::1]:80", "AAAA"},
		{"tcp", "four.test.", "192.0.2.1:80 192.0.2.2:80", "A AAAA"},
		{"tcp6", "four.test.", "lookup four.test.: no such host", "AAAA"},
		{"tcp", "none.test.", "lookup none.test.: no such host", "A AAAA"},
		{"tcp", "bad..test.", "lookup bad..test.: no such host", ""},
	}
	for _, tt := range tests {
		server := nettest.NewDNS(t, names)
		got, err := Addrs(background, server.Resolver(nil), tt.network, tt.host+":80")
		result := text(got)
		if err != nil {
			dns := err.(*net.DNSError)
			require.True(t, dns.IsNotFound)
			result = "lookup " + dns.Name + ": " + dns.Err
		}
		if len(got) == 2 && tt.network == "tcp" && tt.host == "dual.test." {
			require.ElementsMatch(t, strings.Fields(tt.want), strings.Fields(result)) // sorted by what this machine can reach
		} else {
			require.Equal(t, tt.want, result, "%s %s", tt.network, tt.host)
		}
		asked := make(map[string]bool)
		for _, query := range server.Asked() {
			kind, _, _ := strings.Cut(query, " ")
			asked[kind] = true
		}
		for _, kind := range []string{"A", "AAAA"} {
			require.Equal(t, strings.Contains(" "+tt.asked+" ", " "+kind+" "), asked[kind], "%s for %s %s", kind, tt.network, tt.host)
		}
	}
}

// Only addresses that go with the local one may be left.
func TestForDial(t *testing.T) {
	v4, v6 := net.IPv4(127, 0, 0, 1), net.IPv6loopback
	tests := []struct {
		local   net.Addr
		address string
		want    string
	}{
		{nil, "[::]:80", "[::]:80 0.0.0.0:80"},
		{&net.TCPAddr{IP: v4}, "127.0.0.1:80", "127.0.0.1:80"},
		{&net.TCPAddr{IP: v6}, "[::1]:80", "[::1]:80"},
		{&net.TCPAddr{IP: v4}, "[::1]:80", "address 127.0.0.1:0: no suitable address found"},
		{&net.TCPAddr{IP: v6}, "127.0.0.1:80", "address [::1]:0: no suitable address found"},
		{&net.TCPAddr{IP: net.IP{1, 2, 3}}, "[::1]:80", "address ?010203:0: no suitable address found"},
		{&net.TCPAddr{}, "[::1]:80", "[::1]:80"},
		{&net.TCPAddr{IP: net.IPv6zero}, "127.0.0.1:80", "127.0.0.1:80"},
		{(*net.TCPAddr)(nil), "127.0.0.1:80", "127.0.0.1:80"},
		{&net.TCPAddr{IP: v4}, "[::]:80", "[::]:80 0.0.0.0:80"},
		{&net.UDPAddr{IP: v4}, "127.0.0.1:80", "address 127.0.0.1:0: mismatched local address type"},
		{&net.UnixAddr{Net: "unix", Name: "x"}, "127.0.0.1:80", "address x: mismatched local address type"},
	}
	for _, tt := range tests {
		got, err := ForDial(background, net.DefaultResolver, "tcp", tt.address, tt.local)
		result := text(got)
		if err != nil {
			result = err.Error()
		}
		require.Equal(t, tt.want, result, "%v to %s", tt.local, tt.address)
	}
}

// Dial must try the first address's family first, each in the order given.
func TestPartition(t *testing.T) {
	tests := []struct{ list, primaries, fallbacks string }{
		{"127.0.0.1:1", "127.0.0.1:1", ""},
		{"127.0.0.1:1 [::1]:1", "127.0.0.1:1", "[::1]:1"},
		{"[::1]:1 127.0.0.1:1", "[::1]:1", "127.0.0.1:1"},
		{"[::1]:1 127.0.0.1:1 [::2]:1 127.0.0.2:1", "[::1]:1 [::2]:1", "127.0.0.1:1 127.0.0.2:1"},
		{":1", ":1", ""},
	}
	for _, tt := range tests {
		primaries, fallbacks := Partition(addrs(t, tt.list))
		require.Equal(t, tt.primaries, text(primaries))
		require.Equal(t, tt.fallbacks, text(fallbacks))
	}
}

// Listen must bind to IPv4 where there is a choice.
func TestFirst(t *testing.T) {
	for list, want := range map[string]string{
		"[::1]:1":                 "[::1]:1",
		"[::1]:1 127.0.0.1:1":     "127.0.0.1:1",
		"127.0.0.1:1 127.0.0.2:1": "127.0.0.1:1",
		":1":                      ":1",
	} {
		require.Equal(t, want, fmt.Sprint(First(addrs(t, list))))
	}
}
