package listener

import (
	"context"
	"net"
	"syscall"
	"time"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/internal/resolve"
	"github.com/a57b2d82/netpoller/poller"
)

// A ListenConfig contains options for listening to an address. Listen uses the zero
// ListenConfig. Its methods, except SetMultipathTCP, may be called from several goroutines at
// once.
type ListenConfig struct {
	// Control, if not nil, is called with each new socket before it is bound. Its network
	// names the family, such as "tcp4" for "tcp".
	Control func(network, address string, c syscall.RawConn) error

	// KeepAlive is the time that an accepted connection is idle before the first keep-alive
	// probe. 0 means 15 s, and a negative value means no probes. It is ignored if
	// KeepAliveConfig.Enable is true.
	KeepAlive time.Duration

	// KeepAliveConfig is the configuration of keep-alive probes of accepted connections.
	KeepAliveConfig net.KeepAliveConfig

	// Backlog is the largest number of connections that wait to be accepted, see listen(2). 0
	// means the kernel's limit (somaxconn), as in package net. The kernel reduces a larger
	// value to its limit. Listen fails if the value is negative.
	Backlog int

	// ReusePort sets SO_REUSEPORT, see socket(7): several listeners, of this process and
	// others, share one port, and the kernel distributes connections among them.
	ReusePort bool

	// Poller is the group of reactors with which the listener and its connections are
	// registered. nil means poller.Default.
	Poller *poller.Group

	mptcp *bool // nil means package net's default
}

// MultipathTCP reports whether Listen uses Multipath TCP if the kernel has it. Such a listener
// also accepts plain TCP. The default is package net's: true, unless GODEBUG=multipathtcp
// disables it.
func (lc *ListenConfig) MultipathTCP() bool {
	if lc.mptcp != nil {
		return *lc.mptcp
	}
	return new(net.ListenConfig).MultipathTCP()
}

// SetMultipathTCP sets whether Listen uses Multipath TCP if the kernel has it.
func (lc *ListenConfig) SetMultipathTCP(use bool) { lc.mptcp = &use }

// Listen listens on a local address. The network is "tcp", "tcp4", "tcp6", "unix" or
// "unixpacket". For a TCP address without a host, or with an unspecified one, it listens on
// all addresses. For port 0 or an empty port, the kernel chooses a free port. ctx is used
// while the address is resolved, and does not affect the listener.
func (lc *ListenConfig) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	addrs, err := resolve.Addrs(ctx, resolve.Default(), network, address)
	if err != nil {
		return nil, listenError(network, nil, err)
	}
	var l net.Listener
	laddr := resolve.First(addrs)
	switch a := laddr.(type) {
	case *net.TCPAddr:
		l, err = lc.listenTCP(ctx, network, a)
	case *net.UnixAddr:
		l, err = lc.listenUnix(ctx, network, a)
	default:
		err = &net.AddrError{Err: "unexpected address type", Addr: address}
	}
	if err != nil {
		return nil, listenError(network, laddr, err)
	}
	return l, nil
}

// ListenPacket returns a socket that receives packets on a local address. The network is
// "udp", "udp4", "udp6", "unixgram", or "ip", "ip4" or "ip6" with a protocol's number or name,
// such as "ip4:icmp". ctx is used as in Listen.
func (lc *ListenConfig) ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	addrs, err := resolve.Addrs(ctx, resolve.Default(), network, address)
	if err != nil {
		return nil, listenError(network, nil, err)
	}
	var c net.PacketConn
	laddr := resolve.First(addrs)
	switch a := laddr.(type) {
	case *net.UDPAddr:
		c, err = lc.listenUDP(ctx, network, a)
	case *net.IPAddr:
		c, err = lc.listenIP(ctx, network, a)
	case *net.UnixAddr:
		c, err = lc.listenUnixgram(ctx, network, a)
	default:
		err = &net.AddrError{Err: "unexpected address type", Addr: address}
	}
	if err != nil {
		return nil, listenError(network, laddr, err)
	}
	return c, nil
}

// Listen listens on a local address with the zero ListenConfig.
func Listen(network, address string) (net.Listener, error) {
	var lc ListenConfig
	return lc.Listen(context.Background(), network, address)
}

// ListenPacket returns a socket that receives packets on a local address, with the zero
// ListenConfig.
func ListenPacket(network, address string) (net.PacketConn, error) {
	var lc ListenConfig
	return lc.ListenPacket(context.Background(), network, address)
}

// socket returns the configuration of a socket of the network.
func (lc *ListenConfig) socket(network string, sotype int) conn.SocketConfig {
	s := conn.SocketConfig{Network: network, Type: sotype, Group: lc.Poller, Backlog: lc.Backlog, ReusePort: lc.ReusePort}
	s.KeepAlive, s.KeepAliveConfig = lc.KeepAlive, lc.KeepAliveConfig
	if lc.Control != nil {
		s.Control = func(_ context.Context, network, address string, c syscall.RawConn) error {
			return lc.Control(network, address, c)
		}
	}
	return s
}

// listenError returns the error of a listen.
func listenError(network string, laddr net.Addr, err error) error {
	return &net.OpError{Op: "listen", Net: network, Addr: laddr, Err: err}
}
