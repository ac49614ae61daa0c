package conn

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/internal/neterr"
	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/poller"
)

// A SocketConfig describes a socket to be made by Dial or Listen.
type SocketConfig struct {
	Network string // as for net.Dial: "tcp4", "udp", "unixgram"; but "ip4" for "ip4:icmp"
	Type    int    // SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET or SOCK_RAW
	Proto   int    // 0, or a protocol number

	// Control, if not nil, is called with the new socket before it is bound.
	Control func(ctx context.Context, network, address string, c syscall.RawConn) error

	// Group is the group of pollers with which the socket is registered. nil means
	// poller.Default.
	Group *poller.Group

	// Backlog is the length of a listener's queue. 0 means the kernel's limit (somaxconn).
	Backlog int

	// ReusePort sets SO_REUSEPORT, which lets several sockets listen on one port.
	ReusePort bool

	// KeepAlive and KeepAliveConfig are what NewTCPConn will be called with for the
	// connections of a TCP listener.
	KeepAlive       time.Duration
	KeepAliveConfig net.KeepAliveConfig
}

// Dial returns a socket connected to raddr, from laddr unless that is nil. If raddr is nil,
// the socket is bound to laddr and has no peer, which datagram sockets may do.
func (s SocketConfig) Dial(ctx context.Context, laddr, raddr net.Addr) (*NetFD, error) {
	f, err := s.open(s.dialFamily(laddr, raddr))
	if err != nil {
		return nil, err
	}
	done := false
	defer func() {
		if !done { // also if a Control hook panics or calls runtime.Goexit
			f.pfd.Close()
		}
	}()
	hint := raddr
	if hint == nil {
		hint = laddr
	}
	if err := s.control(ctx, f, hint); err != nil {
		return nil, err
	}
	if laddr != nil {
		if err := bind(f, laddr); err != nil {
			return nil, err
		}
	}
	if raddr == nil {
		err = f.start()
	} else {
		err = f.connect(ctx, raddr)
	}
	if err != nil {
		return nil, err
	}
	done = true
	return f, nil
}

// connect connects the socket, registers it and sets its addresses.
func (f *NetFD) connect(ctx context.Context, raddr net.Addr) error {
	rsa, err := sockaddr(f.family, raddr)
	if err != nil {
		return err
	}
	if err := f.pfd.Connect(ctx, rsa, f.group); err != nil {
		return neterr.OfContext(err)
	}
	f.connected = true
	// The kernel, or a BPF program, may have chosen another one.
	var peer sys.RawAddr
	if f.pfd.PeerName(&peer) == nil {
		raddr = addrOf(f.sotype, &peer)
	}
	f.setAddrs(f.sockname(), raddr)
	return nil
}

var errNegativeBacklog = errors.New("negative backlog")

// Listen returns a socket bound to laddr. A SOCK_STREAM or SOCK_SEQPACKET socket also starts
// to listen for connections.
func (s SocketConfig) Listen(ctx context.Context, laddr net.Addr) (*NetFD, error) {
	if s.Backlog < 0 {
		return nil, errNegativeBacklog
	}
	f, err := s.open(s.listenFamily(laddr))
	if err != nil {
		return nil, err
	}
	done := false
	defer func() {
		if !done { // also if a Control hook panics or calls runtime.Goexit
			f.pfd.Close()
		}
	}()
	listens := s.Type == syscall.SOCK_STREAM || s.Type == syscall.SOCK_SEQPACKET
	group, isGroup := multicast(f.family, laddr)
	if isGroup {
		laddr = group
	}
	if err := s.reuse(f, listens || isGroup); err != nil {
		return nil, err
	}
	// As in package net, an address of another family fails before Control is called.
	if _, err := sockaddr(f.family, laddr); err != nil {
		return nil, err
	}
	if err := s.control(ctx, f, laddr); err != nil {
		return nil, err
	}
	if err := bind(f, laddr); err != nil {
		return nil, err
	}
	if listens {
		if err := s.listen(f); err != nil {
			return nil, err
		}
	}
	if err := f.start(); err != nil {
		return nil, err
	}
	done = true
	return f, nil
}

// reuse lets the socket share its port. Without SO_REUSEADDR, a restarted server could not bind
// while connections of the old one are in TIME-WAIT, nor could several sockets receive from
// multicast groups on one port.
func (s SocketConfig) reuse(f *NetFD, addr bool) error {
	if addr {
		if err := f.setsockoptInt(syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
			return err
		}
	}
	if s.ReusePort {
		return f.setsockoptInt(syscall.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	}
	return nil
}

// listen makes a bound socket a listener.
func (s SocketConfig) listen(f *NetFD) error {
	if s.Type == syscall.SOCK_STREAM && f.family != syscall.AF_UNIX {
		f.passOn(s.KeepAlive, s.KeepAliveConfig)
	}
	backlog := s.Backlog
	if backlog == 0 {
		backlog = maxBacklog()
	}
	return os.NewSyscallError("listen", syscall.Listen(f.pfd.Sysfd(), backlog))
}

// multicast returns the address to which a socket for a multicast group is bound: the
// wildcard address, with the group's port.
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

// open makes a socket and sets the options that package net sets on every socket.
func (s SocketConfig) open(family int, v6only bool) (*NetFD, error) {
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
		// Independent of the system's default (bindv6only). If the kernel does not have the
		// option, bind(2) fails.
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

// control calls the hook with a network that names the family, such as "tcp4" or "udp6".
func (s SocketConfig) control(ctx context.Context, f *NetFD, a net.Addr) error {
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

// start registers a socket without a peer and sets its local address.
func (f *NetFD) start() error {
	if err := f.pfd.Register(f.group); err != nil {
		return err
	}
	f.setAddrs(f.sockname(), nil)
	return nil
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
