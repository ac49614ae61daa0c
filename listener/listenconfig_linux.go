package listener

import (
	"context"
	"net"
	"syscall"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/internal/resolve"
)

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
