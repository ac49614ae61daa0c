package dialer

import (
	"context"
	"net"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller/poller"
)

// A Dialer contains options for connecting to an address. Dial uses the zero Dialer. Its
// methods, except SetMultipathTCP, may be called from several goroutines at once.
type Dialer struct {
	// Timeout is the longest time that a dial may take, including name resolution. The
	// addresses of a host share it. 0 means no limit; the kernel gives up after a time of its
	// own (tcp_syn_retries).
	Timeout time.Duration

	// Deadline is the time after which a dial fails. The zero time means no deadline.
	Deadline time.Time

	// LocalAddr is the local address, of a type that fits the network. nil means that the
	// kernel chooses one.
	LocalAddr net.Addr

	// DualStack has no effect.
	//
	// Deprecated: set FallbackDelay to a negative value to switch the race off.
	DualStack bool

	// FallbackDelay is the head start of the first address family over the other if a host
	// has both IPv4 and IPv6 addresses (RFC 6555). 0 means 300 ms. With a negative value
	// the addresses are tried in turn.
	FallbackDelay time.Duration

	// KeepAlive is the time that the connection is idle before the first keep-alive probe.
	// 0 means 15 s, and a negative value means no probes. It is ignored if
	// KeepAliveConfig.Enable is true.
	KeepAlive time.Duration

	// KeepAliveConfig is the configuration of keep-alive probes.
	KeepAliveConfig net.KeepAliveConfig

	// Resolver resolves host names. nil means the DefaultResolver.
	Resolver *net.Resolver

	// Cancel, if not nil, cancels the dial when it is closed.
	//
	// Deprecated: use DialContext.
	Cancel <-chan struct{}

	// Control, if not nil, is called with each new socket before it connects. Its network
	// names the family, such as "tcp4" for "tcp". It is ignored if ControlContext is not nil.
	Control func(network, address string, c syscall.RawConn) error

	// ControlContext is Control with the dial's context.
	ControlContext func(ctx context.Context, network, address string, c syscall.RawConn) error

	// Poller is the group of reactors with which the connection is registered. nil means
	// poller.Default. It is ignored on other systems than Linux, which have no reactors.
	Poller *poller.Group

	mptcp *bool // nil means package net's default
}

// MultipathTCP reports whether a dial uses Multipath TCP if the kernel has it. The default is
// package net's: false, unless GODEBUG=multipathtcp enables it.
func (d *Dialer) MultipathTCP() bool {
	if d.mptcp != nil {
		return *d.mptcp
	}
	return new(net.Dialer).MultipathTCP()
}

// SetMultipathTCP sets whether a dial uses Multipath TCP if the kernel has it. A connection to
// a peer that does not support it is plain TCP.
func (d *Dialer) SetMultipathTCP(use bool) { d.mptcp = &use }

// Dial connects to an address. See DialContext.
func (d *Dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(context.Background(), network, address)
}

// Dial connects to an address with the zero Dialer.
func Dial(network, address string) (net.Conn, error) {
	var d Dialer
	return d.Dial(network, address)
}

// DialTimeout is Dial with a timeout, which includes name resolution. 0 means no timeout. A
// negative timeout has passed already.
func DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	d := Dialer{Timeout: timeout}
	return d.Dial(network, address)
}
