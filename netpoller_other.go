//go:build !linux

package netpoller

import (
	"net"
	"os"
	"time"
)

// There is no reactor for this system yet: everything is package net's, so that a
// program with its import swapped compiles and runs here too.
type (
	Buffers      = net.Buffers
	Dialer       = net.Dialer
	IPConn       = net.IPConn
	ListenConfig = net.ListenConfig
	TCPConn      = net.TCPConn
	TCPListener  = net.TCPListener
	UDPConn      = net.UDPConn
	UnixConn     = net.UnixConn
	UnixListener = net.UnixListener
)

// Listen is net.Listen; every function here is package net's of the same name.
func Listen(network, address string) (Listener, error) { return net.Listen(network, address) }

func ListenPacket(network, address string) (PacketConn, error) {
	return net.ListenPacket(network, address)
}

func ListenTCP(network string, laddr *TCPAddr) (*TCPListener, error) {
	return net.ListenTCP(network, laddr)
}

func ListenUDP(network string, laddr *UDPAddr) (*UDPConn, error) {
	return net.ListenUDP(network, laddr)
}

func ListenMulticastUDP(network string, ifi *Interface, gaddr *UDPAddr) (*UDPConn, error) {
	return net.ListenMulticastUDP(network, ifi, gaddr)
}

func ListenIP(network string, laddr *IPAddr) (*IPConn, error) { return net.ListenIP(network, laddr) }

func ListenUnix(network string, laddr *UnixAddr) (*UnixListener, error) {
	return net.ListenUnix(network, laddr)
}

func ListenUnixgram(network string, laddr *UnixAddr) (*UnixConn, error) {
	return net.ListenUnixgram(network, laddr)
}

func Dial(network, address string) (Conn, error) { return net.Dial(network, address) }

func DialTimeout(network, address string, timeout time.Duration) (Conn, error) {
	return net.DialTimeout(network, address, timeout)
}

func DialTCP(network string, laddr, raddr *TCPAddr) (*TCPConn, error) {
	return net.DialTCP(network, laddr, raddr)
}

func DialUDP(network string, laddr, raddr *UDPAddr) (*UDPConn, error) {
	return net.DialUDP(network, laddr, raddr)
}

func DialIP(network string, laddr, raddr *IPAddr) (*IPConn, error) {
	return net.DialIP(network, laddr, raddr)
}

func DialUnix(network string, laddr, raddr *UnixAddr) (*UnixConn, error) {
	return net.DialUnix(network, laddr, raddr)
}

func FileConn(f *os.File) (Conn, error) { return net.FileConn(f) }

func FilePacketConn(f *os.File) (PacketConn, error) { return net.FilePacketConn(f) }

func FileListener(f *os.File) (Listener, error) { return net.FileListener(f) }
