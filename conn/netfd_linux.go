package conn

import (
	"io"
	"net"
	"os"
	"runtime"
	"syscall"

	"github.com/a57b2d82/netpoller/fd"
	"github.com/a57b2d82/netpoller/internal/neterr"
	"github.com/a57b2d82/netpoller/internal/sys"
	"github.com/a57b2d82/netpoller/poller"
)

// A NetFD is a socket with its addresses. One that nobody refers to any more is closed
// by the garbage collector, as in package net.
type NetFD struct {
	pfd fd.FD

	// Immutable once the socket is in use.
	*common
	laddr net.Addr
	raddr net.Addr
}

// common is what a listener and the connections that it accepts have in common, so that
// each of very many takes no more than it must.
type common struct {
	family    int
	sotype    int
	proto     int    // IPPROTO_TCP for plain TCP, else as given to socket(2)
	network   string // as given: "tcp", "tcp4", "unix" ...
	connected bool   // by connect(2): it has one peer
	group     *poller.Group
}

// own gives f a socket and what package fd may assume of it.
func (f *NetFD) own(sysfd int) *NetFD {
	f.pfd.Own(sysfd, f.kind())
	return f
}

func (f *NetFD) kind() fd.Kind {
	switch f.sotype {
	case syscall.SOCK_STREAM:
		if f.proto == syscall.IPPROTO_TCP {
			return fd.KindTCP
		}
		return fd.KindStream
	case syscall.SOCK_SEQPACKET:
		return fd.KindSeqPacket
	}
	return fd.KindPacket
}

// Network returns the network that a net.OpError names.
func (f *NetFD) Network() string { return f.network }

// LocalAddr returns the address that a net.OpError names as Source.
func (f *NetFD) LocalAddr() net.Addr { return f.laddr }

// RemoteAddr returns the address that a net.OpError names as Addr; nil for a listener.
func (f *NetFD) RemoteAddr() net.Addr { return f.raddr }

// FD returns the descriptor.
func (f *NetFD) FD() *fd.FD { return &f.pfd }

// setAddrs gives the socket its addresses, and to the garbage collector.
func (f *NetFD) setAddrs(laddr, raddr net.Addr) {
	f.laddr, f.raddr = laddr, raddr
	runtime.SetFinalizer(f, (*NetFD).Close) // DOC: finalizer
}

// Close closes the socket.
func (f *NetFD) Close() error {
	runtime.SetFinalizer(f, nil)
	return f.pfd.Close()
}

// Accept returns the next connection of a listening socket.
func (f *NetFD) Accept() (*NetFD, error) {
	sysfd, rsa, err := f.pfd.Accept()
	if err != nil {
		return nil, err
	}
	c := &NetFD{common: f.accepted(sysfd)}
	c.own(sysfd)
	c.pfd.InheritOptions(&f.pfd)
	if err := c.pfd.Init(c.group); err != nil {
		c.pfd.Close()
		return nil, err
	}
	c.setAddrs(c.sockname(), addrOf(c.sotype, rsa))
	return c, nil
}

// accepted returns what a connection just accepted is. A Multipath TCP listener accepts
// connections of peers that speak plain TCP, which are that then.
func (f *NetFD) accepted(sysfd int) *common {
	if f.proto != MultipathTCP {
		return f.common
	}
	proto, err := syscall.GetsockoptInt(sysfd, syscall.SOL_SOCKET, syscall.SO_PROTOCOL)
	if err != nil || proto == f.proto {
		return f.common
	}
	plain := *f.common
	plain.proto = proto
	return &plain
}

// Shutdown is shutdown(2).
func (f *NetFD) Shutdown(how int) error {
	defer runtime.KeepAlive(f)
	return neterr.OfSyscall("shutdown", f.pfd.Shutdown(how))
}

// File returns a duplicate of the descriptor as a file whose Fd method clears O_NONBLOCK, of
// the original, too, which shares it. Only package net makes such files, of sockets of its
// own: for a moment there is one.
func (f *NetFD) File() (*os.File, error) {
	defer runtime.KeepAlive(f)
	dup, err := f.pfd.Dup()
	if err != nil {
		return nil, err
	}
	if sys.Blocks(dup) {
		// Nothing is left for Fd to clear, and package net would set it while it adopts.
		return os.NewFile(uintptr(dup), f.name()), nil
	}
	theirs, err := f.adopted(os.NewFile(uintptr(dup), ""))
	if err != nil {
		return nil, cause(err)
	}
	defer theirs.Close()
	file, err := theirs.File() // DOC: file-of-net
	return file, cause(err)
}

// name is what package net names a File by.
func (f *NetFD) name() string {
	var local, remote string
	if f.laddr != nil {
		local = f.laddr.String()
	}
	if f.raddr != nil {
		remote = f.raddr.String()
	}
	return f.network + ":" + local + "->" + remote
}

// A filer is a socket of package net's.
type filer interface {
	io.Closer
	File() (*os.File, error)
}

// adopted returns package net's socket on a copy of a file, which it closes. Neither a
// listener nor a packet connection sets options, as a connection does. That a TCP socket is
// no listener shows only when it is to accept.
func (f *NetFD) adopted(file *os.File) (filer, error) {
	defer file.Close()
	if f.family != syscall.AF_UNIX && f.sotype == syscall.SOCK_STREAM {
		l, err := net.FileListener(file)
		if err != nil {
			return nil, err
		}
		return l.(*net.TCPListener), nil
	}
	c, err := net.FilePacketConn(file)
	if err != nil {
		return nil, err
	}
	return c.(filer), nil
}

// cause returns what is in a net.OpError.
func cause(err error) error {
	if op, ok := err.(*net.OpError); ok {
		return op.Err
	}
	return err
}

// setsockoptInt names the call in its error.
func (f *NetFD) setsockoptInt(level, name, value int) error {
	defer runtime.KeepAlive(f)
	return neterr.OfSyscall("setsockopt", f.pfd.SetsockoptInt(level, name, value))
}
