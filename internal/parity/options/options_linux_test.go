package options

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// options are the socket options that we or package net set, or could set by mistake.
var options = []struct {
	name          string
	level, option int
}{
	{"SO_TYPE", unix.SOL_SOCKET, unix.SO_TYPE},
	{"SO_DOMAIN", unix.SOL_SOCKET, unix.SO_DOMAIN},
	{"SO_PROTOCOL", unix.SOL_SOCKET, unix.SO_PROTOCOL},
	{"SO_ACCEPTCONN", unix.SOL_SOCKET, unix.SO_ACCEPTCONN},
	{"SO_REUSEADDR", unix.SOL_SOCKET, unix.SO_REUSEADDR},
	{"SO_REUSEPORT", unix.SOL_SOCKET, unix.SO_REUSEPORT},
	{"SO_BROADCAST", unix.SOL_SOCKET, unix.SO_BROADCAST},
	{"SO_LINGER", unix.SOL_SOCKET, unix.SO_LINGER},
	{"SO_OOBINLINE", unix.SOL_SOCKET, unix.SO_OOBINLINE},
	{"SO_KEEPALIVE", unix.SOL_SOCKET, unix.SO_KEEPALIVE},
	{"TCP_KEEPIDLE", unix.IPPROTO_TCP, unix.TCP_KEEPIDLE},
	{"TCP_KEEPINTVL", unix.IPPROTO_TCP, unix.TCP_KEEPINTVL},
	{"TCP_KEEPCNT", unix.IPPROTO_TCP, unix.TCP_KEEPCNT},
	{"TCP_NODELAY", unix.IPPROTO_TCP, unix.TCP_NODELAY},
	{"TCP_USER_TIMEOUT", unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT},
	{"TCP_DEFER_ACCEPT", unix.IPPROTO_TCP, unix.TCP_DEFER_ACCEPT},
	{"IPV6_V6ONLY", unix.IPPROTO_IPV6, unix.IPV6_V6ONLY},
}

// passedOn are the options that our listeners have for the connections that they accept, and
// package net's have not (divergences.md).
var passedOn = []string{"SO_KEEPALIVE", "TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_NODELAY"}

// optionsOfListener is optionsOf without those.
func optionsOfListener(s *both.Side, l syscall.Conn) []any {
	s.Helper()
	return slices.DeleteFunc(optionsOf(s, l), func(o any) bool {
		name, _, _ := strings.Cut(o.(string), "=")
		return slices.Contains(passedOn, name)
	})
}

// optionsOf returns a socket's options and descriptor flags, and what getsockopt says
// of those that it has not.
func optionsOf(s *both.Side, c syscall.Conn) (r []any) {
	s.Helper()
	raw, err := c.SyscallConn()
	require.NoError(s, err)
	require.NoError(s, raw.Control(func(fd uintptr) {
		for _, o := range options {
			value, err := unix.GetsockoptInt(int(fd), o.level, o.option)
			r = append(r, fmt.Sprintf("%s=%d %v", o.name, value, err))
		}
		status, err := unix.FcntlInt(fd, unix.F_GETFL, 0)
		r = append(r, fmt.Sprintf("flags=%#x %v", status, err))
		flags, err := unix.FcntlInt(fd, unix.F_GETFD, 0)
		r = append(r, fmt.Sprintf("FD_CLOEXEC=%d %v", flags, err))
	}))
	return r
}

