package tcp

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// hole are the commands that make a network which answers for its own addresses, those
// that end in 1, and drops what is sent to others; and a second one, 192.0.2.0/24, where
// others are looked for and nobody answers.
var hole = []string{
	"ip link add near type veth peer name far",
	"ip link set near arp off",
	"ip link set near addrgenmode none",
	"ip link set near up",
	"ip link set far up",
	"ip addr add 198.51.100.1/24 dev near",
	"ip addr add 2001:db8::1/64 dev near nodad",
	"ip addr add fd00::1/64 dev near nodad",
	"tc qdisc add dev near root blackhole",
	"ip link add quiet type veth peer name mute",
	"ip link set quiet up",
	"ip link set mute up",
	"ip addr add 192.0.2.1/24 dev quiet",
	"echo 100 > /proc/sys/net/ipv4/neigh/quiet/mcast_solicit", // for 100 s
}

// holeNames are hosts in that network. Package net, which sorts a host's addresses,
// puts those of 2001:db8::/32 before IPv4's and those of fd00::/8 behind them.
var holeNames = map[string][]string{
	"two.test.":     {"198.51.100.2", "198.51.100.3"},
	"third.test.":   {"198.51.100.2", "198.51.100.3", "198.51.100.1"},
	"both.test.":    {"198.51.100.2", "2001:db8::2"},
	"no-six.test.":  {"198.51.100.1", "2001:db8::2"},
	"no-four.test.": {"198.51.100.2", "fd00::1"},
	"near.test.":    {"198.51.100.1", "2001:db8::1"},
	"ula.test.":     {"198.51.100.1", "fd00::1"},
}

// An attempt is an address that a dial tried, and when.
type attempt struct {
	address string
	after   time.Duration
}

// attempts notes what a dial tries.
type attempts struct {
	mu    sync.Mutex
	start time.Time
	tried []attempt
}

// control is a Control hook that notes the address.
func (a *attempts) control(_, address string, _ syscall.RawConn) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tried = append(a.tried, attempt{address, time.Since(a.start)})
	return nil
}

// count returns how many addresses were tried.
func (a *attempts) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.tried)
}

// waysToGiveUp are what ends a dial soon: the error, and what puts it into the settings
// and returns the context.
var waysToGiveUp = map[string]struct {
	want error
	set  func(d *net.Dialer, soon time.Duration) context.Context
}{
	"Timeout": {context.DeadlineExceeded, func(d *net.Dialer, soon time.Duration) context.Context {
		d.Timeout = soon
		return context.Background()
	}},
	"Deadline": {context.DeadlineExceeded, func(d *net.Dialer, soon time.Duration) context.Context {
		d.Deadline = time.Now().Add(soon)
		return context.Background()
	}},
	"Timeout, the Deadline is later": {context.DeadlineExceeded, func(d *net.Dialer, soon time.Duration) context.Context {
		d.Timeout, d.Deadline = soon, time.Now().Add(time.Hour)
		return context.Background()
	}},
	"Cancel": {context.Canceled, func(d *net.Dialer, soon time.Duration) context.Context {
		cancel := make(chan struct{})
		d.Timeout, d.Cancel = time.Hour, cancel
		time.AfterFunc(soon, func() { close(cancel) })
		return context.Background()
	}},
	"context canceled": {context.Canceled, func(_ *net.Dialer, soon time.Duration) context.Context {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(soon, cancel)
		return ctx
	}},
	"context's deadline": {context.DeadlineExceeded, func(d *net.Dialer, soon time.Duration) context.Context {
		ctx, cancel := context.WithTimeout(context.Background(), soon)
		time.AfterFunc(time.Minute, cancel)
		d.Timeout = time.Hour
		return ctx
	}},
}

