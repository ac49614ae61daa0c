package conn

import (
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/a57b2d82/netpoller/internal/neterr"
	"github.com/a57b2d82/netpoller/internal/sys"
)

// A UnixConn is a Unix socket: a stream ("unix"), packets in sequence ("unixpacket") or
// datagrams ("unixgram"). It is a net.Conn and a net.PacketConn.
//
// Control messages (descriptors, credentials, see unix(7)) belong to the data that they were
// sent with: a read of a stream ends at a control message.
type UnixConn struct{ conn }

// NewUnixConn returns the UnixConn on a socket.
func NewUnixConn(f *NetFD) *UnixConn { return &UnixConn{conn{f}} }

// SyscallConn returns raw access to the descriptor.
func (c *UnixConn) SyscallConn() (syscall.RawConn, error) { return c.rawConn() }

// CloseRead shuts down the reading side. Few programs need it.
func (c *UnixConn) CloseRead() error { return c.shutdown(syscall.SHUT_RD) }

// CloseWrite shuts down the writing side: the peer of a stream reads the data written before
// and then io.EOF.
func (c *UnixConn) CloseWrite() error { return c.shutdown(syscall.SHUT_WR) }

// ReadFrom implements net.PacketConn. The address is a *net.UnixAddr, or nil if the sender
// has no name.
func (c *UnixConn) ReadFrom(b []byte) (int, net.Addr, error) {
	n, addr, err := c.ReadFromUnix(b)
	return n, neterr.Addr(addr), err
}

// ReadFromUnix reads one packet, or data of a stream, and its sender's address. At the end of
// a stream or of a sequence of packets it returns io.EOF, in a net.OpError before Go 1.27, as
// package net does.
func (c *UnixConn) ReadFromUnix(b []byte) (int, *net.UnixAddr, error) {
	var from sys.RawAddr
	n, err := c.readFrom(b, &from)
	return n, c.unixAddr(&from), asNetEOF(err)
}

// ReadMsgUnix reads data into b and control messages into oob. It returns the number of bytes
// in each, the flags of recvmsg(2) and the sender's address. Descriptors in control messages
// are close-on-exec.
func (c *UnixConn) ReadMsgUnix(b, oob []byte) (n, oobn, flags int, addr *net.UnixAddr, err error) {
	var from sys.RawAddr
	n, oobn, flags, err = c.readMsg(b, oob, syscall.MSG_CMSG_CLOEXEC, &from)
	return n, oobn, flags, c.unixAddr(&from), asNetEOF(err)
}

// asNetEOF returns io.EOF for an error that wraps it, if package net does so.
func asNetEOF(err error) error {
	if err != nil && errors.Is(err, io.EOF) && !wrapsEOF.yes() {
		return io.EOF
	}
	return err
}

// WriteTo implements net.PacketConn. The address must be a *net.UnixAddr.
func (c *UnixConn) WriteTo(b []byte, addr net.Addr) (int, error) {
	a, ok := addr.(*net.UnixAddr)
	if !ok {
		return 0, c.toError(addr, syscall.EINVAL)
	}
	return c.WriteToUnix(b, a)
}

// WriteToUnix writes one datagram to an address. On a connected socket it fails with
// net.ErrWriteToConnected.
func (c *UnixConn) WriteToUnix(b []byte, addr *net.UnixAddr) (int, error) {
	f := c.netFD()
	switch {
	case f.connected:
		return 0, c.toError(neterr.Addr(addr), net.ErrWriteToConnected)
	case addr == nil:
		return 0, c.toError(nil, neterr.MissingAddress)
	}
	var to sys.RawAddr
	if err := f.setUnix(&to, addr); err != nil {
		return 0, c.toError(addr, err)
	}
	return c.writeTo(b, &to, addr)
}

// WriteMsgUnix writes data and control messages to an address, or to the peer if addr is nil.
// On a connected datagram socket it fails with net.ErrWriteToConnected.
func (c *UnixConn) WriteMsgUnix(b, oob []byte, addr *net.UnixAddr) (n, oobn int, err error) {
	f := c.netFD()
	switch {
	case f.sotype == syscall.SOCK_DGRAM && f.connected:
		return 0, 0, c.toError(neterr.Addr(addr), net.ErrWriteToConnected)
	case addr == nil:
		return c.writeMsg(b, oob, nil, nil)
	}
	var to sys.RawAddr
	if err := f.setUnix(&to, addr); err != nil {
		return 0, 0, c.toError(addr, err)
	}
	return c.writeMsg(b, oob, &to, addr)
}

// setUnix sets raw to the address addr. The network of addr must be that of f. A name that
// is too long is an error of the system call, as in rawAddr.
func (f *NetFD) setUnix(raw *sys.RawAddr, addr *net.UnixAddr) error {
	if addr.Net != unixNetwork(f.sotype) {
		return syscall.EAFNOSUPPORT
	}
	raw.SetUnix(addr.Name)
	return nil
}

// unixAddr returns the address in raw, or nil if it has no name.
func (c *UnixConn) unixAddr(raw *sys.RawAddr) *net.UnixAddr {
	name := raw.Unix()
	if name == "" {
		return nil
	}
	return &net.UnixAddr{Name: name, Net: unixNetwork(c.netFD().sotype)}
}
