package dialer_test

import (
	"context"
	"net"
	"runtime"
	"sort"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// A server that answers on one of the two families' addresses.
type answer int

const (
	accepts answer = iota
	refuses
	hangs
)

// names are what the name server of these tests knows.
var names = map[string][]string{
	"dual.test.":  {"127.0.0.1", "::1"},
	"four.test.":  {"127.0.0.1"},
	"three.test.": {"127.0.0.1", "127.0.0.2", "127.0.0.3"},
	"mixed.test.": {"127.0.0.1", "::1", "127.0.0.2"},
}

// host opens the same port on ::1 and on 127.0.0.1.
func host(t *testing.T, six, four answer) (port int) {
	t.Helper()
	s4, s6 := nettest.BindBoth(t)
	for s, what := range map[nettest.Socket]answer{s4: four, s6: six} {
		switch what {
		case accepts:
			serveOn(s.Listen(t))
		case hangs:
			s.Hang(t)
		}
	}
	return s4.Addr.Port
}

const never = time.Hour // a head start that no test waits for

// Of a host with two families, the addresses of both must be tried in the order and
// under the conditions that package net tries them, the same one must win, and the
// loser must be closed.
func TestRace(t *testing.T) {
	tests := []struct {
		name      string
		six, four answer
		network   string
		address   string
		dialer    net.Dialer
		giveUp    int // cancel when so many connects have begun
	}{
		{"first family accepts", accepts, accepts, "tcp", "dual.test.", net.Dialer{FallbackDelay: never}, 0},
		{"first family refuses", refuses, accepts, "tcp", "dual.test.", net.Dialer{FallbackDelay: never}, 0},
		{"first family hangs", hangs, accepts, "tcp", "dual.test.", net.Dialer{FallbackDelay: 250 * time.Millisecond}, 0},
		{"first family hangs, default", hangs, accepts, "tcp", "dual.test.", net.Dialer{}, 0},
		{"no race, first accepts", accepts, accepts, "tcp", "dual.test.", net.Dialer{FallbackDelay: -1}, 0},
		{"no race, first refuses", refuses, accepts, "tcp", "dual.test.", net.Dialer{FallbackDelay: -1}, 0},
		{"both refuse", refuses, refuses, "tcp", "dual.test.", net.Dialer{FallbackDelay: never}, 0},
		{"both refuse, no race", refuses, refuses, "tcp", "dual.test.", net.Dialer{FallbackDelay: -1}, 0},
		{"hangs and refuses", hangs, refuses, "tcp", "dual.test.", net.Dialer{FallbackDelay: 250 * time.Millisecond}, 2},
		{"refuses and hangs", refuses, hangs, "tcp", "dual.test.", net.Dialer{FallbackDelay: never}, 2},
		{"tcp4", accepts, accepts, "tcp4", "dual.test.", net.Dialer{}, 0},
		{"tcp6", accepts, accepts, "tcp6", "dual.test.", net.Dialer{}, 0},
		{"tcp4 refused", accepts, refuses, "tcp4", "dual.test.", net.Dialer{}, 0},
		{"tcp6 refused", refuses, accepts, "tcp6", "dual.test.", net.Dialer{}, 0},
		{"from IPv4", accepts, accepts, "tcp", "dual.test.", net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}}, 0},
		{"from IPv6", accepts, refuses, "tcp", "dual.test.", net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv6loopback}}, 0},
		{"no such family", accepts, accepts, "tcp6", "four.test.", net.Dialer{}, 0},
		{"no such family to come from", accepts, accepts, "tcp", "four.test.", net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv6loopback}}, 0},
		{"no such name", accepts, accepts, "tcp", "none.test.", net.Dialer{}, 0},
		{"no such name, tcp4", accepts, accepts, "tcp4", "none.test.", net.Dialer{}, 0},
		{"several, one family", refuses, accepts, "tcp", "three.test.", net.Dialer{}, 0},
		{"several refuse, one family", accepts, refuses, "tcp", "three.test.", net.Dialer{Timeout: time.Minute}, 0},
		{"several refuse, both families", refuses, refuses, "tcp", "mixed.test.", net.Dialer{FallbackDelay: never}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			nettest.NoFDsLeft(t)
			port := host(t, tt.six, tt.four)
			same(t, func(s *both.Side) string {
				nettest.NoFDsLeft(s)
				dns := nettest.NewDNS(s, names)
				var j journal
				ctx, d := j.giveUp(s, tt.giveUp)
				d.LocalAddr, d.FallbackDelay, d.Timeout = tt.dialer.LocalAddr, tt.dialer.FallbackDelay, tt.dialer.Timeout
				d.Resolver = dns.Resolver(nil)
				c, err := s.Dial(ctx, d, tt.network, at(tt.address, port))
				if err != nil {
					j.note("%s", describe(s, err))
				} else {
					j.note("connected to %s", c.RemoteAddr())
					usable(s.T, c)
					c.Close()
				}
				asked := dns.Asked()
				sort.Strings(asked)
				return j.text() + strings.Join(asked, "\n")
			})
		})
	}
}

