package conn

import (
	"net"
	"os"
	"syscall"

	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/poller"
)

// A fileAddr is the address in the error of a file.
type fileAddr string

func (fileAddr) Network() string  { return "file+net" }
func (a fileAddr) String() string { return string(a) }

// FileError returns the error of a connection or a listener that cannot be made from a file.
func FileError(f *os.File, err error) error {
	return &net.OpError{Op: "file", Net: "file+net", Addr: fileAddr(f.Name()), Err: err}
}

// FileConn returns a connection on a duplicate of the socket f. Closing the connection does
// not close f, nor does closing f close the connection.
func FileConn(f *os.File) (net.Conn, error) {
	s, err := FileSocket(f)
	if err != nil {
		return nil, FileError(f, err)
	}
	switch s.laddr.(type) {
	case *net.TCPAddr:
		return NewTCPConn(s, 0, net.KeepAliveConfig{}), nil
	case *net.UDPAddr:
		return NewUDPConn(s), nil
	case *net.IPAddr:
		return NewIPConn(s), nil
	}
	return NewUnixConn(s), nil
}

// FilePacketConn returns a packet connection on a duplicate of the socket f.
func FilePacketConn(f *os.File) (net.PacketConn, error) {
	s, err := FileSocket(f)
	if err != nil {
		return nil, FileError(f, err)
	}
	switch s.laddr.(type) {
	case *net.UDPAddr:
		return NewUDPConn(s), nil
	case *net.IPAddr:
		return NewIPConn(s), nil
	case *net.UnixAddr:
		return NewUnixConn(s), nil
	}
	s.Close()
	return nil, FileError(f, syscall.EINVAL)
}

// FileSocket returns a duplicate of the socket f. It sets O_NONBLOCK, which f shares.
func FileSocket(f *os.File) (*NetFD, error) {
	sysfd, err := sys.Dup(int(f.Fd()))
	if err != nil {
		return nil, err
	}
	s := &NetFD{common: &common{group: poller.Default()}}
	laddr, raddr, err := s.adopt(sysfd)
	if err != nil {
		sys.CloseFD(sysfd)
		return nil, netFileError(f, err)
	}
	if err := s.pfd.Register(s.group); err != nil {
		s.pfd.Close()
		return nil, err
	}
	s.setAddrs(laddr, raddr)
	return s, nil
}

// adopt gives s a descriptor, and determines the type, protocol and family of the socket.
func (s *NetFD) adopt(sysfd int) (laddr, raddr net.Addr, err error) {
	if err := syscall.SetNonblock(sysfd, true); err != nil {
		return nil, nil, os.NewSyscallError("setnonblock", err)
	}
	if s.sotype, err = syscall.GetsockoptInt(sysfd, syscall.SOL_SOCKET, syscall.SO_TYPE); err != nil {
		return nil, nil, os.NewSyscallError("getsockopt", err)
	}
	s.proto, _ = syscall.GetsockoptInt(sysfd, syscall.SOL_SOCKET, syscall.SO_PROTOCOL)
	var local, peer sys.RawAddr
	if err := sys.OrdinaryCalls.Getsockname(sysfd, &local); err != nil {
		return nil, nil, os.NewSyscallError("getsockname", err)
	}
	s.family = local.Family()
	if laddr = addrOf(s.sotype, &local); laddr == nil {
		return nil, nil, syscall.EPROTONOSUPPORT
	}
	s.network = laddr.Network()
	_ = sys.OrdinaryCalls.Getpeername(sysfd, &peer) // a listener has none
	s.own(sysfd)
	s.pfd.MarkExposed() // another program may still have it
	return laddr, addrOf(s.sotype, &peer), nil
}
