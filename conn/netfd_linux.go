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

// A NetFD is a socket with its addresses. Its methods are those of fd.FD; their errors name
// the system call, as those of net's netFD do. The garbage collector closes a NetFD that is
// unreachable, as in package net. It cannot do so during an operation: each method of pfd
// has a pointer to pfd, and so into the NetFD, until it has given up its lock or reference.
type NetFD struct {
	pfd fd.FD

	// Immutable once the socket is in use.
	*common
	laddr net.Addr
	raddr net.Addr
}

// common is the part that a listener and the connections that it accepts share, which keeps
// each connection small.
type common struct {
	family    int
	sotype    int
	proto     int    // of the socket or of its listener: IPPROTO_TCP for plain TCP, else as given to socket(2)
	network   string // as given: "tcp", "tcp4", "unix" ...
	connected bool   // by connect(2): it has one peer
	group     *poller.Group

	// passesOn says that the listener has the options of NewTCPConn, so that the connections
	// that it accepts have them from the kernel.
	passesOn bool
}

// uninitialized is the NetFD of a connection or listener that has none, such as the zero
// TCPConn. It is closed, and OpError returns syscall.EINVAL for it.
var uninitialized = func() *NetFD {
	f := &NetFD{common: new(common)}
	f.own(-1) // else Close would close descriptor 0
	f.pfd.Close()
	return f
}()

// Uninitialized returns a closed NetFD for which OpError returns syscall.EINVAL.
func Uninitialized() *NetFD { return uninitialized }

// own gives f a socket.
func (f *NetFD) own(sysfd int) { f.pfd.Own(sysfd, f.kind()) }

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

// LocalAddr returns the local address.
func (f *NetFD) LocalAddr() net.Addr { return f.laddr }

// RemoteAddr returns the remote address, nil for a listener.
func (f *NetFD) RemoteAddr() net.Addr { return f.raddr }

// OpError returns the error of an operation op of f, as package net has it: a net.OpError,
// or the bare syscall.EINVAL if f is not initialized.
func (f *NetFD) OpError(op string, source, addr net.Addr, err error) error {
	if f == uninitialized {
		return syscall.EINVAL
	}
	return &net.OpError{Op: op, Net: f.network, Source: source, Addr: addr, Err: err}
}

// setAddrs sets the addresses, and the finalizer.
func (f *NetFD) setAddrs(laddr, raddr net.Addr) {
	f.laddr, f.raddr = laddr, raddr
	runtime.SetFinalizer(f, (*NetFD).Close) // DOC: finalizer
}

// sockname asks the kernel for the local address.
func (f *NetFD) sockname() net.Addr {
	var name sys.RawAddr
	_ = f.pfd.LocalName(&name) // as in package net, there is no address then
	return addrOf(f.sotype, &name)
}

// Close closes the socket.
func (f *NetFD) Close() error {
	runtime.SetFinalizer(f, nil)
	return f.pfd.Close()
}

// Accept waits for the next connection of a listening socket.
func (f *NetFD) Accept() (*NetFD, error) {
	sysfd, peer, err := f.pfd.Accept()
	if err != nil {
		return nil, err
	}
	c := &NetFD{common: f.common}
	c.pfd.Own(sysfd, f.acceptedKind())
	c.pfd.InheritOptions(&f.pfd)
	if err := c.pfd.Init(c.group); err != nil {
		c.pfd.Close()
		return nil, err
	}
	c.setAddrs(c.sockname(), addrOf(c.sotype, &peer))
	return c, nil
}

// acceptedKind returns the kind of a connection that f has accepted. A Multipath TCP listener
// accepts plain TCP connections from peers that do not support Multipath TCP.
func (f *NetFD) acceptedKind() fd.Kind {
	if f.proto == MultipathTCP {
		return fd.KindMaybeTCP
	}
	return f.kind()
}

// File returns a duplicate of the descriptor as a file. The Fd method of the file clears
// O_NONBLOCK, which the duplicate shares with the socket. Only package net creates such
// files, from its own sockets, so File creates one of those for a moment.
func (f *NetFD) File() (*os.File, error) {
	dup, err := f.pfd.Dup()
	if err != nil {
		return nil, err
	}
	if sys.Blocks(dup) {
		// O_NONBLOCK is cleared already, and package net would set it again.
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

// name returns the name that package net gives to a File.
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

// A filer is a socket of package net.
type filer interface {
	io.Closer
	File() (*os.File, error)
}

// adopted returns a socket of package net on a duplicate of file, and closes file. It makes
// a listener or a packet connection: these set no socket options, while a connection does.
// That a TCP socket does not listen shows only in Accept.
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

// cause returns the error within a net.OpError.
func cause(err error) error {
	if op, ok := err.(*net.OpError); ok {
		return op.Err
	}
	return err
}

// RawControl calls control with the descriptor.
func (f *NetFD) RawControl(control func(sysfd uintptr)) error { return f.pfd.RawControl(control) }

func (f *NetFD) rawRead(read func(sysfd uintptr) bool) error   { return f.pfd.RawRead(read) }
func (f *NetFD) rawWrite(write func(sysfd uintptr) bool) error { return f.pfd.RawWrite(write) }

func (f *NetFD) shutdown(how int) error {
	return neterr.OfSyscall("shutdown", f.pfd.Shutdown(how))
}

func (f *NetFD) setsockoptInt(level, name, value int) error {
	return neterr.OfSyscall("setsockopt", f.pfd.SetsockoptInt(level, name, value))
}

// getsockoptInt returns the bare errno.
func (f *NetFD) getsockoptInt(level, name int) (int, error) {
	return f.pfd.GetsockoptInt(level, name)
}

func (f *NetFD) setLinger(l *syscall.Linger) error {
	return neterr.OfSyscall("setsockopt", f.pfd.SetsockoptLinger(syscall.SOL_SOCKET, syscall.SO_LINGER, l))
}
