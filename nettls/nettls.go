// Package nettls has the functions of package crypto/tls that open sockets, over sockets of
// netpoller.
//
// Functions tls.Dial, tls.DialWithDialer and tls.Listen and type tls.Dialer open sockets of
// package net, and take no other dialer than net's. Those here have the same names, and are
// crypto/tls's in all else: the connections are *tls.Conn, and the errors, timeouts and
// server names are the same. A program that imports netpoller in place of net uses them in
// place of crypto/tls's.
//
// Where it stands: above the root package. It is a package of its own, because a program that
// opens sockets without TLS needs no crypto/tls.
package nettls

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"

	"github.com/a57b2d82/netpoller"
)

// Listen is tls.Listen: it announces on a local address and accepts TLS connections. The
// config must have a certificate, or set GetCertificate or GetConfigForClient.
func Listen(network, laddr string, config *tls.Config) (net.Listener, error) {
	if config == nil || len(config.Certificates) == 0 &&
		config.GetCertificate == nil && config.GetConfigForClient == nil {
		return nil, errors.New("tls: neither Certificates, GetCertificate, nor GetConfigForClient set in Config")
	}
	l, err := netpoller.Listen(network, laddr)
	if err != nil {
		return nil, err
	}
	return tls.NewListener(l, config), nil
}

// Dial is tls.Dial: it connects to an address and does the TLS handshake.
func Dial(network, addr string, config *tls.Config) (*tls.Conn, error) {
	return DialWithDialer(new(netpoller.Dialer), network, addr, config)
}

// DialWithDialer is tls.DialWithDialer: it connects with a dialer and does the TLS handshake.
// The dialer's Timeout and Deadline hold for both together.
func DialWithDialer(dialer *netpoller.Dialer, network, addr string, config *tls.Config) (*tls.Conn, error) {
	return dial(context.Background(), dialer, network, addr, config)
}

// A Dialer is tls.Dialer: it dials TLS connections, with the config and the dialer that it has.
type Dialer struct {
	// NetDialer dials the connection below. Nil is the zero Dialer.
	NetDialer *netpoller.Dialer

	// Config is that of new connections. Nil is the zero Config.
	Config *tls.Config
}

// Dial connects to an address and does the TLS handshake. The connection is a *tls.Conn.
func (d *Dialer) Dial(network, addr string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, addr)
}

// DialContext is Dial with a context, which ends the dial and the handshake. It does not end
// the connection.
func (d *Dialer) DialContext(ctx context.Context, network, addr string) (net.Conn, error) {
	dialer := d.NetDialer
	if dialer == nil {
		dialer = new(netpoller.Dialer)
	}
	c, err := dial(ctx, dialer, network, addr, d.Config)
	if err != nil {
		return nil, err // and not c, which in an interface is not nil
	}
	return c, nil
}

func dial(ctx context.Context, dialer *netpoller.Dialer, network, addr string, config *tls.Config) (*tls.Conn, error) {
	if dialer.Timeout != 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, dialer.Timeout)
		defer cancel()
	}
	if !dialer.Deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, dialer.Deadline)
		defer cancel()
	}
	raw, err := dialer.DialContext(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	if config == nil {
		config = new(tls.Config)
	}
	if config.ServerName == "" { // it is the host of addr
		config = config.Clone()
		config.ServerName = addr
		if colon := strings.LastIndex(addr, ":"); colon >= 0 {
			config.ServerName = addr[:colon]
		}
	}
	c := tls.Client(raw, config)
	if err := c.HandshakeContext(ctx); err != nil {
		raw.Close()
		return nil, err
	}
	return c, nil
}
