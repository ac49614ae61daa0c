package dialer

import (
	"context"
	"net"
	"syscall"

	"github.com/a57b2d82/netpoller/conn"
)

// An attempt is one call of a Dialer's methods. It has a copy, because it may run on when the call
// has returned, and the caller may change the Dialer then.
type attempt struct {
	Dialer
	network string
}

// single connects to one address. It ignores a local address of another type than ra's.
func (t *attempt) single(ctx context.Context, ra net.Addr) (c net.Conn, err error) {
	done := traced(ctx, t.network, ra)
	switch ra := ra.(type) {
	case *net.TCPAddr:
		la, _ := t.LocalAddr.(*net.TCPAddr)
		c, err = t.tcp(ctx, la, ra)
	case *net.UDPAddr:
		la, _ := t.LocalAddr.(*net.UDPAddr)
		c, err = t.udp(ctx, la, ra)
	case *net.IPAddr:
		la, _ := t.LocalAddr.(*net.IPAddr)
		c, err = t.ip(ctx, la, ra)
	case *net.UnixAddr:
		la, _ := t.LocalAddr.(*net.UnixAddr)
		c, err = t.unix(ctx, la, ra)
	}
	if err != nil {
		c, err = nil, t.opError(ra, err)
	}
	done(err)
	return c, err
}

// socket returns the configuration of a socket of the network.
func (t *attempt) socket(network string, sotype int) conn.SocketConfig {
	s := conn.SocketConfig{Network: network, Type: sotype, Group: t.Poller, Control: t.ControlContext}
	if s.Control == nil && t.Control != nil {
		s.Control = func(_ context.Context, network, address string, c syscall.RawConn) error {
			return t.Control(network, address, c)
		}
	}
	return s
}

func (t *attempt) opError(ra net.Addr, err error) error {
	return dialError(t.network, t.LocalAddr, ra, err)
}

// dialError returns the error of a dial.
func dialError(network string, laddr, raddr net.Addr, err error) error {
	return &net.OpError{Op: "dial", Net: network, Source: laddr, Addr: raddr, Err: err}
}
