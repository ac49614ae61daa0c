package conn

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/a57b2d82/netpoller/internal/neterr"
	"github.com/a57b2d82/netpoller/internal/sys"
)

// A UnixConn is a Unix socket: a stream ("unix"), packets in sequence ("unixpacket") or
// datagrams ("unixgram"). It is a net.Conn and a net.PacketConn.
//
// Control messages (descriptors, credentials) travel with data: a stream's read ends
// where they do, so a short read of one says nothing about what is left.
type UnixConn struct{ conn }

// NewUnixConn returns the UnixConn on a socket.
func NewUnixConn(f *NetFD) *UnixConn { return &UnixConn{conn{f}} }

// SyscallConn returns raw access to the descriptor.
func (c *UnixConn) SyscallConn() (syscall.RawConn, error) { return c.rawConn() }

// CloseRead shuts down the reading side. Few programs need it.
func (c *UnixConn) CloseRead() error { return c.shutdown(syscall.SHUT_RD) }

// CloseWrite shuts down the writing side: the peer of a stream reads what was written
// and then io.EOF.
func (c *UnixConn) CloseWrite() error { return c.shutdown(syscall.SHUT_WR) }

// ReadFrom implements net.PacketConn; the address is a *net.UnixAddr, or nil for a
// sender without a name.
func (c *UnixConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, addr, err := c.ReadFromUnix(b)
	return n, neterr.Addr(addr), err
}

// ReadFromUnix is ReadFrom. At the end of a stream or of a sequence of packets it fails
// with an error that is io.EOF: with io.EOF itself from Go 1.27 on, and within a
// net.OpError before, as package net does.
func (c *UnixConn) ReadFromUnix(b []byte) (int, *net.UnixAddr, error) {
	var from sys.RawAddr
	n, err := c.readFrom(b, &from)
	return n, c.unixAddr(&from), asNetEOF(err)
}

// ReadMsgUnix reads data into b and control messages into oob. It returns how much of
// each was filled, the flags of recvmsg(2) and the sender. Descriptors that come along
// are close-on-exec.
func (c *UnixConn) ReadMsgUnix(b, oob []byte) (n, oobn, flags int, addr *net.UnixAddr, err error) {
	var from sys.RawAddr
	n, oobn, flags, err = c.readMsg(b, oob, syscall.MSG_CMSG_CLOEXEC, &from)
	return n, oobn, flags, c.unixAddr(&from), asNetEOF(err)
}

// asNetEOF returns io.EOF for an error that contains it, if package net does so.
func asNetEOF(err error) error {
	if err != nil && errors.Is(err, io.EOF) && !wrapsEOF.yes() {
		return io.EOF
	}
	return err
}

// WriteTo implements net.PacketConn; the address is a *net.UnixAddr.
func (c *UnixConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	if !c.ok() {
		return 0, syscall.EINVAL
	}
	a, ok := addr.(*net.UnixAddr)
	if !ok {
		return 0, c.toError(addr, syscall.EINVAL)
	}
	return c.WriteToUnix(b, a)
}

// WriteToUnix writes one datagram to an address. A connected socket has its peer and
// fails with net.ErrWriteToConnected.
func (c *UnixConn) WriteToUnix(b []byte, addr *net.UnixAddr) (int, error) {
	if !c.ok() {
		return 0, syscall.EINVAL
	}
	var to sys.RawAddr
	var err error
	switch {
	case c.fd.connected:
		err = net.ErrWriteToConnected
	case addr == nil:
		err = neterr.MissingAddress
	default:
		err = c.setUnix("sendto", &to, addr)
	}
	return c.writeTo(b, &to, neterr.Addr(addr), err)
}

// WriteMsgUnix writes data and control messages, to an address if that is not nil; a
// connected datagram socket fails with net.ErrWriteToConnected.
func (c *UnixConn) WriteMsgUnix(b, oob []byte, addr *net.UnixAddr) (n, oobn int, err error) {
	if !c.ok() {
		return 0, 0, syscall.EINVAL
	}
	var buf sys.RawAddr
	var to *sys.RawAddr
	switch {
	case c.fd.sotype == syscall.SOCK_DGRAM && c.fd.connected:
		err = net.ErrWriteToConnected
	case addr != nil:
		to, err = &buf, c.setUnix("sendmsg", &buf, addr)
	}
	return c.writeMsg(b, oob, to, neterr.Addr(addr), err)
}

// setUnix makes raw an address of the kind of socket that c is, for a system call.
func (c *UnixConn) setUnix(call string, raw *sys.RawAddr, addr *net.UnixAddr) error {
	if addr.Net != unixNetwork(c.fd.sotype) {
		return syscall.EAFNOSUPPORT
	}
	return os.NewSyscallError(call, raw.SetUnix(addr.Name))
}

// unixAddr returns the address in raw, or nil if it has no name.
func (c *UnixConn) unixAddr(raw *sys.RawAddr) *net.UnixAddr {
	name := raw.Unix()
	if name == "" {
		return nil
	}
	return &net.UnixAddr{Name: name, Net: unixNetwork(c.fd.sotype)}
}
