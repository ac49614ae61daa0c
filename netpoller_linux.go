package netpoller

import (
	"os"
	"time"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/dialer"
	"github.com/a57b2d82/netpoller/listener"
)

// Our own types, under the names that package net has for them. Their methods are
// documented there: go doc github.com/a57b2d82/netpoller/conn TCPConn, and likewise in
// packages dialer and listener.
type (
	Buffers      = conn.Buffers
	Dialer       = dialer.Dialer
	IPConn       = conn.IPConn
	ListenConfig = listener.ListenConfig
	TCPConn      = conn.TCPConn
	TCPListener  = listener.TCPListener
	UDPConn      = conn.UDPConn
	UnixConn     = conn.UnixConn
	UnixListener = listener.UnixListener
)

// Listen announces on a local address. See ListenConfig.Listen.
func Listen(network, address string) (Listener, error) { return listener.Listen(network, address) }

// ListenTCP announces on a TCP address. See listener.ListenTCP.
func ListenTCP(network string, laddr *TCPAddr) (*TCPListener, error) {
	return listener.ListenTCP(network, laddr)
}

// Dial connects to an address. See Dialer.DialContext.
func Dial(network, address string) (Conn, error) { return dialer.Dial(network, address) }

// DialTimeout is Dial with a timeout. See Dialer.Timeout.
func DialTimeout(network, address string, timeout time.Duration) (Conn, error) {
	return dialer.DialTimeout(network, address, timeout)
}

// DialTCP connects to a TCP address. See dialer.DialTCP.
func DialTCP(network string, laddr, raddr *TCPAddr) (*TCPConn, error) {
	return dialer.DialTCP(network, laddr, raddr)
}

// ListenPacket opens a local address to packets. See ListenConfig.ListenPacket.
func ListenPacket(network, address string) (PacketConn, error) {
	return listener.ListenPacket(network, address)
}

// ListenUDP opens a local address to UDP packets. See listener.ListenUDP.
func ListenUDP(network string, laddr *UDPAddr) (*UDPConn, error) {
	return listener.ListenUDP(network, laddr)
}

// ListenMulticastUDP joins a multicast group. See listener.ListenMulticastUDP.
func ListenMulticastUDP(network string, ifi *Interface, gaddr *UDPAddr) (*UDPConn, error) {
	return listener.ListenMulticastUDP(network, ifi, gaddr)
}

// ListenIP opens a local address to IP packets. See listener.ListenIP.
func ListenIP(network string, laddr *IPAddr) (*IPConn, error) {
	return listener.ListenIP(network, laddr)
}

// ListenUnix announces on a Unix socket. See listener.ListenUnix.
func ListenUnix(network string, laddr *UnixAddr) (*UnixListener, error) {
	return listener.ListenUnix(network, laddr)
}

// ListenUnixgram opens a Unix socket to datagrams. See listener.ListenUnixgram.
func ListenUnixgram(network string, laddr *UnixAddr) (*UnixConn, error) {
	return listener.ListenUnixgram(network, laddr)
}

// DialUDP returns a UDP socket with a peer. See dialer.DialUDP.
func DialUDP(network string, laddr, raddr *UDPAddr) (*UDPConn, error) {
	return dialer.DialUDP(network, laddr, raddr)
}

// DialIP returns a raw IP socket with a peer. See dialer.DialIP.
func DialIP(network string, laddr, raddr *IPAddr) (*IPConn, error) {
	return dialer.DialIP(network, laddr, raddr)
}

// DialUnix connects to a Unix socket. See dialer.DialUnix.
func DialUnix(network string, laddr, raddr *UnixAddr) (*UnixConn, error) {
	return dialer.DialUnix(network, laddr, raddr)
}

// FileConn returns a connection on a copy of the socket that f is. See conn.FileConn.
func FileConn(f *os.File) (Conn, error) { return conn.FileConn(f) }

// FilePacketConn is FileConn for sockets of packets. See conn.FilePacketConn.
func FilePacketConn(f *os.File) (PacketConn, error) { return conn.FilePacketConn(f) }

// FileListener returns a listener on a copy of the socket that f is. See
// listener.FileListener.
func FileListener(f *os.File) (Listener, error) { return listener.FileListener(f) }
