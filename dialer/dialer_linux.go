package dialer

import (
	"context"
	"net"
	"syscall"
	"time"

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

	// Resolver resolves host names; nil means the DefaultResolver.
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

	mptcp *bool // nil: as package net has it
}

// MultipathTCP reports whether a dial will use Multipath TCP where the kernel does. Where
// nothing is set, it does what package net does: no, unless GODEBUG=multipathtcp says
// otherwise.
func (d *Dialer) MultipathTCP() bool {
	if d.mptcp != nil {
		return *d.mptcp
	}
	return new(net.Dialer).MultipathTCP()
}

// SetMultipathTCP says whether a dial shall. A connection whose peer does not know it is
// plain TCP.
func (d *Dialer) SetMultipathTCP(use bool) { d.mptcp = &use }

// Dial connects to an address. See DialContext.
func (d *Dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// DialContext connects to an address: "host:port" for "tcp" and "udp", a host for "ip"
// with a protocol, as "ip4:icmp", and a name for "unix", "unixgram" and "unixpacket".
// "tcp4", "tcp6" and so on keep to one family. When ctx ends before the connection is
// made, the dial fails; after that ctx does not matter. It panics if ctx is nil.
func (d *Dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := d.limit(ctx)
	defer cancel()

	resolver := d.Resolver
	if resolver == nil {
		resolver = resolve.Default()
	}
	addrs, err := resolve.ForDial(withoutConnectHooks(ctx), resolver, network, address, d.LocalAddr)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	t := &attempt{Dialer: d, network: network}
	if d.FallbackDelay >= 0 && network == "tcp" {
		return t.parallel(ctx, addrs)
	}
	return t.serial(ctx, addrs)
}

// Dial connects to an address with the zero Dialer.
func Dial(network, address string) (net.Conn, error) {
	var d Dialer
	return d.Dial(network, address)
}

// DialTimeout is Dial with a timeout, resolving included; 0 means none, and a negative
// one has passed already.
func DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	d := Dialer{Timeout: timeout}
	return d.Dial(network, address)
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
	select {
	case <-d.Cancel: // before the dial could be done
		cancel()
	default:
		go func() {
			select {
			case <-d.Cancel:
				cancel()
			case <-ctx.Done():
			}
		}()
	}
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
