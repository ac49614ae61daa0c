package resources

import (
	"io"
	"net"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
)

// portRange are the four ports that the kernel may choose, in a network of the child's own.
const portRange = "40000 40003"

var loopback = net.IPv4(127, 0, 0, 1)

// ports is the program of a child that uses up the ports, in several ways. Each way is tried
// once more than there are ports, and again when one has been given back.
func ports(args []string) {
	must(nettest.Sysctl("ipv4/ip_local_port_range", portRange))
	c := &child{sockets: sides[args[0]]}
	server, err := c.listen("tcp", "127.0.0.1:7")
	must(err)
	go serve(server)
	ways := []struct {
		name string
		open func() (io.Closer, error)
	}{
		{"dial TCP", func() (io.Closer, error) { return c.dial("tcp", "127.0.0.1:7") }},
		{"dial TCP from an address", func() (io.Closer, error) {
			return c.dialTCP(&net.TCPAddr{IP: loopback}, &net.TCPAddr{IP: loopback, Port: 7})
		}},
		{"listen TCP", func() (io.Closer, error) { return c.listen("tcp", "127.0.0.1:0") }},
		{"listen UDP", func() (io.Closer, error) { return c.packet("udp", "127.0.0.1:0") }},
		{"dial UDP", func() (io.Closer, error) { return c.dial("udp", "127.0.0.1:9") }},
		{"listen TCP on all", func() (io.Closer, error) { return c.listen("tcp", ":0") }},
	}
	for _, way := range ways {
		var open []io.Closer
		try := func() error {
			s, err := way.open()
			if err == nil {
				open = append(open, s)
			}
			return err
		}
		giveBack := func() {
			reset(open[0])
			open = open[1:]
		}
		for range 5 {
			c.try(way.name, try, giveBack, func() {})
		}
		for _, s := range open {
			reset(s)
		}
	}
	c.print()
}

// reset closes a socket. Of a connection nothing is left, so that its port is free at once.
func reset(s io.Closer) {
	if c, ok := s.(interface{ SetLinger(int) error }); ok {
		must(c.SetLinger(0))
	}
	must(s.Close())
}

// serve accepts connections and closes them when the peer does.
func serve(l net.Listener) {
	for {
		c, err := l.Accept()
		must(err)
		go func() {
			c.Read(make([]byte, 1))
			reset(c)
		}()
	}
}

// If this fails, a program for which no port is left gets another error from our sockets than
// from package net's, or sooner or later, or does not get on when there is one again.
func TestPorts(t *testing.T) {
	var theirs, ours []outcome
	decode(t, nettest.Alone(t, "ports", "net"), &theirs)
	decode(t, nettest.Alone(t, "ports", "ours"), &ours)
	require.Equal(t, theirs, ours, "package net's, and ours")
	failures := 0
	for _, o := range ours {
		require.Empty(t, o.Again, o.Call)
		if o.Short != "" {
			failures++
		}
	}
	require.Equal(t, 6, failures, "one of each way")
	table(t, "Ports", rows(ours))
}
