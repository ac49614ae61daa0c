package errors

import (
	"context"
	"errors"
	"net"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// badDials are dials that fail before anything is sent.
var badDials = []struct{ network, address string }{
	{"", "127.0.0.1:1"}, {"tcp7", "127.0.0.1:1"}, {"TCP", "127.0.0.1:1"}, {"tcp:", "127.0.0.1:1"},
	{"tcp4:6", "127.0.0.1:1"}, {":", "127.0.0.1:1"}, {"ip", "127.0.0.1"}, {"ip4", "127.0.0.1"},
	{"ip4:nosuchproto", "127.0.0.1"}, {"ip4:icmp", "127.0.0.1:1"}, {"ip4:icmp:", "127.0.0.1"},
	{"udp", ""}, {"udp4", "[::1]:1"}, {"unix", ""}, {"unix", "/nonexistent/socket"}, {"unixgram", ""},
	{"unixpacket", "/nonexistent/socket"},
	{"tcp", ""}, {"tcp", "127.0.0.1"}, {"tcp", "127.0.0.1:"}, {"tcp", ":"}, {"tcp", ":0"}, {"tcp", ":99999"},
	{"tcp", "127.0.0.1:0"}, {"tcp", "127.0.0.1:-1"}, {"tcp", "127.0.0.1:65536"}, {"tcp", "127.0.0.1:+80"},
	{"tcp", "127.0.0.1:1:2"}, {"tcp", "127.0.0.1:9999999999999999999999"}, {"tcp", "127.0.0.1:nosuchservice"},
	{"tcp", "127.0.0.1:http"}, {"tcp4", "127.0.0.1:nosuchservice"}, {"tcp6", "[::1]:nosuchservice"},
	{"tcp", "[::1"}, {"tcp", "::1]:80"}, {"tcp", "[::1]"}, {"tcp", "[::1]80"}, {"tcp", "::1:80"}, {"tcp", "[::1]]:80"},
	{"tcp", "[[::1]:80"}, {"tcp", "a]:80"}, {"tcp", "[127.0.0.1]:1"}, {"tcp", "[::1%nosuchzone]:1"},
	{"tcp", "127.0.0.1%lo:1"}, {"tcp", "..:1"}, {"tcp", "-:1"}, {"tcp", "256.0.0.1.:1"},
	{"tcp4", "[::1]:1"}, {"tcp4", "[::]:1"}, {"tcp6", "127.0.0.1:1"}, {"tcp6", "0.0.0.0:1"}, {"tcp6", "[::ffff:127.0.0.1]:1"},
	{"tcp4", "[::ffff:127.0.0.1]:1"}, {"tcp4", ""}, {"tcp6", ""},
	{"tcp", "127.0.0.1:1"}, {"tcp", "[::1]:1"}, {"tcp", ":1"}, {"tcp4", ":1"}, {"tcp6", ":1"}, {"tcp", "0.0.0.0:1"},
	{"tcp", "[::]:1"}, {"tcp", "localhost:1"}, {"tcp4", "localhost:1"}, {"tcp6", "localhost:1"},
	{"tcp", "[ff02::1]:1"}, {"tcp", "255.255.255.255:1"}, {"tcp", "127.0.0.1:tcpmux"},
}

// A dial that cannot work must fail with package net's error, and return a nil Conn.
func TestErrorsOfBadDial(t *testing.T) {
	resolver := nettest.NewDNS(t, nil).Resolver(nil)
	for _, d := range badDials {
		t.Run(d.network+" "+d.address, func(t *testing.T) {
			both.Compare(t, func(s *both.Side) []any {
				c, err := s.Dial(context.Background(), net.Dialer{Resolver: resolver}, d.network, d.address)
				return both.Results(c == nil, err)
			})
		})
	}
}

// foreignAddr is an address type that package net does not have.
type foreignAddr struct{ network string }

func (a foreignAddr) Network() string { return a.network }

func (a foreignAddr) String() string { return "foreign" }

// A local address that does not fit must be refused with package net's error.
func TestErrorsOfLocalAddr(t *testing.T) {
	v4, v6 := net.IPv4(127, 0, 0, 1), net.IPv6loopback
	tests := []struct {
		name    string
		local   net.Addr
		network string
		address string
	}{
		{"UDPAddr", &net.UDPAddr{IP: v4}, "tcp", "127.0.0.1:1"},
		{"nil UDPAddr", (*net.UDPAddr)(nil), "tcp", "127.0.0.1:1"},
		{"IPAddr", &net.IPAddr{IP: v4}, "tcp", "127.0.0.1:1"},
		{"UnixAddr", &net.UnixAddr{Net: "unix", Name: "x"}, "tcp", "127.0.0.1:1"},
		{"foreign network", foreignAddr{"foreign"}, "tcp", "127.0.0.1:1"},
		{"foreign type to wildcard", foreignAddr{"tcp"}, "tcp", ":1"},
		{"TCPAddr for unix", &net.TCPAddr{IP: v4}, "unix", "/nonexistent/socket"},
		{"nil TCPAddr", (*net.TCPAddr)(nil), "tcp", "127.0.0.1:1"},
		{"zero TCPAddr", &net.TCPAddr{}, "tcp", "127.0.0.1:1"},
		{"wildcard", &net.TCPAddr{IP: net.IPv4zero}, "tcp", "127.0.0.1:1"},
		{"wildcard of the other family", &net.TCPAddr{IP: net.IPv6zero}, "tcp", "127.0.0.1:1"},
		{"wildcard of the wrong family", &net.TCPAddr{IP: net.IPv6zero}, "tcp4", "127.0.0.1:1"},
		{"IPv4 to IPv6", &net.TCPAddr{IP: v4}, "tcp", "[::1]:1"},
		{"IPv6 to IPv4", &net.TCPAddr{IP: v6}, "tcp", "127.0.0.1:1"},
		{"IPv6 to wildcard", &net.TCPAddr{IP: v6}, "tcp", ":1"},
		{"IPv4 to IPv6 wildcard", &net.TCPAddr{IP: v4}, "tcp", "[::]:1"},
		{"IPv4 on tcp6", &net.TCPAddr{IP: v4}, "tcp6", "[::1]:1"},
		{"IPv4 on tcp6 to wildcard", &net.TCPAddr{IP: v4}, "tcp6", ":1"},
		{"IPv6 on tcp4 to wildcard", &net.TCPAddr{IP: v6}, "tcp4", ":1"},
		{"too short an IP", &net.TCPAddr{IP: net.IP{1, 2, 3}}, "tcp", "[::1]:1"},
		{"too short an IP to IPv4", &net.TCPAddr{IP: net.IP{1, 2, 3}}, "tcp", "127.0.0.1:1"},
		{"too short an IP to wildcard", &net.TCPAddr{IP: net.IP{1, 2, 3}}, "tcp", ":1"},
		{"too long an IP", &net.TCPAddr{IP: make(net.IP, 17)}, "tcp", "[::1]:1"},
		{"not local", &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1)}, "tcp", "127.0.0.1:1"},
		{"unknown zone", &net.TCPAddr{IP: v6, Zone: "nosuchzone"}, "tcp", "[::1]:1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			both.Compare(t, func(s *both.Side) []any {
				c, err := s.Dial(context.Background(), net.Dialer{LocalAddr: tt.local}, tt.network, tt.address)
				return both.Results(c == nil, err)
			})
		})
	}
}

