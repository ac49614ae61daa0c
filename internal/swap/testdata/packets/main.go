// Command packets tries what UDP sockets can do, as command tcp does.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

func main() {
	server, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	check(err)
	to := server.LocalAddr().(*net.UDPAddr)
	c, err := net.DialUDP("udp", nil, to)
	check(err)
	everyWay(server, c)
	notAllowed(server, c)
	filesAndOptions(server)
	ends(server, c)
}

// everyWay sends and receives in all ways that there are.
func everyWay(server, c *net.UDPConn) {
	from, to := c.LocalAddr().(*net.UDPAddr), server.LocalAddr().(*net.UDPAddr)
	b, oob := make([]byte, 100), make([]byte, 100)
	say(c.Write([]byte("one")))
	n, a, err := server.ReadFrom(b)
	fmt.Printf("%q %v %T %v\n", b[:n], a.String() == from.String(), a, err)
	say(server.WriteTo([]byte("two"), a))
	say(c.Read(b))
	say(server.WriteToUDP([]byte("three"), from))
	n, ua, err := c.ReadFromUDP(b)
	fmt.Printf("%q %v %v\n", b[:n], ua.String() == to.String(), err)
	say(server.WriteToUDPAddrPort([]byte("four"), from.AddrPort()))
	n, ap, err := c.ReadFromUDPAddrPort(b)
	fmt.Printf("%q %v %v\n", b[:n], ap == netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), to.AddrPort().Port()), err)
	fmt.Println(c.WriteMsgUDP([]byte("five"), nil, nil))
	n, oobn, flags, ua, err := server.ReadMsgUDP(b, oob)
	fmt.Printf("%q %d %x %v %v\n", b[:n], oobn, flags, ua.Port == from.Port, err)
	fmt.Println(server.WriteMsgUDPAddrPort([]byte("six, cut"), nil, from.AddrPort()))
	n, _, flags, _, err = c.ReadMsgUDPAddrPort(b[:3], oob)
	fmt.Printf("%q %x %v\n", b[:n], flags, err)
	say(server.WriteTo(nil, from))
	say(c.Read(b))
}

func notAllowed(server, c *net.UDPConn) {
	from, to := c.LocalAddr().(*net.UDPAddr), server.LocalAddr().(*net.UDPAddr)
	_, err := c.WriteTo([]byte("x"), to)
	fmt.Println(errors.Is(err, net.ErrWriteToConnected), operation(err))
	_, err = server.Write([]byte("x"))
	fmt.Println(operation(err))
	_, err = server.WriteTo([]byte("x"), &net.TCPAddr{IP: to.IP, Port: to.Port})
	fmt.Println(operation(err))
	_, err = server.WriteTo(make([]byte, 70000), from)
	fmt.Println(operation(err), errors.Is(err, syscall.EMSGSIZE))
	check(server.SetReadDeadline(time.Now().Add(10 * time.Millisecond)))
	_, _, err = server.ReadFrom(make([]byte, 100))
	fmt.Println(operation(err), errors.Is(err, os.ErrDeadlineExceeded))
}

// filesAndOptions has other ways to open a socket, too.
func filesAndOptions(server *net.UDPConn) {
	check(server.SetReadBuffer(1 << 16))
	check(server.SetWriteBuffer(1 << 16))
	f, err := server.File()
	check(err)
	twin, err := net.FilePacketConn(f)
	check(err)
	fmt.Printf("%v\n", twin.LocalAddr().String() == server.LocalAddr().String())
	check(f.Close())
	check(twin.Close())
	lc := net.ListenConfig{Control: func(network, _ string, _ syscall.RawConn) error {
		fmt.Println("hook of", network)
		return nil
	}}
	any, err := lc.ListenPacket(context.Background(), "udp", ":0")
	check(err)
	fmt.Println(any.LocalAddr().(*net.UDPAddr).IP)
	check(any.Close())
	_, err = net.ListenPacket("tcp", "127.0.0.1:0")
	fmt.Println(err)
}

func ends(server, c *net.UDPConn) {
	b := make([]byte, 100)
	check(server.Close())
	_, _, err := server.ReadFromUDPAddrPort(b)
	fmt.Println(operation(err), errors.Is(err, net.ErrClosed))
	_, err = c.Write([]byte("to nobody"))
	check(err)
	_, err = c.Read(b)
	fmt.Println(operation(err), errors.Is(err, syscall.ECONNREFUSED))
	check(c.Close())
}

// operation returns an error without its addresses, in which are ports.
func operation(err error) string {
	var op *net.OpError
	if !errors.As(err, &op) {
		return fmt.Sprintf("%T %v", err, err)
	}
	return fmt.Sprintf("%s %s %T %v", op.Op, op.Net, op.Err, op.Err)
}

func say(n int, err error) { fmt.Println(n, err) }

func check(err error) {
	if err != nil {
		panic(err)
	}
}
