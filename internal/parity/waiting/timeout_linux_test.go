package waiting

import (
	"context"
	"fmt"
	"math"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// extremes are durations at both ends of what there is, and one in the middle.
var extremes = []time.Duration{math.MaxInt64, math.MaxInt64 - 1, time.Hour, 0, -1, math.MinInt64}

// If this fails, the longest time that a program can give a dial counts as none, or the
// shortest as some: the sum with the time of day does not fit.
func TestExtremeDialTimeouts(t *testing.T) {
	for _, network := range []string{"tcp", "udp", "unix"} {
		for _, timeout := range extremes {
			for _, delta := range extremes {
				t.Run(fmt.Sprint(network, " ", timeout, " ", delta), func(t *testing.T) {
					both.UnixSide(t, func(s *both.Side) []any {
						address := "server"
						if network == "unix" {
							s.UnixListener(network, address)
						} else {
							address = s.Listener().Addr().String()
						}
						d := net.Dialer{Timeout: timeout}
						if delta != 0 {
							d.Deadline = time.Now().Add(delta)
						}
						c, err := s.Dial(context.Background(), d, network, address)
						if err != nil {
							return both.Results(c == nil, err)
						}
						return both.Results(c.Close())
					})
				})
			}
		}
	}
}

// A waiter makes a socket on which some operation waits, and for how long is set.
type waiter struct {
	name string
	make func(s *both.Side) (wait func() error, setDeadline func(time.Time) error)
}

// waiters are all the kinds of waiting that a deadline ends.
var waiters = []waiter{
	{"TCP Read", func(s *both.Side) (func() error, func(time.Time) error) {
		c, _ := s.Pair()
		return func() error { _, err := c.Read(make([]byte, 8)); return err }, c.SetReadDeadline
	}},
	{"Unix Read", func(s *both.Side) (func() error, func(time.Time) error) {
		c, _ := s.UnixPair("unix")
		return func() error { _, err := c.Read(make([]byte, 8)); return err }, c.SetReadDeadline
	}},
	{"UDP ReadFrom", func(s *both.Side) (func() error, func(time.Time) error) {
		c := s.UDP("udp4", "127.0.0.1:0", "OURS")
		return func() error { _, _, err := c.ReadFrom(make([]byte, 8)); return err }, c.SetReadDeadline
	}},
	{"Unix ReadFrom", func(s *both.Side) (func() error, func(time.Time) error) {
		_, c := s.UnixPair("unixgram")
		return func() error { _, _, err := c.ReadFrom(make([]byte, 8)); return err }, c.SetReadDeadline
	}},
	{"TCP Write", func(s *both.Side) (func() error, func(time.Time) error) {
		c, _ := s.Pair()
		return fill(c), c.SetWriteDeadline
	}},
	{"Unix Write", func(s *both.Side) (func() error, func(time.Time) error) {
		c, _ := s.UnixPair("unix")
		return fill(c), c.SetWriteDeadline
	}},
	{"Unix Write of packets", func(s *both.Side) (func() error, func(time.Time) error) {
		c, _ := s.UnixPair("unixgram")
		return fill(c), c.SetWriteDeadline
	}},
	{"Accept", func(s *both.Side) (func() error, func(time.Time) error) {
		l := s.Listener()
		return func() error { _, err := l.Accept(); return err }, l.SetDeadline
	}},
}

// fill returns what writes until there is no room, and then waits.
func fill(c net.Conn) func() error {
	return func() error {
		for {
			if _, err := c.Write([]byte("data that nobody reads")); err != nil {
				return err
			}
		}
	}
}

// If this fails, a deadline comes early, or late enough for one to come first that was
// set after it for a minute later; or what it ends fails unlike with package net.
func TestDeadlinesComeInOrder(t *testing.T) {
	for _, w := range waiters {
		t.Run(w.name, func(t *testing.T) {
			both.UnixSide(t, func(s *both.Side) (r []any) {
				wait, setDeadline := w.make(s)
				s.Chdir(s.TempDir()) // the other one has the same names
				waitLonger, setLonger := w.make(s)
				for _, d := range []time.Duration{time.Millisecond, 10 * time.Millisecond, 50 * time.Millisecond} {
					deadline := time.Now().Add(d)
					require.NoError(s, setDeadline(deadline))
					require.NoError(s, setLonger(time.Now().Add(time.Minute)))
					late := make(chan error, 1)
					go func() { late <- waitLonger() }()
					err := wait()
					require.False(s, time.Now().Before(deadline), "%v: early", d)
					require.Empty(s, late, "%v: later than what was set a minute later", d)
					require.NoError(s, setLonger(nettest.LongAgo))
					r = append(r, err, <-late)
				}
				return r
			})
		})
	}
}