// A local address that is taken must be refused at bind, as package net's dial is.
func TestErrorsOfTakenLocalAddr(t *testing.T) {
	both.Compare(t, func(s *both.Side) []any {
		l := s.Listener()
		c, err := s.Dial(context.Background(), net.Dialer{LocalAddr: l.Addr()}, "tcp", "127.0.0.1:1")
		return both.Results(c == nil, err)
	})
}

// DialTCP must check its arguments as package net does.
func TestErrorsOfDialTCP(t *testing.T) {
	v4, v6 := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1}, &net.TCPAddr{IP: net.IPv6loopback, Port: 1}
	any4 := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}
	tests := []struct {
		name         string
		network      string
		laddr, raddr *net.TCPAddr
	}{
		{"nothing", "tcp", nil, nil},
		{"no remote address", "tcp", any4, nil},
		{"no network", "", nil, v4},
		{"no network, no addresses", "", nil, nil},
		{"udp", "udp", any4, v4},
		{"tcp7", "tcp7", nil, v4},
		{"refused", "tcp", nil, v4},
		{"refused from", "tcp", any4, v4},
		{"tcp4 to IPv6", "tcp4", nil, v6},
		{"tcp6 to IPv4", "tcp6", nil, v4},
		{"tcp4 from IPv6", "tcp4", &net.TCPAddr{IP: net.IPv6loopback}, v4},
		{"IPv4 to IPv6", "tcp", any4, v6},
		{"zero", "tcp", nil, &net.TCPAddr{Port: 1}},
		{"too short an IP", "tcp", nil, &net.TCPAddr{IP: net.IP{1, 2, 3}, Port: 1}},
		{"too long an IP", "tcp", nil, &net.TCPAddr{IP: make(net.IP, 17), Port: 1}},
		{"port out of range", "tcp", nil, &net.TCPAddr{IP: v4.IP, Port: 70000}},
		{"port below 0", "tcp", nil, &net.TCPAddr{IP: v4.IP, Port: -1}},
		{"local port out of range", "tcp", &net.TCPAddr{IP: v4.IP, Port: 70000}, v4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			both.Compare(t, func(s *both.Side) []any {
				_, err := s.DialTCP(tt.network, tt.laddr, tt.raddr)
				return both.Results(err)
			})
		})
	}
}

