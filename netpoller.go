package netpoller

import (
	"os"
	"time"

	"github.com/a57b2d82/netpoller/conn"
	"github.com/a57b2d82/netpoller/dialer"
	"github.com/a57b2d82/netpoller/listener"
)

// These types are this module's own, under the names that package net has for them. Each
// links to its methods in packages conn, dialer and listener.
type (
	// Buffers are a list of buffers, which a connection of this package writes in one call:
	// [conn.Buffers]. Its methods: [conn.Buffers.WriteTo], [conn.Buffers.Read].
	Buffers = conn.Buffers

	// A Dialer says how to connect: [dialer.Dialer] has its fields. Its methods:
	// [dialer.Dialer.Dial], [dialer.Dialer.DialContext], [dialer.Dialer.DialIP],
	// [dialer.Dialer.DialTCP], [dialer.Dialer.DialUDP], [dialer.Dialer.DialUnix],
	// [dialer.Dialer.MultipathTCP], [dialer.Dialer.SetMultipathTCP].
	Dialer = dialer.Dialer

	// A ListenConfig says how to listen: [listener.ListenConfig] has its fields. Its methods:
	// [listener.ListenConfig.Listen], [listener.ListenConfig.ListenPacket],
	// [listener.ListenConfig.MultipathTCP], [listener.ListenConfig.SetMultipathTCP].
	ListenConfig = listener.ListenConfig

	// A TCPListener accepts TCP connections: [listener.TCPListener]. Its methods:
	// [listener.TCPListener.Accept], [listener.TCPListener.AcceptTCP],
	// [listener.TCPListener.Addr], [listener.TCPListener.Close], [listener.TCPListener.File],
	// [listener.TCPListener.SetDeadline], [listener.TCPListener.SyscallConn].
	TCPListener = listener.TCPListener

	// A UnixListener accepts connections to a Unix socket: [listener.UnixListener]. Its
	// methods: [listener.UnixListener.Accept], [listener.UnixListener.AcceptUnix],
	// [listener.UnixListener.Addr], [listener.UnixListener.Close],
	// [listener.UnixListener.File], [listener.UnixListener.SetDeadline],
	// [listener.UnixListener.SetUnlinkOnClose], [listener.UnixListener.SyscallConn].
	UnixListener = listener.UnixListener

	// A TCPConn is a TCP connection: [conn.TCPConn]. Methods that package net has, too:
	//
	//   - data: [conn.TCPConn.Read], [conn.TCPConn.ReadFrom], [conn.TCPConn.Write],
	//     [conn.TCPConn.WriteTo]
	//   - deadlines: [conn.TCPConn.SetDeadline], [conn.TCPConn.SetReadDeadline],
	//     [conn.TCPConn.SetWriteDeadline]
	//   - end: [conn.TCPConn.Close], [conn.TCPConn.CloseRead], [conn.TCPConn.CloseWrite]
	//   - addresses: [conn.TCPConn.LocalAddr], [conn.TCPConn.RemoteAddr]
	//   - the socket: [conn.TCPConn.File], [conn.TCPConn.MultipathTCP],
	//     [conn.TCPConn.SetKeepAlive], [conn.TCPConn.SetKeepAliveConfig],
	//     [conn.TCPConn.SetKeepAlivePeriod], [conn.TCPConn.SetLinger],
	//     [conn.TCPConn.SetNoDelay], [conn.TCPConn.SetReadBuffer],
	//     [conn.TCPConn.SetWriteBuffer], [conn.TCPConn.SyscallConn]
	//
	// Methods that only this package has: [conn.TCPConn.NotifyReadable],
	// [conn.TCPConn.WaitReadable], [conn.TCPConn.WaitWritable], [conn.TCPConn.ReadContext],
	// [conn.TCPConn.WriteContext], [conn.TCPConn.PeerClosed].
	TCPConn = conn.TCPConn

	// A UDPConn is a UDP socket: [conn.UDPConn]. Methods that package net has, too:
	//
	//   - data: [conn.UDPConn.Read], [conn.UDPConn.ReadFrom], [conn.UDPConn.ReadFromUDP],
	//     [conn.UDPConn.ReadFromUDPAddrPort], [conn.UDPConn.ReadMsgUDP],
	//     [conn.UDPConn.ReadMsgUDPAddrPort], [conn.UDPConn.Write], [conn.UDPConn.WriteMsgUDP],
	//     [conn.UDPConn.WriteMsgUDPAddrPort], [conn.UDPConn.WriteTo],
	//     [conn.UDPConn.WriteToUDP], [conn.UDPConn.WriteToUDPAddrPort]
	//   - deadlines: [conn.UDPConn.SetDeadline], [conn.UDPConn.SetReadDeadline],
	//     [conn.UDPConn.SetWriteDeadline]
	//   - end: [conn.UDPConn.Close]
	//   - addresses: [conn.UDPConn.LocalAddr], [conn.UDPConn.RemoteAddr]
	//   - the socket: [conn.UDPConn.File], [conn.UDPConn.SetReadBuffer],
	//     [conn.UDPConn.SetWriteBuffer], [conn.UDPConn.SyscallConn]
	//
	// Methods that only this package has: [conn.UDPConn.NotifyReadable],
	// [conn.UDPConn.WaitReadable], [conn.UDPConn.WaitWritable], [conn.UDPConn.ReadContext],
	// [conn.UDPConn.WriteContext], [conn.UDPConn.PeerClosed], [conn.UDPConn.ReadBatch],
	// [conn.UDPConn.WriteBatch].
	UDPConn = conn.UDPConn

	// A UnixConn is a Unix socket: [conn.UnixConn]. Methods that package net has, too:
	//
	//   - data: [conn.UnixConn.Read], [conn.UnixConn.ReadFrom], [conn.UnixConn.ReadFromUnix],
	//     [conn.UnixConn.ReadMsgUnix], [conn.UnixConn.Write], [conn.UnixConn.WriteMsgUnix],
	//     [conn.UnixConn.WriteTo], [conn.UnixConn.WriteToUnix]
	//   - deadlines: [conn.UnixConn.SetDeadline], [conn.UnixConn.SetReadDeadline],
	//     [conn.UnixConn.SetWriteDeadline]
	//   - end: [conn.UnixConn.Close], [conn.UnixConn.CloseRead], [conn.UnixConn.CloseWrite]
	//   - addresses: [conn.UnixConn.LocalAddr], [conn.UnixConn.RemoteAddr]
	//   - the socket: [conn.UnixConn.File], [conn.UnixConn.SetReadBuffer],
	//     [conn.UnixConn.SetWriteBuffer], [conn.UnixConn.SyscallConn]
	//
	// Methods that only this package has: [conn.UnixConn.NotifyReadable],
	// [conn.UnixConn.WaitReadable], [conn.UnixConn.WaitWritable], [conn.UnixConn.ReadContext],
	// [conn.UnixConn.WriteContext], [conn.UnixConn.PeerClosed].
	UnixConn = conn.UnixConn

	// An IPConn is a raw IP socket: [conn.IPConn]. Methods that package net has, too:
	//
	//   - data: [conn.IPConn.Read], [conn.IPConn.ReadFrom], [conn.IPConn.ReadFromIP],
	//     [conn.IPConn.ReadMsgIP], [conn.IPConn.Write], [conn.IPConn.WriteMsgIP],
	//     [conn.IPConn.WriteTo], [conn.IPConn.WriteToIP]
	//   - deadlines: [conn.IPConn.SetDeadline], [conn.IPConn.SetReadDeadline],
	//     [conn.IPConn.SetWriteDeadline]
	//   - end: [conn.IPConn.Close]
	//   - addresses: [conn.IPConn.LocalAddr], [conn.IPConn.RemoteAddr]
	//   - the socket: [conn.IPConn.File], [conn.IPConn.SetReadBuffer],
	//     [conn.IPConn.SetWriteBuffer], [conn.IPConn.SyscallConn]
	//
	// Methods that only this package has: [conn.IPConn.NotifyReadable],
	// [conn.IPConn.WaitReadable], [conn.IPConn.WaitWritable], [conn.IPConn.ReadContext],
	// [conn.IPConn.WriteContext], [conn.IPConn.PeerClosed].
	IPConn = conn.IPConn
)

