package errors

import (
	"context"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// badListens are listens that fail, or may.
var badListens = []struct{ network, address string }{
	{"", "127.0.0.1:0"}, {"tcp7", "127.0.0.1:0"}, {"tcp:", "127.0.0.1:0"}, {"ip4:icmp", "127.0.0.1"}, {"ip4", "127.0.0.1"},
	{"udp", "127.0.0.1:0"}, {"udp4", ""}, {"unixgram", "/nonexistent/socket"}, {"unix", "/nonexistent/socket"},
	{"unixpacket", "/nonexistent/socket"}, {"ip4:nosuchproto", "127.0.0.1"},
	{"tcp", "127.0.0.1"}, {"tcp", ":99999"}, {"tcp", "127.0.0.1:-1"}, {"tcp", "[::1"}, {"tcp", "::1:80"}, {"tcp", "[::1]80"},
	{"tcp", "127.0.0.1:nosuchservice"}, {"tcp", "127.0.0.1%lo:0"}, {"tcp", "[::1%nosuchzone]:0"}, {"tcp", "..:0"},
	{"tcp4", "[::1]:0"}, {"tcp4", "[::]:0"}, {"tcp6", "127.0.0.1:0"}, {"tcp6", "0.0.0.0:0"}, {"tcp6", "[::ffff:127.0.0.1]:0"},
	{"tcp", "192.0.2.1:0"}, {"tcp4", "192.0.2.1:0"}, {"tcp", "[2001:db8::1]:0"}, {"tcp", "[ff02::1]:0"}, {"tcp", "224.0.0.1:0"},
}

// A listen that cannot work must fail with package net's error, and return a nil
// Listener.
func TestErrorsOfBadListen(t *testing.T) {
	for _, l := range badListens {
		t.Run(l.network+" "+l.address, func(t *testing.T) {
			both.Compare(t, func(s *both.Side) []any {
				l, err := s.Listen(context.Background(), net.ListenConfig{}, l.network, l.address)
				if err == nil {
					defer l.Close()
				}
				return both.Results(l == nil, err)
			})
		})
	}
}

// An address in use must be refused at bind, for a name and for the wildcard.
func TestErrorsOfListenInUse(t *testing.T) {
	for _, network := range []string{"tcp", "tcp4"} {
		both.Compare(t, func(s *both.Side) []any {
			address := s.Listener().Addr().String()
			_, err := s.Listen(context.Background(), net.ListenConfig{}, network, address)
			_, port, _ := net.SplitHostPort(address)
			_, err2 := s.Listen(context.Background(), net.ListenConfig{}, network, ":"+port)
			return both.Results(err, err2)
		})
	}
}

// ListenTCP must check its arguments as package net does.
func TestErrorsOfListenTCP(t *testing.T) {
	v4, v6 := net.IPv4(127, 0, 0, 1), net.IPv6loopback
	tests := []struct {
		name    string
		network string
		laddr   *net.TCPAddr
	}{
		{"no network", "", &net.TCPAddr{IP: v4}},
		{"no network, no address", "", nil},
		{"udp", "udp", nil},
		{"no address", "tcp", nil},
		{"no address, tcp4", "tcp4", nil},
		{"no address, tcp6", "tcp6", nil},
		{"tcp4 on IPv6", "tcp4", &net.TCPAddr{IP: v6}},
		{"tcp6 on IPv4", "tcp6", &net.TCPAddr{IP: v4}},
		{"tcp6 on the IPv4 wildcard", "tcp6", &net.TCPAddr{IP: net.IPv4zero}},
		{"not local", "tcp", &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}},
		{"too short an IP", "tcp", &net.TCPAddr{IP: net.IP{1, 2, 3}}},
		{"too long an IP", "tcp", &net.TCPAddr{IP: make(net.IP, 17)}},
		{"port out of range", "tcp", &net.TCPAddr{IP: v4, Port: 70000}},
		{"zone", "tcp", &net.TCPAddr{IP: v6, Zone: "nosuchzone"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			both.Compare(t, func(s *both.Side) []any {
				l, err := s.ListenTCP(tt.network, tt.laddr)
				if err != nil {
					return both.Results(err)
				}
				defer l.Close()
				return both.Results(l.Addr())
			})
		})
	}
}

// A port below 1024 must be refused to a user who may not have it, as bind(2) refuses.
func TestErrorsOfListenPrivileged(t *testing.T) {
	const address = "127.0.0.1:1"
	if b, err := os.ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start"); err == nil && string(b) == "0\n" {
		t.Skip("every port is free to all here")
	}
	if nettest.RerunUnprivileged(t) {
		both.Compare(t, func(s *both.Side) []any {
			_, err := s.Listen(context.Background(), net.ListenConfig{}, "tcp", address)
			require.ErrorIs(s, err, syscall.EACCES)
			return both.Results(err)
		})
	}
}

// Accept must fail alike however it is ended: by a deadline while it waits or before,
// or by Close.
func TestErrorsOfAccept(t *testing.T) {
	tests := []struct {
		name string
		end  func(l both.TCPListener)
	}{
		{"deadline comes", func(l both.TCPListener) { l.SetDeadline(time.Now().Add(10 * time.Millisecond)) }},
		{"deadline in the past", func(l both.TCPListener) { l.SetDeadline(nettest.LongAgo) }},
		{"Close", func(l both.TCPListener) { l.Close() }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			both.Compare(t, func(s *both.Side) []any {
				l := s.Listener()
				result := make(chan []any)
				go func() {
					c, err := l.Accept()
					result <- both.Results(c == nil, err)
				}()
				time.Sleep(5 * time.Millisecond) // most likely it waits by now
				tt.end(l)
				return <-result
			})
		})
	}
}

// A backlog below 0, which package net has not, must be a clear error of the listen.
func TestNegativeBacklog(t *testing.T) {
	lc := netpoller.ListenConfig{Backlog: -1}
	_, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	require.EqualError(t, err, "listen tcp 127.0.0.1:0: negative backlog")
	var op *net.OpError
	require.ErrorAs(t, err, &op)
	require.Equal(t, "listen", op.Op)
}