// A dial whose time is over before it begins must say so, whatever sets the time.
func TestErrorsOfLateDial(t *testing.T) {
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	expired, cancel := context.WithDeadline(context.Background(), nettest.LongAgo)
	defer cancel()
	withCause, cancelCause := context.WithCancelCause(context.Background())
	cancelCause(errors.New("cause"))
	closed := make(chan struct{})
	close(closed)
	refused := nettest.Refuse(t, "tcp4")

	tests := []struct {
		name   string
		ctx    context.Context
		dialer net.Dialer
	}{
		{"Timeout below 0", context.Background(), net.Dialer{Timeout: -1}},
		{"Timeout of 1 ns", context.Background(), net.Dialer{Timeout: 1}},
		{"Timeout past the Deadline", context.Background(), net.Dialer{Timeout: time.Hour, Deadline: nettest.LongAgo}},
		{"Deadline", context.Background(), net.Dialer{Deadline: nettest.LongAgo}},
		{"context canceled", canceled, net.Dialer{}},
		{"context expired", expired, net.Dialer{}},
		{"context canceled with a cause", withCause, net.Dialer{}},
		{"context canceled, Deadline past", canceled, net.Dialer{Deadline: nettest.LongAgo}},
		{"context expired, LocalAddr", expired, net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}}},
		{"Cancel closed and context expired", expired, net.Dialer{Cancel: closed}},
	}
	for _, tt := range tests {
		for _, network := range []string{"tcp", "tcp4", "udp"} {
			t.Run(tt.name+"/"+network, func(t *testing.T) {
				both.Compare(t, func(s *both.Side) []any {
					if network == "udp" {
						tt.dialer.LocalAddr = nil
					}
					c, err := s.Dial(tt.ctx, tt.dialer, network, refused)
					return both.Results(c == nil, err)
				})
			})
		}
	}
}

// A dial that is given up while it hangs must fail with what gave it up.
func TestErrorsOfHangingDial(t *testing.T) {
	hung := nettest.Hang(t, "tcp4")
	const soon = 20 * time.Millisecond
	tests := []struct {
		name   string
		dialer func() net.Dialer
		ctx    func() (context.Context, context.CancelFunc)
	}{
		{"Timeout", func() net.Dialer { return net.Dialer{Timeout: soon} }, nil},
		{"Deadline", func() net.Dialer { return net.Dialer{Deadline: time.Now().Add(soon)} }, nil},
		{"Cancel", func() net.Dialer {
			cancel := make(chan struct{})
			time.AfterFunc(soon, func() { close(cancel) })
			return net.Dialer{Cancel: cancel}
		}, nil},
		{"context canceled", nil, func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(soon, cancel)
			return ctx, cancel
		}},
		{"context deadline", nil, func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(context.Background(), soon)
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			both.Compare(t, func(s *both.Side) []any {
				d, ctx := net.Dialer{}, context.Background()
				if tt.dialer != nil {
					d = tt.dialer()
				}
				if tt.ctx != nil {
					var cancel context.CancelFunc
					ctx, cancel = tt.ctx()
					defer cancel()
				}
				c, err := s.Dial(ctx, d, "tcp", hung)
				if s.Std {
					err = nettest.LikeContext(err)
				}
				return both.Results(c == nil, err)
			})
		})
	}
}

// A nil context must panic with package net's words.
func TestNilContext(t *testing.T) {
	var nilContext context.Context
	for _, network := range []string{"tcp", "udp", "nonsense"} {
		both.Compare(t, func(s *both.Side) []any {
			return both.Results(both.Panics(func() { s.Dial(nilContext, net.Dialer{}, network, "127.0.0.1:1") }))
		})
	}
	both.Compare(t, func(s *both.Side) []any {
		l, err := s.Listen(nilContext, net.ListenConfig{}, "tcp", "127.0.0.1:0")
		require.NoError(s, err)
		return both.Results(l.Close())
	})
}

