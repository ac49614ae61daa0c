package waiting

import (
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// quick are probes that find a dead peer within three seconds.
var quick = net.KeepAliveConfig{Enable: true, Idle: time.Second, Interval: time.Second, Count: 2}

// patient is how long a call waits that nothing but its deadline ends.
const patient = 4 * time.Second

// watchers are connections whose peer dies, and the call that shall find out. The peers
// send no probes.
var watchers = []struct {
	name string
	dial net.Dialer
	lc   net.ListenConfig
	use  func(s *both.Side, dialed, accepted both.TCPConn, cut <-chan struct{}) (both.TCPConn, error)
	want error
}{
	{"KeepAliveConfig of the Dialer",
		net.Dialer{KeepAliveConfig: quick}, net.ListenConfig{KeepAlive: -1},
		func(_ *both.Side, dialed, _ both.TCPConn, _ <-chan struct{}) (both.TCPConn, error) {
			return dialed, readOne(dialed)
		},
		syscall.ETIMEDOUT},
	{"KeepAliveConfig of the ListenConfig",
		net.Dialer{KeepAlive: -1}, net.ListenConfig{KeepAliveConfig: quick},
		func(_ *both.Side, _, accepted both.TCPConn, _ <-chan struct{}) (both.TCPConn, error) {
			return accepted, readOne(accepted)
		},
		syscall.ETIMEDOUT},
	{"SetKeepAliveConfig while a Read waits",
		net.Dialer{KeepAlive: -1}, net.ListenConfig{KeepAlive: -1},
		func(s *both.Side, dialed, _ both.TCPConn, cut <-chan struct{}) (both.TCPConn, error) {
			go func() { <-cut; dialed.SetKeepAliveConfig(quick) }()
			return dialed, readOne(dialed)
		},
		syscall.ETIMEDOUT},
	{"TCP_USER_TIMEOUT, a Read after a Write",
		net.Dialer{KeepAlive: -1, Control: both.UserTimeout(time.Second)}, net.ListenConfig{KeepAlive: -1},
		func(_ *both.Side, dialed, _ both.TCPConn, cut <-chan struct{}) (both.TCPConn, error) {
			go func() { <-cut; dialed.Write([]byte("x")) }()
			return dialed, readOne(dialed)
		},
		syscall.ETIMEDOUT},
	{"TCP_USER_TIMEOUT, a Write that waits",
		net.Dialer{KeepAlive: -1, Control: both.UserTimeout(time.Second)}, net.ListenConfig{KeepAlive: -1},
		func(_ *both.Side, dialed, _ both.TCPConn, cut <-chan struct{}) (both.TCPConn, error) {
			<-cut
			_, err := dialed.Write(make([]byte, 64<<20))
			return dialed, err
		},
		syscall.ETIMEDOUT},
	{"no probes",
		net.Dialer{KeepAlive: -1}, net.ListenConfig{KeepAlive: -1},
		func(_ *both.Side, dialed, _ both.TCPConn, cut <-chan struct{}) (both.TCPConn, error) {
			go func() { <-cut; dialed.SetReadDeadline(time.Now().Add(patient)) }()
			return dialed, readOne(dialed)
		},
		os.ErrDeadlineExceeded},
}

func readOne(c net.Conn) error {
	_, err := c.Read(make([]byte, 1))
	return err
}

// ending is a connection whose peer died, and the error that told so.
type ending struct {
	conn both.TCPConn
	err  error
}

// If this fails, a call that waits for a peer which died without a word waits forever,
// or ends otherwise than in package net.
func TestDeadPeer(t *testing.T) {
	if !nettest.RerunAlone(t) {
		return
	}
	for _, death := range []struct{ name, cut, mend string }{
		{"packets are dropped", "tc qdisc add dev lo root blackhole", "tc qdisc del dev lo root"},
		{"the link is down", "ip link set lo down", "ip link set lo up"},
	} {
		t.Run(death.name, func(t *testing.T) {
			cut := make(chan struct{})
			endings := make(map[string]chan ending)
			for _, std := range []bool{true, false} {
				for _, w := range watchers {
					s := both.NewSide(t, std)
					dialed, accepted := pairOf(s, w.dial, w.lc)
					end := make(chan ending, 1)
					endings[which(w.name, std)] = end
					go func() {
						c, err := w.use(s, dialed, accepted, cut)
						end <- ending{c, err}
					}()
				}
			}
			nettest.Eventually(t, "our Reads are parked", func() bool {
				return netpoller.DefaultPollerGroup().Stats().ParkedReaders == len(watchers)-1
			})
			command(t, death.cut)
			close(cut)
			for _, w := range watchers {
				t.Run(w.name, func(t *testing.T) {
					both.Compare(t, func(s *both.Side) []any {
						ended := endings[which(w.name, s.Std)]
						nettest.Eventually(s, "the call ended", func() bool { return len(ended) > 0 })
						end := <-ended
						require.ErrorIs(s, end.err, w.want)
						_, writeErr := end.conn.Write([]byte("x"))
						if w.want == os.ErrDeadlineExceeded { // its connection lives
							end.conn.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
						}
						return both.Results(end.err, writeErr, readOne(end.conn), end.conn.Close())
					})
				})
			}
			command(t, death.mend)
		})
	}
}

func which(name string, std bool) string {
	if std {
		return name + ", net"
	}
	return name + ", ours"
}

// command runs a command.
func command(t *testing.T, line string) {
	t.Helper()
	words := strings.Fields(line)
	out, err := exec.Command(words[0], words[1:]...).CombinedOutput()
	require.NoError(t, err, "%s: %s", line, out)
}

// pairOf returns both ends of a connection made with these settings.
func pairOf(s *both.Side, d net.Dialer, lc net.ListenConfig) (dialed, accepted both.TCPConn) {
	s.Helper()
	l, err := s.Listen(context.Background(), lc, "tcp", "127.0.0.1:0")
	require.NoError(s, err)
	defer l.Close()
	c, err := s.Dial(context.Background(), d, "tcp", l.Addr().String())
	require.NoError(s, err)
	a, err := l.Accept()
	require.NoError(s, err)
	s.Cleanup(func() { nettest.Abort(c); nettest.Abort(a) })
	return c.(both.TCPConn), a.(both.TCPConn)
}