// Listen announces on a local address. See [listener.ListenConfig.Listen].
func Listen(network, address string) (Listener, error) { return listener.Listen(network, address) }

// ListenTCP announces on a TCP address. See [listener.ListenTCP].
func ListenTCP(network string, laddr *TCPAddr) (*TCPListener, error) {
	return listener.ListenTCP(network, laddr)
}

// Dial connects to an address. See [dialer.Dialer.DialContext].
func Dial(network, address string) (Conn, error) { return dialer.Dial(network, address) }

// DialTimeout is Dial with a timeout. See [dialer.Dialer.Timeout].
func DialTimeout(network, address string, timeout time.Duration) (Conn, error) {
	return dialer.DialTimeout(network, address, timeout)
}

// DialTCP connects to a TCP address. See [dialer.DialTCP].
func DialTCP(network string, laddr, raddr *TCPAddr) (*TCPConn, error) {
	return dialer.DialTCP(network, laddr, raddr)
}

// ListenPacket opens a local address to packets. See
// [listener.ListenConfig.ListenPacket].
func ListenPacket(network, address string) (PacketConn, error) {
	return listener.ListenPacket(network, address)
}

// ListenUDP opens a local address to UDP packets. See [listener.ListenUDP].
func ListenUDP(network string, laddr *UDPAddr) (*UDPConn, error) {
	return listener.ListenUDP(network, laddr)
}