// Dialed, listening and accepted sockets must have the very options that package net
// gives them, for each way to ask for keep-alive probes, and whether the ends speak Multipath
// TCP or not.
func TestSocketOptions(t *testing.T) {
	type config = net.KeepAliveConfig
	tests := []struct {
		keepAlive time.Duration
		config    config
	}{
		{0, config{}},
		{-1, config{}},
		{7 * time.Second, config{}},
		{1500 * time.Millisecond, config{}},
		{1, config{}},
		{-1, config{Enable: true}},
		{time.Hour, config{Enable: true, Idle: 3 * time.Second, Interval: 5 * time.Second, Count: 2}},
		{0, config{Enable: true, Idle: -1, Interval: -1, Count: -1}},
		{0, config{Enable: true, Idle: -1, Interval: 2 * time.Second}},
		{0, config{Enable: true, Idle: 2500 * time.Millisecond, Interval: 1, Count: -1}},
		{0, config{Enable: true, Idle: 1e6 * time.Second, Interval: 1e6 * time.Second, Count: 1e6}}, // too much
		{7 * time.Second, config{Enable: false, Idle: 3 * time.Second, Count: 2}},
		{-1, config{Enable: false, Idle: 3 * time.Second}},
	}
	for _, tt := range tests {
		for _, address := range []string{"127.0.0.1:0", "[::1]:0", ":0", "mptcp 127.0.0.1:0", "mptcp [::1]:0", "mptcp :0"} {
			t.Run(fmt.Sprint(tt.keepAlive, tt.config, address), func(t *testing.T) {
				both.Compare(t, func(s *both.Side) []any {
					address, multipath := strings.CutPrefix(address, "mptcp ")
					l, err := s.Listen(context.Background(), net.ListenConfig{KeepAlive: tt.keepAlive, KeepAliveConfig: tt.config}, "tcp", address)
					require.NoError(s, err)
					defer l.Close()
					d := net.Dialer{KeepAlive: tt.keepAlive, KeepAliveConfig: tt.config}
					d.SetMultipathTCP(multipath)
					dialed, err := s.Dial(context.Background(), d, "tcp", l.Addr().String())
					require.NoError(s, err)
					defer nettest.Abort(dialed)
					accepted, err := l.Accept()
					require.NoError(s, err)
					defer nettest.Abort(accepted)
					return both.Results(optionsOf(s, dialed.(both.TCPConn)), optionsOf(s, accepted.(both.TCPConn)), optionsOfListener(s, l.(both.TCPListener)))
				})
			})
		}
	}
}

// An option that a hook or another owner of the listener has set must stay or be replaced at its
// connections where package net keeps or replaces it, whenever it was set.
func TestOptionsThatOthersSetOnAListener(t *testing.T) {
	values := map[string]int{"TCP_KEEPIDLE": 77, "TCP_KEEPINTVL": 33, "TCP_KEEPCNT": 5} // and 0
	set := func(fd uintptr) {
		for _, o := range options {
			if slices.Contains(passedOn, o.name) {
				_ = unix.SetsockoptInt(int(fd), o.level, o.option, values[o.name]) // Multipath TCP may not have it
			}
		}
	}
	for who, change := range map[string]func(s *both.Side, l both.TCPListener){
		"a hook": nil,
		"RawConn": func(s *both.Side, l both.TCPListener) {
			raw, err := l.SyscallConn()
			require.NoError(s, err)
			require.NoError(s, raw.Control(set))
		},
		"an owner of the File": func(s *both.Side, l both.TCPListener) { set(s.FileOf(l.(both.FileMaker)).Fd()) },
	} {
		for _, config := range []net.KeepAliveConfig{{}, {Enable: true, Idle: -1, Interval: -1, Count: -1}, {Enable: true, Count: 3}} {
			for _, keepAlive := range []time.Duration{0, -1} {
				for _, multipath := range []bool{false, true} {
					t.Run(fmt.Sprint(who, config, keepAlive, multipath), func(t *testing.T) {
						both.Compare(t, func(s *both.Side) (r []any) {
							lc := net.ListenConfig{KeepAlive: keepAlive, KeepAliveConfig: config}
							lc.SetMultipathTCP(multipath)
							if change == nil {
								lc.Control = func(_, _ string, c syscall.RawConn) error { return c.Control(set) }
							}
							l, err := s.Listen(context.Background(), lc, "tcp", "127.0.0.1:0")
							require.NoError(s, err)
							defer l.Close()
							for i := range 3 {
								if i == 1 && change != nil {
									change(s, l.(both.TCPListener))
								}
								dialed, err := s.Dial(context.Background(), net.Dialer{}, "tcp", l.Addr().String())
								require.NoError(s, err)
								defer nettest.Abort(dialed)
								accepted, err := l.Accept()
								require.NoError(s, err)
								defer nettest.Abort(accepted)
								r = append(r, optionsOf(s, accepted.(both.TCPConn))...)
							}
							return r
						})
					})
				}
			}
		}
	}
}

