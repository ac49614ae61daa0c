// Command unix tries what Unix sockets can do, as command tcp does.
package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"
)

func main() {
	dir, err := os.MkdirTemp("", "unix")
	check(err)
	defer os.RemoveAll(dir)
	check(os.Chdir(dir)) // names without the directory are the same in every run

	streams()
	datagrams()
	packets()
}

// streams are half closed, and a descriptor goes over.
func streams() {
	l, err := net.Listen("unix", "stream")
	check(err)
	fmt.Println(l.Addr().Network(), l.Addr(), l.Close())
	_, err = os.Lstat("stream")
	fmt.Println(errors.Is(err, fs.ErrNotExist))
	ul, err := net.ListenUnix("unix", &net.UnixAddr{Name: "stream", Net: "unix"})
	check(err)
	ul.SetUnlinkOnClose(false)
	c, err := net.DialUnix("unix", nil, ul.Addr().(*net.UnixAddr))
	check(err)
	peer, err := ul.AcceptUnix()
	check(err)
	fmt.Printf("%v %v %v %v\n", c.LocalAddr(), c.RemoteAddr(), peer.LocalAddr(), peer.RemoteAddr())
	fmt.Println(c.Write([]byte("hello")))
	check(c.CloseWrite())
	text, err := io.ReadAll(peer)
	fmt.Printf("%q %v\n", text, err)

	f, err := os.Open(".")
	check(err)
	fmt.Println(peer.WriteMsgUnix([]byte("x"), syscall.UnixRights(int(f.Fd())), nil))
	b, oob := make([]byte, 100), make([]byte, 100)
	n, oobn, _, a, err := c.ReadMsgUnix(b, oob)
	fmt.Println(n, a, err)
	messages, err := syscall.ParseSocketControlMessage(oob[:oobn])
	check(err)
	fds, err := syscall.ParseUnixRights(&messages[0])
	fmt.Println(len(fds), err, syscall.Close(fds[0]))
	check(f.Close())
	check(c.Close())
	check(peer.Close())
	check(ul.Close())
	_, err = os.Lstat("stream")
	fmt.Println(err)
	_, err = net.Dial("unix", "stream")
	fmt.Println(err, errors.Is(err, syscall.ECONNREFUSED))
	_, err = net.Dial("unix", "nobody")
	fmt.Println(err, errors.Is(err, fs.ErrNotExist))
}

func datagrams() {
	b := make([]byte, 100)
	server, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: "server", Net: "unixgram"})
	check(err)
	client, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: "client", Net: "unixgram"})
	check(err)
	fmt.Println(client.WriteToUnix([]byte("datagram"), server.LocalAddr().(*net.UnixAddr)))
	n, from, err := server.ReadFromUnix(b)
	fmt.Printf("%q %v %v\n", b[:n], from, err)
	fmt.Println(server.WriteTo([]byte("back"), from))
	n, addr, err := client.ReadFrom(b)
	fmt.Printf("%q %v %T %v\n", b[:n], addr, addr, err)
	check(client.SetReadDeadline(time.Now().Add(10 * time.Millisecond)))
	_, err = client.Read(b)
	fmt.Println(err)
	check(client.Close())
	check(server.Close())
}

// packets have a connection, and abstract names.
func packets() {
	b := make([]byte, 100)
	pl, err := net.Listen("unixpacket", fmt.Sprint("@packets", os.Getpid()))
	check(err)
	dialed, err := net.Dial("unixpacket", pl.Addr().String())
	check(err)
	accepted, err := pl.Accept()
	check(err)
	fmt.Println(dialed.Write([]byte("a packet")))
	fmt.Println(accepted.Read(b[:2])) // what does not fit is lost
	check(dialed.Close())
	fmt.Println(accepted.Read(b))
	check(accepted.Close())
	check(pl.Close())
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
