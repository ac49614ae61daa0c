package tcp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/a57b2d82/netpoller/internal/nettest"
	"github.com/a57b2d82/netpoller/internal/parity/both"
)

// If this fails, a link-local address loses its zone on the way through a listener, a
// dial or an address that one of them returns, or is taken where package net refuses it.
func TestZonesByName(t *testing.T) {
	if !nettest.RerunAlone(t, both.TwoEnds...) {
		return
	}
	number := strconv.Itoa(both.InterfaceNamed(t, "near").Index)
	for _, network := range []string{"tcp", "tcp4", "tcp6", "udp", "udp4", "udp6"} {
		for _, at := range []struct{ server, client string }{
			{"fe80::1%near", ""}, {"fe80::1%" + number, ""}, {"fe80::2%far", ""}, {"fe80::3%lo", ""}, {"fe80::1%far", ""},
			{"fe80::1%near", "fe80::1%near"}, {"fe80::1%" + number, "fe80::1%near"}, {"fe80::1%near", "fe80::1%" + number},
			{"fe80::1%near", "fe80::1%gone"}, {"fe80::1%near", "fe80::1"}, {"fe80::1", ""}, {"fe80::1%gone", ""},
			{"::1%lo", ""}, {"127.0.0.1%lo", ""}, {"localhost%near", ""},
		} {
			t.Run(fmt.Sprint(network, " ", at), func(t *testing.T) {
				both.Compare(t, func(s *both.Side) []any { return linkLocal(s, network, at.server, at.client) })
			})
		}
	}
	both.Compare(t, func(s *both.Side) (r []any) { // by the methods that take addresses
		ip := net.ParseIP("fe80::1")
		for _, zone := range []string{"near", number, "far", ""} {
			l, err := s.ListenTCP("tcp", &net.TCPAddr{IP: ip, Zone: zone})
			if err != nil {
				r = append(r, err)
				continue
			}
			defer l.Close()
			s.NamePort(l.Addr(), "SERVER")
			c, err := s.DialTCP("tcp", &net.TCPAddr{IP: ip, Zone: zone}, l.Addr().(*net.TCPAddr))
			require.NoError(s, err)
			defer nettest.Abort(c)
			s.NamePort(c.LocalAddr(), "CLIENT")
			r = append(r, l.Addr(), c.LocalAddr(), c.RemoteAddr())
		}
		return r
	})
}

// linkLocal lets a server at an address answer a client, and returns all addresses and
// what the client was answered, or the first error.
func linkLocal(s *both.Side, network, local, from string) []any {
	server, addr, err := s.Bind(network, local, "0")
	if err != nil {
		return both.Results(err)
	}
	defer server.Close()
	s.NamePort(addr, "SERVER")
	var d net.Dialer
	if from != "" {
		d.LocalAddr, err = resolveLocal(network, from)
		require.NoError(s, err)
	}
	c, err := s.Dial(context.Background(), d, network, addr.String())
	if err != nil {
		return both.Results(addr, err)
	}
	defer c.Close()
	s.NamePort(c.LocalAddr(), "CLIENT")
	r := both.Results(addr, c.LocalAddr(), c.RemoteAddr())
	require.NoError(s, c.SetDeadline(nettest.Soon()))
	_, err = c.Write([]byte("hello"))
	require.NoError(s, err)
	b := make([]byte, 5)
	switch server := server.(type) {
	case net.Listener:
		accepted, err := server.Accept()
		require.NoError(s, err)
		defer accepted.Close()
		r = append(r, accepted.LocalAddr(), accepted.RemoteAddr())
		_, err = io.ReadFull(accepted, b)
		require.NoError(s, err)
		_, err = accepted.Write(b)
		require.NoError(s, err)
	case net.PacketConn:
		_, sender, err := heard(server, b, c)
		require.NoError(s, err)
		r = append(r, sender)
		_, err = server.WriteTo(b, sender)
		require.NoError(s, err)
	}
	n, err := io.ReadFull(c, b)
	return append(r, n, string(b), err)
}

// heard reads a packet of a client's, which sends it again when it was lost: packets may
// be, and are now and then while an interface comes up.
func heard(server net.PacketConn, b []byte, client net.Conn) (n int, sender net.Addr, err error) {
	for {
		if err := server.SetReadDeadline(time.Now().Add(time.Second)); err != nil {
			return 0, nil, err
		}
		n, sender, err := server.ReadFrom(b)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return n, sender, err
		}
		if _, err := client.Write([]byte("hello")); err != nil {
			return 0, nil, err
		}
	}
}

func resolveLocal(network, host string) (net.Addr, error) {
	if strings.HasPrefix(network, "tcp") {
		return net.ResolveTCPAddr("tcp6", net.JoinHostPort(host, "0"))
	}
	return net.ResolveUDPAddr("udp6", net.JoinHostPort(host, "0"))
}
