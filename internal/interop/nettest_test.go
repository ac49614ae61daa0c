//go:build linux

package interop

import (
	"context"
	"net"
	"testing"

	"golang.org/x/net/nettest"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/interop/ends"
)

// If this fails, a TCPConn is not the net.Conn that programs expect: golang.org/x/net's
// conformance test says in which respect.
func TestConformance(t *testing.T) {
	ends.ForEachGroup(t, func(t *testing.T, g *netpoller.PollerGroup) {
		us, multipath := ends.Ours(g), ends.Ours(g)
		var mp netpoller.Dialer
		mp.Poller = g
		mp.SetMultipathTCP(true)
		multipath.Dial = mp.DialContext

		for _, c := range []struct {
			name, network, address string
			server, client         ends.Side
		}{
			{"ours-ours/tcp4", "tcp4", ends.Loopback + ":0", us, us},
			{"ours-ours/tcp6", "tcp6", "[::1]:0", us, us},
			{"ours-dials-net/tcp4", "tcp4", ends.Loopback + ":0", ends.Net(), us},
			{"ours-dials-net/tcp6", "tcp6", "[::1]:0", ends.Net(), us},
			{"net-dials-ours/tcp4", "tcp4", ends.Loopback + ":0", us, ends.Net()},
			{"net-dials-ours/tcp6", "tcp6", "[::1]:0", us, ends.Net()},
			{"multipath/tcp4", "tcp4", ends.Loopback + ":0", us, multipath},
		} {
			t.Run(c.name, func(t *testing.T) {
				skipWithoutIPv6(t, c.network)
				nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
					return pipe(c.server, c.client, c.network, c.address)
				})
			})
		}
	})
}

// If this fails, a UnixConn is not the net.Conn that programs expect.
func TestUnixConformance(t *testing.T) {
	ends.ForEachGroup(t, func(t *testing.T, g *netpoller.PollerGroup) {
		for _, network := range []string{"unix", "unixpacket"} {
			for _, c := range []struct {
				name           string
				server, client ends.Side
			}{
				{"ours-ours", ends.Ours(g), ends.Ours(g)},
				{"ours-dials-net", ends.Net(), ends.Ours(g)},
				{"net-dials-ours", ends.Ours(g), ends.Net()},
			} {
				t.Run(c.name+"/"+network, func(t *testing.T) {
					nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
						return pipe(c.server, c.client, network, "") // a name that the kernel chooses
					})
				})
			}
		}
	})
}

func skipWithoutIPv6(t *testing.T, network string) {
	if network != "tcp6" {
		return
	}
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		t.Skipf("this machine has no IPv6 loopback: %v", err)
	}
	l.Close()
}

// pipe returns the two ends of a connection.
func pipe(server, client ends.Side, network, address string) (c1, c2 net.Conn, stop func(), err error) {
	l, err := server.Listen(network, address)
	if err != nil {
		return nil, nil, nil, err
	}
	defer l.Close()
	// The queue takes the connection before it is accepted.
	if c1, err = client.Dial(context.Background(), network, l.Addr().String()); err != nil {
		return nil, nil, nil, err
	}
	if c2, err = ends.AcceptFrom(l, c1); err != nil {
		c1.Close()
		return nil, nil, nil, err
	}
	return c1, c2, func() { c1.Close(); c2.Close() }, nil
}
