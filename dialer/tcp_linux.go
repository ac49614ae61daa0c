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

// DialTCP connects to raddr, from laddr unless that is nil.
func DialTCP(network string, laddr, raddr *net.TCPAddr) (*conn.TCPConn, error) {
	return new(Dialer).dialTCP(context.Background(), network, laddr, raddr)
}

// DialTCP connects to one address, from laddr, of which the zero AddrPort leaves the
// choice to the kernel.
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
		t := &attempt{Dialer: d, network: network}
		c, err = t.tcp(ctx, laddr, raddr)
	default:
		err = net.UnknownNetworkError(network)
	}
	if err != nil {
		return nil, dialError(network, neterr.Addr(laddr), neterr.Addr(raddr), err)
	}
	return c, nil
}

// tcp connects, by Multipath TCP if that is asked for and works.
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

// connect connects, up to three times where the kernel chooses the local port and may
// have chosen badly: the very port that is dialed, so that the socket, with nobody
// listening, was connected to itself; or one that turned out to be taken.
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

// selfConnected reports whether both ends are the same. Not to know an end is as bad.
func selfConnected(f *conn.NetFD, err error) bool {
	if err != nil {
		return false
	}
	l, lok := f.LocalAddr().(*net.TCPAddr)
	r, rok := f.RemoteAddr().(*net.TCPAddr)
	return !lok || !rok || l.Port == r.Port && l.IP.Equal(r.IP)
}
