package dialer

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/internal/neterr"
)

// DialTCP connects to raddr. If laddr is not nil, it is the local address.
func DialTCP(network string, laddr, raddr *net.TCPAddr) (*conn.TCPConn, error) {
	return new(Dialer).dialTCP(context.Background(), network, laddr, raddr)
}

// DialTCP connects to raddr from the local address laddr. For the zero AddrPort the kernel
// chooses a local address. The Dialer's LocalAddr is ignored, as in package net.
func (d *Dialer) DialTCP(ctx context.Context, network string, laddr, raddr netip.AddrPort) (*conn.TCPConn, error) {
	ctx, cancel := d.limit(ctx)
	defer cancel()
	return d.dialTCP(ctx, network, net.TCPAddrFromAddrPort(laddr), net.TCPAddrFromAddrPort(raddr))
}

func (d *Dialer) dialTCP(ctx context.Context, network string, laddr, raddr *net.TCPAddr) (c *conn.TCPConn, err error) {
	switch network {
	case "tcp", "tcp4", "tcp6":
		if raddr == nil {
			err = neterr.MissingAddress
			break
		}
		t := &attempt{Dialer: *d, network: network}
		c, err = t.tcp(ctx, laddr, raddr)
	default:
		err = net.UnknownNetworkError(network)
	}
	if err != nil {
		return nil, dialError(network, neterr.Addr(laddr), neterr.Addr(raddr), err)
	}
	return c, nil
}

// tcp connects by Multipath TCP if that is enabled and succeeds, else by TCP.
func (t *attempt) tcp(ctx context.Context, laddr, raddr *net.TCPAddr) (*conn.TCPConn, error) {
	s := t.socket(t.network, syscall.SOCK_STREAM)
	if t.MultipathTCP() && conn.SupportsMultipathTCP() {
		s.Proto = conn.MultipathTCP
		if c, err := t.connect(ctx, s, laddr, raddr); err == nil {
			return c, nil
		}
		s.Proto = 0
	}
	return t.connect(ctx, s, laddr, raddr)
}

// connect connects, and tries up to three times if the kernel chooses the local port. The
// kernel may choose the port that is dialed, which connects the socket to itself, or a port
// that is taken (EADDRNOTAVAIL). Package net does the same.
func (t *attempt) connect(ctx context.Context, s conn.SocketConfig, laddr, raddr *net.TCPAddr) (*conn.TCPConn, error) {
	f, err := s.Dial(ctx, neterr.Addr(laddr), raddr)
	if laddr == nil || laddr.Port == 0 {
		// DOC: self-connect
		for i := 0; i < 2 && (selfConnected(f, err) || errors.Is(err, syscall.EADDRNOTAVAIL)); i++ {
			if err == nil {
				f.Close()
			}
			f, err = s.Dial(ctx, neterr.Addr(laddr), raddr)
		}
	}
	if err != nil {
		return nil, err
	}
	return conn.NewTCPConn(f, t.KeepAlive, t.KeepAliveConfig), nil
}

// selfConnected reports whether the two ends of a connection are the same address, or one of
// them is unknown.
func selfConnected(f *conn.NetFD, err error) bool {
	if err != nil {
		return false
	}
	l, lok := f.LocalAddr().(*net.TCPAddr)
	r, rok := f.RemoteAddr().(*net.TCPAddr)
	return !lok || !rok || l.Port == r.Port && l.IP.Equal(r.IP)
}