// If this fails, a dial that hears nothing is not ended by what the program set, at
// some stage of it, or with another error than package net's.
func TestDialIntoHoleIsGivenUp(t *testing.T) {
	if !nettest.RerunAlone(t, hole...) {
		return
	}
	known := nettest.NewDNS(t, holeNames).Resolver(nil)
	lost := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, "198.51.100.2:53")
	}}
	stages := []struct {
		name, network, address string
		resolver               *net.Resolver
		tried                  int // addresses, when the stage is reached
	}{
		{"resolving", "tcp", "two.test.:1", lost, 0},
		{"connecting", "tcp", "198.51.100.2:1", known, 1},
		{"connecting, IPv6", "tcp6", "[2001:db8::2]:1", known, 1},
		{"looking for the neighbor", "tcp", "192.0.2.2:1", known, 1},
		{"racing", "tcp", "both.test.:1", known, 2},
	}
	for _, stage := range stages {
		for name, way := range waysToGiveUp {
			t.Run(stage.name+"/"+name, func(t *testing.T) {
				both.Compare(t, func(s *both.Side) []any {
					for soon := 50 * time.Millisecond; ; soon *= 2 {
						var a attempts
						d := net.Dialer{Resolver: stage.resolver, FallbackDelay: 1, Control: a.control}
						ctx := way.set(&d, soon)
						c, err := s.Dial(ctx, d, stage.network, stage.address)
						require.ErrorIs(s, likeContext(s, err), way.want)
						if a.count() == stage.tried || soon > nettest.Patience {
							return both.Results(c == nil, err)
						}
					}
				})
			})
		}
	}
}

// likeContext is nettest.LikeContext for package net's side.
func likeContext(s *both.Side, err error) error {
	if s.Std {
		return nettest.LikeContext(err)
	}
	return err
}

// If this fails, a dial that the kernel ends, long before its own Timeout, does not
// report what the kernel says.
func TestDialIntoHoleIsEndedByKernel(t *testing.T) {
	if !nettest.RerunAlone(t, hole...) {
		return
	}
	require.NoError(t, os.WriteFile("/proc/sys/net/ipv4/neigh/quiet/mcast_solicit", []byte("1"), 0))
	tests := []struct {
		name    string
		address string
		dialer  net.Dialer
		want    error
	}{
		{"TCP_USER_TIMEOUT", "198.51.100.2:1", net.Dialer{Control: both.UserTimeout(time.Second / 2)}, syscall.ETIMEDOUT},
		{"TCP_USER_TIMEOUT, IPv6", "[2001:db8::2]:1", net.Dialer{Control: both.UserTimeout(time.Second / 2)}, syscall.ETIMEDOUT},
		{"no neighbor", "192.0.2.2:1", net.Dialer{}, syscall.EHOSTUNREACH},
		{"no route", "203.0.113.1:1", net.Dialer{}, syscall.ENETUNREACH},
		{"no route, IPv6", "[2001:db8:1::1]:1", net.Dialer{}, syscall.ENETUNREACH},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			both.Compare(t, func(s *both.Side) []any {
				tt.dialer.Timeout = time.Minute
				c, err := s.Dial(context.Background(), tt.dialer, "tcp", tt.address)
				require.ErrorIs(s, err, tt.want)
				return both.Results(c == nil, err)
			})
		})
	}
}