// The setters must set what package net's set.
func TestSetters(t *testing.T) {
	setters := map[string]func(c both.TCPConn) error{
		"SetNoDelay off":          func(c both.TCPConn) error { return c.SetNoDelay(false) },
		"SetKeepAlive off":        func(c both.TCPConn) error { return c.SetKeepAlive(false) },
		"SetKeepAlivePeriod":      func(c both.TCPConn) error { return c.SetKeepAlivePeriod(90 * time.Second) },
		"SetKeepAlivePeriod 1 ns": func(c both.TCPConn) error { return c.SetKeepAlivePeriod(1) },
		"SetKeepAlivePeriod 0":    func(c both.TCPConn) error { return c.SetKeepAlivePeriod(0) },
		"SetKeepAlivePeriod -1":   func(c both.TCPConn) error { return c.SetKeepAlivePeriod(-1) },
		"SetKeepAliveConfig off":  func(c both.TCPConn) error { return c.SetKeepAliveConfig(net.KeepAliveConfig{}) },
		"SetKeepAliveConfig count only": func(c both.TCPConn) error {
			return c.SetKeepAliveConfig(net.KeepAliveConfig{Idle: -1, Interval: -1, Count: 4})
		},
		"SetLinger 0":  func(c both.TCPConn) error { return c.SetLinger(0) },
		"SetLinger 5":  func(c both.TCPConn) error { return c.SetLinger(5) },
		"SetLinger -1": func(c both.TCPConn) error { return c.SetLinger(-1) },
	}
	for name, set := range setters {
		t.Run(name, func(t *testing.T) {
			both.Compare(t, func(s *both.Side) []any {
				c, _ := s.Pair()
				err := set(c)
				return append(optionsOf(s, c), err)
			})
		})
	}
}

// SetReadBuffer and SetWriteBuffer must reach the kernel, as package net's do.
func TestSetBuffers(t *testing.T) {
	for _, size := range []int{-1, 0, 1, 4096, 100_000, 1 << 30} {
		both.Compare(t, func(s *both.Side) []any {
			c, _ := s.Pair()
			r := both.Results(c.SetReadBuffer(size), c.SetWriteBuffer(size))
			raw, err := c.SyscallConn()
			require.NoError(s, err)
			require.NoError(s, raw.Control(func(fd uintptr) {
				receive, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF)
				require.NoError(s, err)
				send, err := unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_SNDBUF)
				require.NoError(s, err)
				r = append(r, receive, send)
			}))
			return r
		})
	}
}

// loopback is the address of this machine, for each network.
var loopback = map[string]string{"tcp4": "127.0.0.1", "tcp6": "::1"}