// ListenMulticastUDP joins a multicast group. See [listener.ListenMulticastUDP].
func ListenMulticastUDP(network string, ifi *Interface, gaddr *UDPAddr) (*UDPConn, error) {
	return listener.ListenMulticastUDP(network, ifi, gaddr)
}

// ListenIP opens a local address to IP packets. See [listener.ListenIP].
func ListenIP(network string, laddr *IPAddr) (*IPConn, error) {
	return listener.ListenIP(network, laddr)
}

// ListenUnix announces on a Unix socket. See [listener.ListenUnix].
func ListenUnix(network string, laddr *UnixAddr) (*UnixListener, error) {
	return listener.ListenUnix(network, laddr)
}

// ListenUnixgram opens a Unix socket to datagrams. See [listener.ListenUnixgram].
func ListenUnixgram(network string, laddr *UnixAddr) (*UnixConn, error) {
	return listener.ListenUnixgram(network, laddr)
}

// DialUDP returns a UDP socket with a peer. See [dialer.DialUDP].
func DialUDP(network string, laddr, raddr *UDPAddr) (*UDPConn, error) {
	return dialer.DialUDP(network, laddr, raddr)
}

// DialIP returns a raw IP socket with a peer. See [dialer.DialIP].
func DialIP(network string, laddr, raddr *IPAddr) (*IPConn, error) {
	return dialer.DialIP(network, laddr, raddr)
}

// DialUnix connects to a Unix socket. See [dialer.DialUnix].
func DialUnix(network string, laddr, raddr *UnixAddr) (*UnixConn, error) {
	return dialer.DialUnix(network, laddr, raddr)
}

// FileConn returns a connection on a copy of the socket that f is. See [conn.FileConn].
func FileConn(f *os.File) (Conn, error) { return conn.FileConn(f) }

// FilePacketConn is FileConn for sockets of packets. See [conn.FilePacketConn].
func FilePacketConn(f *os.File) (PacketConn, error) { return conn.FilePacketConn(f) }

// FileListener returns a listener on a copy of the socket that f is. See
// [listener.FileListener].
func FileListener(f *os.File) (Listener, error) { return listener.FileListener(f) }