// The head start must be 300 ms unless one is set.
func TestHeadStart(t *testing.T) {
	port := host(t, hangs, accepts)
	for delay, least := range map[time.Duration]time.Duration{0: 300 * time.Millisecond, 50 * time.Millisecond: 50 * time.Millisecond} {
		d := both.Ours(net.Dialer{FallbackDelay: delay, Resolver: nettest.NewDNS(t, names).Resolver(nil)})
		start := time.Now()
		c, err := d.Dial("tcp", at("dual.test.", port))
		require.NoError(t, err)
		require.GreaterOrEqual(t, time.Since(start), least)
		c.Close()
	}
}

// When both families connect, one must be returned and the other closed, and no racer
// may stay.
func TestLoserIsClosed(t *testing.T) {
	port := host(t, accepts, accepts)
	resolver := nettest.NewDNS(t, names).Resolver(nil)
	d := both.Ours(net.Dialer{FallbackDelay: 1, Resolver: resolver, Control: abortive})
	nettest.NoFDsLeft(t)
	goroutines := runtime.NumGoroutine()
	parallel(300, func(int) {
		c, err := d.Dial("tcp", at("dual.test.", port))
		if err != nil {
			t.Error(err)
			return
		}
		usable(t, c)
		c.Close()
	})
	nettest.Eventually(t, "every racer has ended", func() bool { return runtime.NumGoroutine() <= goroutines })
}

// A race in which both sides hang must end at once when it is canceled, with the
// first family's error.
func TestCancelRace(t *testing.T) {
	port := host(t, hangs, hangs)
	resolver := nettest.NewDNS(t, names).Resolver(nil)
	nettest.NoFDsLeft(t)
	same(t, func(s *both.Side) string {
		ctx, d := new(journal).giveUp(s, 2)
		d.FallbackDelay, d.Resolver = 1, resolver
		_, err := s.Dial(ctx, d, "tcp", at("dual.test.", port))
		return describe(s, err)
	})
}

// A list of addresses that is tried in turn must end with the dial: canceled, it names
// the address that was next; out of time, the one that took it. (Package net names
// either then.)
func TestGivenUpInTurn(t *testing.T) {
	port := host(t, hangs, accepts)
	resolver := nettest.NewDNS(t, names).Resolver(nil)
	same(t, func(s *both.Side) string {
		ctx, d := new(journal).giveUp(s, 1)
		d.FallbackDelay, d.Resolver = -1, resolver
		_, err := s.Dial(ctx, d, "tcp", at("dual.test.", port))
		return describe(s, err)
	})
	d := net.Dialer{FallbackDelay: -1, Resolver: resolver, Timeout: time.Second}
	var err error
	for reached := false; !reached && d.Timeout < nettest.Patience; d.Timeout *= 2 { // the first address, not the end while resolving
		d.Control = func(_, _ string, _ syscall.RawConn) error { reached = true; return nil }
		_, err = both.Ours(d).Dial("tcp", at("dual.test.", port))
	}
	require.EqualError(t, err, "dial tcp "+at("::1", port)+": i/o timeout")
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// Resolving must end when the dial is canceled or its time is over.
func TestResolvingEnds(t *testing.T) {
	silent, err := net.ListenPacket("udp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer silent.Close()
	resolver := &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp4", silent.LocalAddr().String())
	}}
	same(t, func(s *both.Side) string {
		ctx, cancel := context.WithCancel(background)
		time.AfterFunc(20*time.Millisecond, cancel)
		_, err := s.Dial(ctx, net.Dialer{Resolver: resolver}, "tcp", "dual.test.:1")
		return describe(s, err)
	})
	same(t, func(s *both.Side) string {
		_, err := s.Dial(background, net.Dialer{Resolver: resolver, Timeout: 20 * time.Millisecond}, "tcp", "dual.test.:1")
		return describe(s, err)
	})
}

