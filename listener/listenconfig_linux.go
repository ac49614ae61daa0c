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

// A ListenConfig says how to listen. The zero ListenConfig is what Listen uses. Its
// methods may be called from any goroutine, and do not modify it.
type ListenConfig struct {
	// Control, if not nil, is called with each new socket before it is bound. The
	// network it is told is "tcp4" or "tcp6" for "tcp".
	Control func(network, address string, c syscall.RawConn) error

	// KeepAlive is how long an accepted connection is idle before the first keep-alive
	// probe; 0 means 15 s, and a negative value no probes. It is ignored if
	// KeepAliveConfig.Enable is true.
	KeepAlive time.Duration

	// KeepAliveConfig says when an accepted connection sends keep-alive probes.
	KeepAliveConfig net.KeepAliveConfig

	// Backlog is how many connections may wait to be accepted. 0, the default and all
	// that package net has, means as many as the kernel allows (somaxconn), and a
	// larger one means no more; a negative one is an error.
	Backlog int

	// ReusePort lets several listeners, of this process and others, share one port: the
	// kernel spreads connections over them (SO_REUSEPORT).
	ReusePort bool

	// Poller is the group of reactors that watch the listener and what it accepts; nil
	// means poller.Default.
	Poller *poller.Group

	mptcp *bool // nil: as package net has it
}

// MultipathTCP reports whether Listen will use Multipath TCP where the kernel does. Peers
// that do not know it are served all the same. Where nothing is set, Listen does what
// package net does: yes, unless GODEBUG=multipathtcp says otherwise.
func (lc *ListenConfig) MultipathTCP() bool {
	if lc.mptcp != nil {
		return *lc.mptcp
	}
	return new(net.ListenConfig).MultipathTCP()
}

// SetMultipathTCP says whether Listen shall.
func (lc *ListenConfig) SetMultipathTCP(use bool) { lc.mptcp = &use }

// Listen announces on a local address. The network is "tcp", "tcp4", "tcp6", "unix" or
// "unixpacket". A TCP address without a host, or with an unspecified one, means all;
// port 0, or none, a free one. The context matters while the address is being resolved
// only.
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

// ListenPacket opens a local address to packets. The network is "udp", "udp4", "udp6",
// "unixgram", or "ip", "ip4" or "ip6" with a protocol's number or name, as "ip4:icmp".
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

// Listen announces on a local address with the zero ListenConfig.
func Listen(network, address string) (net.Listener, error) {
	var lc ListenConfig
	return lc.Listen(context.Background(), network, address)
}

// ListenPacket opens a local address to packets with the zero ListenConfig.
func ListenPacket(network, address string) (net.PacketConn, error) {
	var lc ListenConfig
	return lc.ListenPacket(context.Background(), network, address)
}

// socket returns what lc says about a socket of the network.
func (lc *ListenConfig) socket(network string, sotype int) conn.SocketConfig {
	s := conn.SocketConfig{Network: network, Type: sotype, Group: lc.Poller, Backlog: lc.Backlog, ReusePort: lc.ReusePort}
	if lc.Control != nil {
		s.Control = func(_ context.Context, network, address string, c syscall.RawConn) error {
			return lc.Control(network, address, c)
		}
	}
	return s
}

// listenError is the error of listening on an address.
func listenError(network string, laddr net.Addr, err error) error {
	return &net.OpError{Op: "listen", Net: network, Addr: laddr, Err: err}
}
