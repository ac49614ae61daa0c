//go:build linux

package interop

import (
	"context"
	"net"
	"testing"

	"golang.org/x/net/nettest"

	"github.com/a57b2d82/netpoller"
)

// If this fails, a TCPConn is not the net.Conn that programs expect: golang.org/x/net's
// conformance test says in which respect.
func TestConformance(t *testing.T) {
	forEachGroup(t, func(t *testing.T, g *netpoller.Group) {
		us, multipath := ours(g), ours(g)
		var mp netpoller.Dialer
		mp.Poller = g
		mp.SetMultipathTCP(true)
		multipath.dial = mp.DialContext

		for _, c := range []struct {
			name, network, address string
			server, client         side
		}{
			{"ours-ours/tcp4", "tcp4", loopback + ":0", us, us},
			{"ours-ours/tcp6", "tcp6", "[::1]:0", us, us},
			{"ours-dials-net/tcp4", "tcp4", loopback + ":0", std(), us},
			{"ours-dials-net/tcp6", "tcp6", "[::1]:0", std(), us},
			{"net-dials-ours/tcp4", "tcp4", loopback + ":0", us, std()},
			{"net-dials-ours/tcp6", "tcp6", "[::1]:0", us, std()},
			{"multipath/tcp4", "tcp4", loopback + ":0", us, multipath},
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
	forEachGroup(t, func(t *testing.T, g *netpoller.Group) {
		for _, network := range []string{"unix", "unixpacket"} {
			for _, c := range []struct {
				name           string
				server, client side
			}{
				{"ours-ours", ours(g), ours(g)},
				{"ours-dials-net", std(), ours(g)},
				{"net-dials-ours", ours(g), std()},
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
func pipe(server, client side, network, address string) (c1, c2 net.Conn, stop func(), err error) {
	l, err := server.listen(network, address)
	if err != nil {
		return nil, nil, nil, err
	}
	defer l.Close()
	// The queue takes the connection before it is accepted.
	if c1, err = client.dial(context.Background(), network, l.Addr().String()); err != nil {
		return nil, nil, nil, err
	}
	if c2, err = acceptFrom(l, c1); err != nil {
		c1.Close()
		return nil, nil, nil, err
	}
	return c1, c2, func() { c1.Close(); c2.Close() }, nil
}
