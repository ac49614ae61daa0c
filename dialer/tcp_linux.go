package dialer

import (
	"context"
	"errors"
	"net"
	"net/http/httptrace"
	"syscall"

	"github.com/a57b2d82/netpoller/conn"
)

// single connects to one address and tells the context's httptrace hooks.
func (t *attempt) single(ctx context.Context, ra *net.TCPAddr) (c *conn.TCPConn, err error) {
	if trace := httptrace.ContextClientTrace(ctx); trace != nil {
		if trace.ConnectStart != nil {
			trace.ConnectStart(t.network, ra.String())
		}
		if trace.ConnectDone != nil {
			defer func() { trace.ConnectDone(t.network, ra.String(), err) }()
		}
	}
	la, _ := t.LocalAddr.(*net.TCPAddr)
	if c, err = t.tcp(ctx, la, ra); err != nil {
		return nil, t.opError(ra, err)
	}
	return c, nil
}

// tcp connects, by Multipath TCP if that is asked for and works.
func (t *attempt) tcp(ctx context.Context, laddr, raddr *net.TCPAddr) (*conn.TCPConn, error) {
	s := conn.Socket{Network: t.network, Group: t.Poller, Control: t.ControlContext}
	if s.Control == nil && t.Control != nil {
		s.Control = func(_ context.Context, network, address string, c syscall.RawConn) error {
			return t.Control(network, address, c)
		}
	}
	if t.mptcp && conn.SupportsMultipathTCP() {
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
func (t *attempt) connect(ctx context.Context, s conn.Socket, laddr, raddr *net.TCPAddr) (*conn.TCPConn, error) {
	f, err := s.DialTCP(ctx, laddr, raddr)
	if laddr == nil || laddr.Port == 0 {
		// DOC: self-connect
		for i := 0; i < 2 && (selfConnected(f, err) || errors.Is(err, syscall.EADDRNOTAVAIL)); i++ {
			if err == nil {
				f.Close()
			}
			f, err = s.DialTCP(ctx, laddr, raddr)
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

// withoutConnectHooks returns ctx with no ConnectStart and ConnectDone hooks, which are
// not meant for the connections that resolving a name may need; the DNS hooks stay.
// Hooks can be added to a context but not taken away, so this one looks them up in
// another first.
func withoutConnectHooks(ctx context.Context) context.Context {
	trace := httptrace.ContextClientTrace(ctx)
	if trace == nil {
		return ctx
	}
	dns := &httptrace.ClientTrace{DNSStart: trace.DNSStart, DNSDone: trace.DNSDone}
	if dns.DNSStart == nil {
		dns.DNSStart = func(httptrace.DNSStartInfo) {} // a trace without hooks hides nothing
	}
	return shadow{ctx, httptrace.WithClientTrace(context.Background(), dns)}
}

// A shadow is a context whose values are looked up in values first.
type shadow struct {
	context.Context
	values context.Context
}

func (s shadow) Value(key any) any {
	if v := s.values.Value(key); v != nil {
		return v
	}
	return s.Context.Value(key)
}
