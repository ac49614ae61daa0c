package dialer

import (
	"context"
	"net"
	"net/netip"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/internal/neterr"
	"github.com/a57b2d82/netpoller/internal/resolve"
	"github.com/a57b2d82/netpoller/poller"
)

// A Dialer says how to connect. The zero Dialer is what Dial uses. Its methods may be
// called from any goroutine, and do not modify it.
type Dialer struct {
	// Timeout is how long a dial may take, resolving included; 0 means as long as the
	// kernel tries. Several addresses of one host share it.
	Timeout time.Duration

	// Deadline is when a dial fails at the latest; zero means never.
	Deadline time.Time

	// LocalAddr is the address to connect from, of a type that fits the network; nil
	// means that the kernel chooses.
	LocalAddr net.Addr

	// DualStack has no effect.
	//
	// Deprecated: set FallbackDelay to a negative value to switch the race off.
	DualStack bool

	// FallbackDelay is the head start of the first family of addresses over the other
	// when a host has both (RFC 6555); 0 means 300 ms, and a negative value that they
	// do not race.
	FallbackDelay time.Duration

	// KeepAlive is how long the connection is idle before the first keep-alive probe; 0
	// means 15 s, and a negative value no probes. It is ignored if
	// KeepAliveConfig.Enable is true.
	KeepAlive time.Duration

	// KeepAliveConfig says when the connection sends keep-alive probes.
	KeepAliveConfig net.KeepAliveConfig

	// Resolver resolves host names; nil means net.DefaultResolver.
	Resolver *net.Resolver

	// Cancel, if not nil, cancels the dial when it is closed.
	//
	// Deprecated: use DialContext.
	Cancel <-chan struct{}

	// Control, if not nil, is called with each new socket before it connects. The
	// network it is told is "tcp4" or "tcp6" for "tcp". It is ignored if ControlContext
	// is not nil.
	Control func(network, address string, c syscall.RawConn) error

	// ControlContext is Control with the dial's context.
	ControlContext func(ctx context.Context, network, address string, c syscall.RawConn) error

	// Poller is the group of reactors that watch the connection; nil means
	// poller.Default.
	Poller *poller.Group

	mptcp bool
}

// MultipathTCP reports whether a dial will use Multipath TCP where the kernel does.
func (d *Dialer) MultipathTCP() bool { return d.mptcp }

// SetMultipathTCP says whether a dial shall; the default is no. A connection whose peer
// does not know it is plain TCP.
func (d *Dialer) SetMultipathTCP(use bool) { d.mptcp = use }

// Dial connects to an address. See DialContext.
func (d *Dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialContext connects to an address, "host:port". The network is "tcp", "tcp4" or
// "tcp6"; package net itself serves the others that it knows. When ctx ends before
// the connection is made, the dial fails; after that ctx does not matter. It panics if
// ctx is nil.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	switch network {
	case "tcp", "tcp4", "tcp6":
	default:
		return d.std().DialContext(ctx, network, address) // DOC: other-networks
	}
	ctx, cancel := d.limit(ctx)
	defer cancel()

	resolver := d.Resolver
	if resolver == nil {
		resolver = net.DefaultResolver
	}
	addrs, err := resolve.ForDial(withoutConnectHooks(ctx), resolver, network, address, d.LocalAddr)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	t := &attempt{Dialer: d, network: network}
	var c *conn.TCPConn
	if d.FallbackDelay >= 0 && network == "tcp" {
		c, err = t.parallel(ctx, addrs)
	} else {
		c, err = t.serial(ctx, addrs)
	}
	if err != nil {
		return nil, err
	}
	return c, nil
}

// DialTCP connects to one address, from laddr unless that is the zero AddrPort.
func (d *Dialer) DialTCP(ctx context.Context, network string, laddr, raddr netip.AddrPort) (*conn.TCPConn, error) {
	ctx, cancel := d.limit(ctx)
	defer cancel()
	return d.dialTCP(ctx, network, net.TCPAddrFromAddrPort(laddr), net.TCPAddrFromAddrPort(raddr))
}

func (d *Dialer) dialTCP(ctx context.Context, network string, laddr, raddr *net.TCPAddr) (*conn.TCPConn, error) {
	fail := func(err error) (*conn.TCPConn, error) {
		return nil, &net.OpError{Op: "dial", Net: network, Source: addrOrNil(laddr), Addr: addrOrNil(raddr), Err: err}
	}
	switch network {
	case "tcp", "tcp4", "tcp6":
	default:
		return fail(net.UnknownNetworkError(network))
	}
	if raddr == nil {
		return fail(neterr.MissingAddress)
	}
	t := &attempt{Dialer: d, network: network}
	c, err := t.tcp(ctx, laddr, raddr)
	if err != nil {
		return fail(err)
	}
	return c, nil
}

// addrOrNil keeps a nil *TCPAddr from becoming an address that is not nil.
func addrOrNil(a *net.TCPAddr) net.Addr {
	if a == nil {
		return nil
	}
	return a
}

// Dial connects to an address with the zero Dialer.
func Dial(network, address string) (net.Conn, error) {
	var d Dialer
	return d.Dial(network, address)
}

// DialTimeout is Dial with a timeout, resolving included. One that is not positive has
// passed already.
func DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	d := Dialer{Timeout: timeout}
	return d.Dial(network, address)
}

// DialTCP connects to raddr, from laddr unless that is nil.
func DialTCP(network string, laddr, raddr *net.TCPAddr) (*conn.TCPConn, error) {
	var d Dialer
	return d.dialTCP(context.Background(), network, laddr, raddr)
}

// limit returns ctx with the Dialer's own limits, and what releases them.
func (d *Dialer) limit(ctx context.Context) (context.Context, context.CancelFunc) {
	if ctx == nil {
		panic("nil context")
	}
	cancel := func() {}
	if deadline := d.deadline(time.Now()); !deadline.IsZero() {
		ctx, cancel = context.WithDeadline(ctx, deadline)
	}
	if d.Cancel != nil {
		ctx, cancel = d.heedCancel(ctx, cancel)
	}
	return ctx, cancel
}

// heedCancel returns ctx ended by the Cancel channel too.
func (d *Dialer) heedCancel(ctx context.Context, release context.CancelFunc) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	go func() {
		select {
		case <-d.Cancel:
			cancel()
		case <-ctx.Done():
		}
	}()
	return ctx, func() { cancel(); release() }
}

// deadline returns the earlier of Timeout from now and Deadline, or zero.
func (d *Dialer) deadline(now time.Time) time.Time {
	switch timeout := now.Add(d.Timeout); {
	case d.Timeout == 0:
		return d.Deadline
	case d.Deadline.IsZero() || timeout.Before(d.Deadline):
		return timeout
	}
	return d.Deadline
}

// std returns package net's Dialer of the same settings.
func (d *Dialer) std() *net.Dialer {
	std := &net.Dialer{
		Timeout: d.Timeout, Deadline: d.Deadline, LocalAddr: d.LocalAddr,
		FallbackDelay: d.FallbackDelay, KeepAlive: d.KeepAlive, KeepAliveConfig: d.KeepAliveConfig,
		Resolver: d.Resolver, Cancel: d.Cancel, Control: d.Control, ControlContext: d.ControlContext,
	}
	std.SetMultipathTCP(d.mptcp)
	return std
}