// If this fails, an address that does not answer uses up the time of those after it, or
// of the time there is less is used than there is.
func TestDialSharesItsTime(t *testing.T) {
	if !nettest.RerunAlone(t, hole...) {
		return
	}
	resolver := nettest.NewDNS(t, holeNames).Resolver(nil)
	l, err := net.Listen("tcp", "198.51.100.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	port := l.Addr().(*net.TCPAddr).Port

	// With 2 s at least for each while that lasts.
	tests := []struct {
		name, host string
		way        string // to give up
		limit      time.Duration
		want       []attempt
		connected  bool
	}{
		{"Timeout, the third answers", "third.test.", "Timeout", 6 * time.Second,
			[]attempt{{"198.51.100.2", 0}, {"198.51.100.3", 2 * time.Second}, {"198.51.100.1", 4 * time.Second}}, true},
		{"Deadline, the third answers too late", "third.test.", "Deadline", 3 * time.Second,
			[]attempt{{"198.51.100.2", 0}, {"198.51.100.3", 2 * time.Second}}, false},
		{"context's deadline, none answers", "two.test.", "context's deadline", 2500 * time.Millisecond,
			[]attempt{{"198.51.100.2", 0}, {"198.51.100.3", 2 * time.Second}}, false},
		{"half of it", "two.test.", "Timeout", 4500 * time.Millisecond,
			[]attempt{{"198.51.100.2", 0}, {"198.51.100.3", 2250 * time.Millisecond}}, false},
		{"no race, the second family answers", "no-six.test.", "Timeout", 4 * time.Second,
			[]attempt{{"2001:db8::2", 0}, {"198.51.100.1", 2 * time.Second}}, true},
	}
	for _, tt := range tests {
		onBoth(t, tt.name, func(s *both.Side) {
			s.Parallel()
			var a *attempts
			var c net.Conn
			var err error
			for scale := time.Duration(1); ; scale *= 2 { // a busy machine gets more time
				a = &attempts{start: time.Now()}
				d := net.Dialer{Resolver: resolver, FallbackDelay: -1, Control: a.control}
				ctx := waysToGiveUp[tt.way].set(&d, scale*tt.limit)
				c, err = s.Dial(ctx, d, "tcp", fmt.Sprintf("%s:%d", tt.host, port))
				if a.count() == len(tt.want) && (err == nil) == tt.connected || scale == 16 {
					break
				}
			}
			if tt.connected {
				require.NoError(s, err)
				c.Close()
			} else {
				require.ErrorIs(s, likeContext(s, err), context.DeadlineExceeded)
				require.GreaterOrEqual(s, time.Since(a.start), tt.limit, "all the time is used")
			}
			if !tt.connected && !s.Std { // package net names any of them
				require.EqualError(s, err, fmt.Sprintf("dial tcp %s:%d: i/o timeout", tt.want[0].address, port))
			}
			a.requireLike(s.T, tt.want, port)
		})
	}
}

// onBoth runs f on both sides, where the steps are compared with what must come of them.
func onBoth(t *testing.T, name string, f func(s *both.Side)) {
	for _, std := range []bool{true, false} {
		t.Run(fmt.Sprintf("%s/%s", name, map[bool]string{true: "net", false: "ours"}[std]), func(t *testing.T) {
			f(both.NewSide(t, std))
		})
	}
}

// requireLike requires that the addresses were tried in that order, none of them
// earlier than that.
func (a *attempts) requireLike(t *testing.T, want []attempt, port int) {
	t.Helper()
	a.mu.Lock()
	defer a.mu.Unlock()
	require.Len(t, a.tried, len(want), "%v", a.tried)
	for i, w := range want {
		assert.Equal(t, net.JoinHostPort(w.address, fmt.Sprint(port)), a.tried[i].address)
		assert.GreaterOrEqual(t, a.tried[i].after, w.after, "%v", a.tried)
	}
}

// If this fails, a host of which one family is dead, whichever it is, cannot be dialed,
// or not as soon as FallbackDelay says.
func TestFallbackBothWays(t *testing.T) {
	if !nettest.RerunAlone(t, hole...) {
		return
	}
	resolver := nettest.NewDNS(t, holeNames).Resolver(nil)
	const never = time.Hour
	kinds := []struct {
		name, host  string
		first, last string
		drops       bool // the first address, which otherwise refuses
	}{
		{"IPv6 drops", "no-six.test.", "2001:db8::2", "198.51.100.1", true},
		{"IPv4 drops", "no-four.test.", "198.51.100.2", "fd00::1", true},
		{"IPv6 refuses", "near.test.", "2001:db8::1", "198.51.100.1", false},
		{"IPv4 refuses", "ula.test.", "198.51.100.1", "fd00::1", false},
	}
	for _, k := range kinds {
		l, err := net.Listen("tcp", net.JoinHostPort(k.last, "0"))
		require.NoError(t, err)
		t.Cleanup(func() { l.Close() })
		port := l.Addr().(*net.TCPAddr).Port
		tests := []struct {
			delay, timeout, atLeast time.Duration
			ifDrops                 bool // only if nothing ends the first but its time
		}{
			{delay: 0, timeout: 0, atLeast: 300 * time.Millisecond, ifDrops: true},
			{delay: 30 * time.Millisecond, timeout: time.Minute, atLeast: 30 * time.Millisecond, ifDrops: true},
			{delay: -1, timeout: 4 * time.Second, atLeast: 2 * time.Second, ifDrops: true},
			{delay: 0, timeout: 0},
			{delay: never, timeout: 0},
			{delay: -1, timeout: 0},
		}
		for _, tt := range tests {
			if tt.ifDrops != k.drops {
				continue
			}
			onBoth(t, fmt.Sprintf("%s, delay %v", k.name, tt.delay), func(s *both.Side) {
				s.Parallel()
				a := &attempts{start: time.Now()}
				d := net.Dialer{Resolver: resolver, FallbackDelay: tt.delay, Timeout: tt.timeout, Control: a.control}
				c, err := s.Dial(context.Background(), d, "tcp", fmt.Sprintf("%s:%d", k.host, port))
				require.NoError(s, err)
				defer c.Close()
				require.Equal(s, l.Addr().String(), c.RemoteAddr().String())
				a.requireLike(s.T, []attempt{{k.first, 0}, {k.last, tt.atLeast}}, port)
			})
		}
	}
}