// The error that a Control hook returns must come out of the dial as it is, inside an OpError.
func TestErrorsOfControl(t *testing.T) {
	for _, hookErr := range []error{errors.New("no"), syscall.EPERM, &net.OpError{Op: "x", Err: syscall.EPERM}} {
		control := func(string, string, syscall.RawConn) error { return hookErr }
		both.Compare(t, func(s *both.Side) []any {
			_, err := s.Dial(context.Background(), net.Dialer{Control: control}, "tcp", "127.0.0.1:1")
			return both.Results(err)
		})
		both.Compare(t, func(s *both.Side) []any {
			_, err := s.Listen(context.Background(), net.ListenConfig{Control: control}, "tcp", "127.0.0.1:0")
			return both.Results(err)
		})
	}
}

// If this fails, a dial that is over at once has not seen that its context was.
func TestDialCanceledByItsHook(t *testing.T) {
	both.Compare(t, func(s *both.Side) []any {
		ctx, cancel := context.WithCancel(context.Background())
		d := net.Dialer{Control: func(string, string, syscall.RawConn) error { cancel(); return nil }}
		_, err := s.Dial(ctx, d, "udp", "127.0.0.1:1")
		return both.Results(err)
	})
}

// A Control hook must be able to use the socket, but not to wait for it.
func TestRawConnInControl(t *testing.T) {
	use := func(r *[]any) func(network, address string, c syscall.RawConn) error {
		return func(network, address string, c syscall.RawConn) error {
			calls := 0
			*r = append(*r, network, address,
				c.Control(func(uintptr) { calls++ }),
				c.Read(func(uintptr) bool { calls++; return true }),
				c.Write(func(uintptr) bool { calls++; return true }),
				c.Read(func(uintptr) bool { calls++; return false }),
				c.Write(func(uintptr) bool { calls++; return false }), calls)
			return nil
		}
	}
	both.Compare(t, func(s *both.Side) (r []any) {
		_, err := s.Dial(context.Background(), net.Dialer{Control: use(&r)}, "tcp", "127.0.0.1:1")
		return append(r, err)
	})
	both.Compare(t, func(s *both.Side) (r []any) {
		l, err := s.Listen(context.Background(), net.ListenConfig{Control: use(&r)}, "tcp", "127.0.0.1:0")
		require.NoError(s, err)
		return append(r, l.Close())
	})
}

// If this fails, a Control hook that panics, or that ends its goroutine, as t.FailNow does,
// leaves its socket open. (Package net's does.)
func TestControlThatDoesNotReturn(t *testing.T) {
	t.Chdir(t.TempDir())
	calls := map[string]func(hook func(string, string, syscall.RawConn) error){}
	for network, address := range map[string]string{"tcp": "127.0.0.1:1", "udp": "127.0.0.1:1", "unix": "server", "unixgram": "server"} {
		calls["dial "+network] = func(hook func(string, string, syscall.RawConn) error) {
			(&netpoller.Dialer{Control: hook}).Dial(network, address)
		}
	}
	for network, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": "listener", "unixpacket": "packets"} {
		calls["listen "+network] = func(hook func(string, string, syscall.RawConn) error) {
			(&netpoller.ListenConfig{Control: hook}).Listen(context.Background(), network, address)
		}
	}
	for network, address := range map[string]string{"udp": "127.0.0.1:0", "unixgram": "datagrams"} {
		calls["listen "+network] = func(hook func(string, string, syscall.RawConn) error) {
			(&netpoller.ListenConfig{Control: hook}).ListenPacket(context.Background(), network, address)
		}
	}
	for name, call := range calls {
		for how, leave := range map[string]func(uintptr){
			"panic": func(uintptr) { panic("hook") }, "Goexit": func(uintptr) { runtime.Goexit() },
		} {
			t.Run(name+"/"+how, func(t *testing.T) {
				nettest.NoFDsLeft(t)
				called, done := false, make(chan any)
				go func() {
					defer func() { done <- recover() }()
					call(func(_, _ string, c syscall.RawConn) error {
						called = true
						return c.Control(leave)
					})
				}()
				require.Equal(t, map[string]any{"panic": "hook", "Goexit": nil}[how], <-done)
				require.True(t, called)
			})
		}
	}
}
