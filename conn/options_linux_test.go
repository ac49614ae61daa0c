package conn

import (
	"context"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/sys"
)

// The options of a TCP connection, with values that are nobody's default.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 77 * time.Second, Interval: 33 * time.Second, Count: 5}

var wanted = []struct{ level, option, value int }{
	{unix.IPPROTO_TCP, unix.TCP_NODELAY, 1},
	{unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
	{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 77},
	{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 33},
	{unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 5},
}

// acceptOne listens with a protocol, connects with a protocol and returns the accepted
// connection, and how often setsockopt was called for it.
func acceptOne(t *testing.T, listens, dials int) (c *TCPConn, passedOn bool, set int) {
	t.Helper()
	s := SocketConfig{Network: "tcp4", Type: syscall.SOCK_STREAM, Proto: listens, KeepAliveConfig: keepAlive}
	l, err := s.Listen(context.Background(), &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	require.NoError(t, err)
	defer l.Close()
	d := SocketConfig{Network: "tcp4", Type: syscall.SOCK_STREAM, Proto: dials}
	dialed, err := d.Dial(context.Background(), nil, l.LocalAddr())
	require.NoError(t, err)
	t.Cleanup(func() { dialed.Close() })
	accepted, err := l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { accepted.Close() })
	defer sys.SetFault(func(call sys.Call, fd int) error {
		if call == sys.CallSetsockopt && fd == accepted.pfd.Sysfd() {
			set++
		}
		return nil
	})()
	c = NewTCPConn(accepted, 0, keepAlive)
	return c, l.passesOn, set
}

// protocols are those of the two ends of a connection.
func protocols(t *testing.T, f func(t *testing.T, listens, dials int)) {
	for name, p := range map[string][2]int{
		"tcp":                   {0, 0},
		"mptcp, peer tcp":       {MultipathTCP, 0},
		"mptcp":                 {MultipathTCP, MultipathTCP},
		"tcp, peer tries mptcp": {0, MultipathTCP},
	} {
		t.Run(name, func(t *testing.T) {
			if (p[0] != 0 || p[1] != 0) && !SupportsMultipathTCP() {
				t.Skip("this kernel has no Multipath TCP")
			}
			f(t, p[0], p[1])
		})
	}
}

// requireOptions checks the options of a connection. On Multipath TCP a kernel may have none of
// those of TCP.
func requireOptions(t *testing.T, c *TCPConn) {
	t.Helper()
	for _, o := range wanted {
		v, err := unix.GetsockoptInt(c.fd.pfd.Sysfd(), o.level, o.option)
		if err == syscall.EOPNOTSUPP {
			continue
		}
		require.NoError(t, err)
		require.Equal(t, o.value, v, "option %d", o.option)
	}
}

// If this fails, the kernel does not copy an option from a listener, and connections are without
// it; or each connection costs five system calls.
func TestOptionsAreInherited(t *testing.T) {
	protocols(t, func(t *testing.T, listens, dials int) {
		c, passedOn, set := acceptOne(t, listens, dials)
		requireOptions(t, c)
		if listens == 0 {
			require.True(t, passedOn)
		}
		if passedOn {
			require.Zero(t, set, "calls of setsockopt")
		} else {
			require.NotZero(t, set, "calls of setsockopt")
		}
	})
}

// If this fails, a connection is without the options that the kernel does not let a listener
// have.
func TestOptionsThatTheListenerCannotHave(t *testing.T) {
	protocols(t, func(t *testing.T, listens, dials int) {
		for refused := range wanted {
			calls := 0
			restore := sys.SetFault(func(call sys.Call, fd int) error {
				if call == sys.CallSetsockopt {
					if calls++; calls == 2+refused { // the first is SO_REUSEADDR
						return syscall.EOPNOTSUPP
					}
				}
				return nil
			})
			c, passedOn, _ := acceptOne(t, listens, dials)
			restore()
			require.False(t, passedOn)
			requireOptions(t, c)
		}
	})
}