// If this fails, the loser of a race goes on after it is decided.
func TestLoserEnds(t *testing.T) {
	port := host(t, hangs, accepts)
	resolver := nettest.NewDNS(t, names).Resolver(nil)
	nettest.NoFDsLeft(t)
	goroutines := runtime.NumGoroutine()
	c, err := both.Ours(net.Dialer{FallbackDelay: 1, Resolver: resolver, Control: abortive}).Dial("tcp", at("dual.test.", port))
	require.NoError(t, err)
	c.Close()
	nettest.Eventually(t, "every racer has ended", func() bool { return runtime.NumGoroutine() <= goroutines })
}

// If this fails, the loser of a race uses the caller's Dialer when the dial has returned. Only the
// race detector sees it.
func TestDialerMayBeChangedAfterADial(t *testing.T) {
	port := host(t, refuses, accepts)
	same(t, func(s *both.Side) string {
		d := net.Dialer{FallbackDelay: 1, Resolver: nettest.NewDNS(t, names).Resolver(nil)}
		races, loses := make(chan struct{}), make(chan struct{})
		d.Control = func(network, _ string, _ syscall.RawConn) error {
			if network == "tcp6" {
				close(races)
				defer close(loses)
				time.Sleep(50 * time.Millisecond) // which orders nothing
			}
			<-races
			return nil
		}
		var c net.Conn
		var err error
		if s.Std {
			c, err = d.Dial("tcp", at("dual.test.", port))
			d.LocalAddr = nil
		} else {
			ours := both.Ours(d)
			c, err = ours.Dial("tcp", at("dual.test.", port))
			ours.LocalAddr = nil
		}
		require.NoError(t, err)
		c.Close()
		<-loses
		return "dialed"
	})
}

// If this fails, a dial that hangs goes on after its Cancel channel was closed.
func TestCancelChannelEndsDial(t *testing.T) {
	port := host(t, hangs, hangs)
	nettest.NoFDsLeft(t)
	same(t, func(s *both.Side) string {
		canceled := make(chan struct{})
		d := net.Dialer{Cancel: canceled}
		d.Control = func(string, string, syscall.RawConn) error {
			time.AfterFunc(time.Millisecond, func() { close(canceled) })
			return nil
		}
		_, err := s.Dial(context.Background(), d, "tcp", at("127.0.0.1", port))
		return describe(s, err)
	})
}

// If this fails, the second family is dialed twice.
func TestFallbackStartsOnce(t *testing.T) {
	port := host(t, refuses, refuses)
	resolver := nettest.NewDNS(t, names).Resolver(nil)
	nettest.NoFDsLeft(t)
	goroutines := runtime.NumGoroutine()
	for range 50 {
		var calls atomic.Int32
		control := func(string, string, syscall.RawConn) error { calls.Add(1); return nil }
		d := both.Ours(net.Dialer{FallbackDelay: 1, Resolver: resolver, Control: control})
		_, err := d.Dial("tcp", at("dual.test.", port))
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
		nettest.Eventually(t, "every racer has ended", func() bool { return runtime.NumGoroutine() <= goroutines })
		require.EqualValues(t, 2, calls.Load())
	}
}
