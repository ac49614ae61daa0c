//go:build !linux

package conn

import (
	"net"
	"os"
)

// On this system the connections are package net's, each in a type that has the methods of
// this package, too.
type (
	// A TCPConn is a TCP connection: it has the methods of net.TCPConn.
	TCPConn struct {
		netTCPConn
		onLinux
	}

	// A UDPConn is a UDP socket: it has the methods of net.UDPConn.
	UDPConn struct {
		netUDPConn
		onLinux
	}

	// A UnixConn is a Unix socket: it has the methods of net.UnixConn.
	UnixConn struct {
		netUnixConn
		onLinux
	}

	// An IPConn is a raw IP socket: it has the methods of net.IPConn.
	IPConn struct {
		netIPConn
		onLinux
	}

	// Buffers are net.Buffers, which write to these connections in one system call where they
	// do so to package net's.
	Buffers = net.Buffers
)

// Embedded under these names, package net's types are not exported fields.
type (
	netTCPConn  = net.TCPConn
	netUDPConn  = net.UDPConn
	netUnixConn = net.UnixConn
	netIPConn   = net.IPConn
)

// Wrap returns a connection of package net as the one of this package that C is, or that
// implements C. If there is an error, it returns that, and the zero C.
func Wrap[C any](c any, err error) (wrapped C, _ error) {
	if err != nil {
		return wrapped, err
	}
	switch std := c.(type) {
	case *net.TCPConn:
		c = &TCPConn{*std, onLinux{std}}
	case *net.UDPConn:
		c = &UDPConn{*std, onLinux{std}}
	case *net.UnixConn:
		c = &UnixConn{*std, onLinux{std}}
	case *net.IPConn:
		c = &IPConn{*std, onLinux{std}}
	}
	return c.(C), nil
}

// FileConn is net.FileConn.
func FileConn(f *os.File) (net.Conn, error) { return Wrap[net.Conn](net.FileConn(f)) }

// FilePacketConn is net.FilePacketConn.
func FilePacketConn(f *os.File) (net.PacketConn, error) {
	return Wrap[net.PacketConn](net.FilePacketConn(f))
}
