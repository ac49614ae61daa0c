package conn

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/neterr"
	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/poller"
)

// A Socket says how to make one.
type Socket struct {
	Network string // as net.Dial has it: "tcp4", "udp", "unixgram"; "ip4" for "ip4:icmp"
	Type    int    // SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET or SOCK_RAW
	Proto   int    // 0, or a protocol number

	// Control, if not nil, is called with the new socket before it is bound.
	Control func(ctx context.Context, network, address string, c syscall.RawConn) error

	// Group watches the socket; nil means poller.Default.
	Group *poller.Group

	// Backlog is the length of a listener's queue; 0 means what the kernel allows.
	Backlog int

	// ReusePort lets several sockets listen on one port (SO_REUSEPORT).
	ReusePort bool
}

// Dial returns a socket connected to raddr, from laddr unless that is nil. Without
// raddr it is bound to laddr and has no peer, as datagram sockets may.
func (s Socket) Dial(ctx context.Context, laddr, raddr net.Addr) (*NetFD, error) {
	family, v6only := s.dialFamily(laddr, raddr)
	return s.made(family, v6only, func(f *NetFD) error { return s.dial(ctx, f, laddr, raddr) })
}

// made returns a socket that is set up, and closes one that is not, also where a Control
// hook panics or ends its goroutine.
func (s Socket) made(family int, v6only bool, setUp func(*NetFD) error) (*NetFD, error) {
	f, err := s.open(family, v6only)
	if err != nil {
		return nil, err
	}
	done := false
	defer func() {
		if !done {
			f.pfd.Close()
		}
	}()
	if err := setUp(f); err != nil {
		return nil, err
	}
	done = true
	return f, nil
}

func (s Socket) dial(ctx context.Context, f *NetFD, laddr, raddr net.Addr) error {
	hint := raddr
	if hint == nil {
		hint = laddr
	}
	if err := s.control(ctx, f, hint); err != nil {
		return err
	}
	if laddr != nil {
		if err := bind(f, laddr); err != nil {
			return err
		}
	}
	if raddr == nil {
		return f.start(nil)
	}
	rsa, err := sockaddr(f.family, raddr)
	if err != nil {
		return err
	}
	peer, err := f.pfd.Connect(ctx, rsa, f.group)
	if err != nil {
		return neterr.OfContext(err)
	}
	f.connected = true
	if peer == nil {
		peer, _ = sys.Getpeername(f.pfd.Sysfd())
	}
	if peer != nil {
		raddr = addrOf(f.sotype, peer)
	}
	f.setAddrs(f.sockname(), raddr)
	return nil
}

var errNegativeBacklog = errors.New("negative backlog")

// Listen returns a socket bound to laddr. One of connections accepts them.
func (s Socket) Listen(ctx context.Context, laddr net.Addr) (*NetFD, error) {
	if s.Backlog < 0 {
		return nil, errNegativeBacklog
	}
	family, v6only := s.listenFamily(laddr)
	return s.made(family, v6only, func(f *NetFD) error { return s.listen(ctx, f, laddr) })
}

func (s Socket) listen(ctx context.Context, f *NetFD, laddr net.Addr) error {
	accepts := s.Type == syscall.SOCK_STREAM || s.Type == syscall.SOCK_SEQPACKET
	if accepts {
		// A server that restarts must not wait for the connections of the last one.
		if err := f.setsockoptInt(syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
			return err
		}
	} else if group, ok := multicast(f.family, laddr); ok {
		// Several receivers may listen to one group, or to many on one port.
		if err := f.setsockoptInt(syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
			return err
		}
		laddr = group
	}
	if s.ReusePort {
		if err := f.setsockoptInt(syscall.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
			return err
		}
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
	if accepts {
		backlog := s.Backlog
		if backlog == 0 {
			backlog = maxBacklog()
		}
		if err := syscall.Listen(f.pfd.Sysfd(), backlog); err != nil {
			return os.NewSyscallError("listen", err)
		}
	}
	return f.start(nil)
}

// multicast returns the wildcard address that a socket for a multicast group is bound
// to, on the group's port.
func multicast(family int, a net.Addr) (net.Addr, bool) {
	udp, ok := a.(*net.UDPAddr)
	if !ok || !udp.IP.IsMulticast() {
		return nil, false
	}
	wildcard := net.IPv4zero
	if family == syscall.AF_INET6 {
		wildcard = net.IPv6unspecified
	}
	return &net.UDPAddr{IP: wildcard, Port: udp.Port, Zone: udp.Zone}, true
}

// open makes a socket with the options every socket of ours has.
func (s Socket) open(family int, v6only bool) (*NetFD, error) {
	sysfd, err := sys.Socket(family, s.Type, s.Proto)
	if err != nil {
		return nil, err
	}
	group := s.Group
	if group == nil {
		group = poller.Default()
	}
	f := &NetFD{common: &common{family: family, sotype: s.Type, proto: s.Proto, network: s.Network, group: group}}
	if s.Type == syscall.SOCK_STREAM && s.Proto == 0 && family != syscall.AF_UNIX {
		f.proto = syscall.IPPROTO_TCP
	}
	f.own(sysfd)
	if family == syscall.AF_INET6 && s.Type != syscall.SOCK_RAW {
		// Whatever the system's default is. A kernel that does not know better says so
		// when the address is bound.
		_ = f.setsockoptInt(syscall.IPPROTO_IPV6, syscall.IPV6_V6ONLY, boolInt(v6only))
	}
	if family != syscall.AF_UNIX && (s.Type == syscall.SOCK_DGRAM || s.Type == syscall.SOCK_RAW) {
		if err := f.setsockoptInt(syscall.SOL_SOCKET, syscall.SO_BROADCAST, 1); err != nil {
			f.pfd.Close()
			return nil, err
		}
	}
	return f, nil
}

// control calls the hook, which is told of the family in use: "tcp4", "udp6".
func (s Socket) control(ctx context.Context, f *NetFD, a net.Addr) error {
	if s.Control == nil {
		return nil
	}
	network := s.Network
	if last := network[len(network)-1]; f.family != syscall.AF_UNIX && last != '4' && last != '6' {
		network += map[int]string{syscall.AF_INET: "4", syscall.AF_INET6: "6"}[f.family]
	}
	address := ""
	if a != nil {
		address = a.String()
	}
	return s.Control(ctx, network, address, &rawConn{f})
}

// start registers a socket that is set up and gives it its addresses.
func (f *NetFD) start(raddr net.Addr) error {
	if err := f.pfd.Init(f.group); err != nil {
		return err
	}
	f.setAddrs(f.sockname(), raddr)
	return nil
}

// sockname asks the kernel for the local address.
func (f *NetFD) sockname() net.Addr {
	sa, _ := syscall.Getsockname(f.pfd.Sysfd())
	return addrOf(f.sotype, sa)
}

func bind(f *NetFD, laddr net.Addr) error {
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
