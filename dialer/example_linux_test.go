package dialer_test

import (
	"context"
	"fmt"
	"log"
	"net"
	"time"

	"github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/internal/nettest"
)

// listening returns a listener on loopback, for the examples.
func listening() net.Listener {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	return ln
}

// The reactors of the Dialer's Poller watch the connections that it makes.
func ExampleDialer() {
	ln := listening()
	defer ln.Close()

	group := netpoller.NewPollerGroup(netpoller.PollerConfig{Pollers: 1})
	defer group.Close()
	d := netpoller.Dialer{Poller: group}
	c, err := d.Dial("tcp", ln.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("watched:", group.Stats().Open)
	c.Close()
	fmt.Println("watched:", group.Stats().Open)
	// Output:
	// watched: 1
	// watched: 0
}

// Dial tries both families of addresses of a name, as RFC 6555 says: the second when the
// first fails, or takes longer than FallbackDelay. Here nobody listens at the address of
// IPv6.
func ExampleDialer_fallbackDelay() {
	ln := listening()
	defer ln.Close()
	names, err := nettest.ServeDNS(map[string][]string{"host.example.": {"::1", "127.0.0.1"}})
	if err != nil {
		log.Fatal(err)
	}
	defer names.Close()

	d := netpoller.Dialer{
		FallbackDelay: 100 * time.Millisecond, // 300 ms where it is zero
		Resolver: &net.Resolver{
			PreferGo: true,
			Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(netpoller.Dialer).DialContext(ctx, network, names.Addr())
			},
		},
	}
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	c, err := d.Dial("tcp", net.JoinHostPort("host.example.", port))
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	host, _, _ := net.SplitHostPort(c.RemoteAddr().String())
	fmt.Println("connected to", host)
	// Output: connected to 127.0.0.1
}

// The Timeout holds for all that Dial does, names included. Here the name server does not
// answer.
func ExampleDialer_timeout() {
	d := netpoller.Dialer{
		Timeout: time.Millisecond,
		Resolver: &net.Resolver{
			PreferGo: true,
			Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			},
		},
	}
	_, err := d.Dial("tcp", "host.example.:80")
	timeout, ok := err.(net.Error)
	fmt.Println(ok && timeout.Timeout())
	// Output: true
}

// A context ends a Dial that has no end of its own; it does nothing to the connection once
// that is there.
func ExampleDialer_DialContext() {
	ln := listening()
	defer ln.Close()

	ctx, cancel := context.WithCancel(context.Background())
	var d netpoller.Dialer
	c, err := d.DialContext(ctx, "tcp", ln.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	cancel()
	_, err = fmt.Fprint(c, "hello")
	fmt.Println(err)

	_, err = d.DialContext(ctx, "tcp", "192.0.2.1:80")
	fmt.Println(err)
	// Output:
	// <nil>
	// dial tcp 192.0.2.1:80: operation was canceled
}
