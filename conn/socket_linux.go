package conn

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/poller"
)

// A Socket says how to make one.
type Socket struct {
	Network string // "tcp", "tcp4" or "tcp6"
	Proto   int    // 0, or IPPROTO_MPTCP

	// Control, if not nil, is called with the new socket before it is bound.
	Control func(ctx context.Context, network, address string, c syscall.RawConn) error

	// Group watches the socket; nil means poller.Default.
	Group *poller.Group

	// Backlog is the length of a listener's queue; 0 means what the kernel allows.
	Backlog int
}

// DialTCP returns a connection to raddr, from laddr unless that is nil.
func (s Socket) DialTCP(ctx context.Context, laddr, raddr *net.TCPAddr) (*NetFD, error) {
	family, v6only := s.dialFamily(laddr, raddr)
	f, err := s.open(family, v6only)
	if err != nil {
		return nil, err
	}
	if err := s.dial(ctx, f, laddr, raddr); err != nil {
		f.pfd.Close()
		return nil, err
	}
	return f, nil
}

func (s Socket) dial(ctx context.Context, f *NetFD, laddr, raddr *net.TCPAddr) error {
	if err := s.control(ctx, f, raddr); err != nil {
		return err
	}
	if laddr != nil {
		if err := bind(f, laddr); err != nil {
			return err
		}
	}
	rsa, err := sockaddr(f.family, raddr)
	if err != nil {
		return err
	}
	peer, err := f.connect(ctx, rsa)
	if err != nil {
		return err
	}
	if peer == nil {
		peer, _ = sys.Getpeername(f.pfd.Sysfd())
	}
	lsa, _ := syscall.Getsockname(f.pfd.Sysfd())
	if peer == nil {
		f.setAddrs(tcpAddr(lsa), raddr)
	} else {
		f.setAddrs(tcpAddr(lsa), tcpAddr(peer))
	}
	return nil
}

var errNegativeBacklog = errors.New("negative backlog")

// ListenTCP returns a listening socket bound to laddr.
func (s Socket) ListenTCP(ctx context.Context, laddr *net.TCPAddr) (*NetFD, error) {
	if s.Backlog < 0 {
		return nil, errNegativeBacklog
	}
	family, v6only := s.listenFamily(laddr)
	f, err := s.open(family, v6only)
	if err != nil {
		return nil, err
	}
	if err := s.listen(ctx, f, laddr); err != nil {
		f.pfd.Close()
		return nil, err
	}
	return f, nil
}

func (s Socket) listen(ctx context.Context, f *NetFD, laddr *net.TCPAddr) error {
	// A server that restarts must not wait for the connections of the last one.
	if err := f.setsockoptInt(syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return err
	}
	// An address that does not fit is reported before Control is called.
	if _, err := sockaddr(f.family, laddr); err != nil {
		return err
	}
	if err := s.control(ctx, f, laddr); err != nil {
		return err
	}
	if err := bind(f, laddr); err != nil {
		return err
	}
	backlog := s.Backlog
	if backlog == 0 {
		backlog = maxBacklog()
	}
	if err := syscall.Listen(f.pfd.Sysfd(), backlog); err != nil {
		return os.NewSyscallError("listen", err)
	}
	if err := f.pfd.Init(f.group); err != nil {
		return err
	}
	lsa, _ := syscall.Getsockname(f.pfd.Sysfd())
	f.setAddrs(tcpAddr(lsa), nil)
	return nil
}

// open makes a socket with the options every socket of ours has.
func (s Socket) open(family int, v6only bool) (*NetFD, error) {
	sysfd, err := sys.Socket(family, syscall.SOCK_STREAM, s.Proto)
	if err != nil {
		return nil, err
	}
	proto := s.Proto
	if proto == 0 {
		proto = syscall.IPPROTO_TCP
	}
	group := s.Group
	if group == nil {
		group = poller.Default()
	}
	f := newNetFD(sysfd, family, proto, s.Network, group)
	if family == syscall.AF_INET6 {
		// Whatever the system's default is. A kernel that does not know better says so
		// when the address is bound.
		_ = f.setsockoptInt(syscall.IPPROTO_IPV6, syscall.IPV6_V6ONLY, boolInt(v6only))
	}
	return f, nil
}

// control calls the hook, which is told of the family in use: "tcp4" or "tcp6".
func (s Socket) control(ctx context.Context, f *NetFD, address *net.TCPAddr) error {
	if s.Control == nil {
		return nil
	}
	network := s.Network
	if last := network[len(network)-1]; last != '4' && last != '6' {
		network += map[int]string{syscall.AF_INET: "4", syscall.AF_INET6: "6"}[f.family]
	}
	return s.Control(ctx, network, address.String(), &rawConn{f})
}

func bind(f *NetFD, laddr *net.TCPAddr) error {
	sa, err := sockaddr(f.family, laddr)
	if err != nil {
		return err
	}
	return os.NewSyscallError("bind", syscall.Bind(f.pfd.Sysfd(), sa))
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