// Multipath TCP must be asked for, used and reported where package net does, for every
// choice of either end.
func TestMultipathTCP(t *testing.T) {
	choices := map[string]func(set func(bool)){
		"default": func(func(bool)) {},
		"on":      func(set func(bool)) { set(true) },
		"off":     func(set func(bool)) { set(false) },
	}
	for listens, setListener := range choices {
		for dials, setDialer := range choices {
			for _, network := range []string{"tcp4", "tcp6"} {
				t.Run(fmt.Sprintf("listener %s, dialer %s, %s", listens, dials, network), func(t *testing.T) {
					both.Compare(t, func(s *both.Side) []any {
						var lc net.ListenConfig
						setListener(lc.SetMultipathTCP)
						l, err := s.Listen(context.Background(), lc, network, ":0")
						require.NoError(s, err)
						defer l.Close()
						var d net.Dialer
						setDialer(d.SetMultipathTCP)
						_, port, _ := net.SplitHostPort(l.Addr().String())
						dialed, err := s.Dial(context.Background(), d, network, net.JoinHostPort(loopback[network], port))
						require.NoError(s, err)
						defer nettest.Abort(dialed)
						accepted, err := l.Accept()
						require.NoError(s, err)
						defer nettest.Abort(accepted)
						d1, err1 := dialed.(both.TCPConn).MultipathTCP()
						d2, err2 := accepted.(both.TCPConn).MultipathTCP()
						return both.Results(lc.MultipathTCP(), d.MultipathTCP(), d1, err1, d2, err2,
							optionsOf(s, dialed.(both.TCPConn)), optionsOf(s, accepted.(both.TCPConn)))
					})
				})
			}
		}
	}
}

// The settings themselves must have package net's defaults.
func TestMultipathTCPDefaults(t *testing.T) {
	var theirs net.ListenConfig
	var ours netpoller.ListenConfig
	require.Equal(t, theirs.MultipathTCP(), ours.MultipathTCP())
	ours.SetMultipathTCP(false)
	require.False(t, ours.MultipathTCP())
	ours.SetMultipathTCP(true)
	require.True(t, ours.MultipathTCP())

	var d netpoller.Dialer
	require.Equal(t, new(net.Dialer).MultipathTCP(), d.MultipathTCP())
	d.SetMultipathTCP(true)
	require.True(t, d.MultipathTCP())
	d.SetMultipathTCP(false)
	require.False(t, d.MultipathTCP())
}

// The setting of GODEBUG for Multipath TCP must count as with package net, wherever nothing else
// is set: at listeners, at dials, and at the functions that have no settings.
func TestMultipathTCPOfGODEBUG(t *testing.T) {
	type setting interface {
		MultipathTCP() bool
		SetMultipathTCP(bool)
	}
	for _, value := range []string{"", "0", "1", "2", "3", "yes"} {
		t.Run("multipathtcp="+value, func(t *testing.T) {
			t.Setenv("GODEBUG", "multipathtcp="+value)
			both.Compare(t, func(s *both.Side) (r []any) {
				listen, dial, dialTCP := netpoller.Listen, netpoller.Dial, func(a *net.TCPAddr) (both.TCPConn, error) {
					return netpoller.DialTCP("tcp", nil, a)
				}
				lc, d := setting(new(netpoller.ListenConfig)), setting(new(netpoller.Dialer))
				if s.Std {
					listen, dial, dialTCP = net.Listen, net.Dial, func(a *net.TCPAddr) (both.TCPConn, error) {
						return net.DialTCP("tcp", nil, a)
					}
					lc, d = new(net.ListenConfig), new(net.Dialer)
				}
				for _, c := range []setting{lc, d} {
					r = append(r, c.MultipathTCP())
					c.SetMultipathTCP(true)
					r = append(r, c.MultipathTCP())
					c.SetMultipathTCP(false)
					r = append(r, c.MultipathTCP())
				}
				protocol := func(c any) int { return nettest.Option(s, c.(syscall.Conn), unix.SOL_SOCKET, unix.SO_PROTOCOL) }
				l, err := listen("tcp", "127.0.0.1:0")
				require.NoError(s, err)
				defer l.Close()
				dialed, err := dial("tcp", l.Addr().String())
				require.NoError(s, err)
				defer nettest.Abort(dialed)
				other, err := dialTCP(l.Addr().(*net.TCPAddr))
				require.NoError(s, err)
				defer nettest.Abort(other)
				accepted, err := l.Accept()
				require.NoError(s, err)
				defer nettest.Abort(accepted)
				return append(r, protocol(l), protocol(dialed), protocol(other), protocol(accepted))
			})
		})
	}
}
