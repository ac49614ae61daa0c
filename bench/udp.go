//go:build linux

package main

import (
	"fmt"
	"log"
	"net"
	"net/netip"
	"runtime"

	"golang.org/x/sys/unix"
)

var udpScenario = scenario{
	key: "udp", title: "UDP echo", unit: "datagram",
	shows: "One socket, one goroutine: ReadFromUDPAddrPort and WriteToUDPAddrPort. Each client socket has one datagram " +
		"in flight.",
	points: crossed([]int{1, 64}, []int{64, 1400}),
	most:   64, // as many fit into the socket's buffer; one that is lost would be waited for
	start:  serveUDP,
	raw:    startRawUDP,
	load: func(srv *server, p point) (loader, error) {
		talk := echoDialogue(p.Size)
		talk.network = "udp"
		return newClient(srv.hello.Addr, p.Conns, talk)
	},
	compared: echoScenario.compared,
	others:   echoScenario.others,
}

const largestDatagram = 65507

// udpConn is what UDPConn of either package has.
type udpConn interface {
	ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error)
	WriteToUDPAddrPort(b []byte, addr netip.AddrPort) (int, error)
}

func serveUDP(v variant, _ point) (subject, error) {
	pc, err := v.sockets().listenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return subject{}, err
	}
	c, ok := pc.(udpConn)
	if !ok {
		return subject{}, fmt.Errorf("%T is no UDPConn", pc)
	}
	go echoDatagrams(c)
	return subject{addr: pc.LocalAddr().(*net.UDPAddr).String()}, nil
}

func echoDatagrams(c udpConn) {
	buf := make([]byte, largestDatagram)
	for {
		n, from, err := c.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		if _, err := c.WriteToUDPAddrPort(buf[:n], from); err != nil {
			log.Print("udp: ", err)
		}
	}
}

// startRawUDP is the floor: one thread that blocks in recvfrom.
func startRawUDP(variant, point) (subject, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return subject{}, fmt.Errorf("socket: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return subject{}, fmt.Errorf("bind: %w", err)
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return subject{}, fmt.Errorf("getsockname: %w", err)
	}
	go func() {
		runtime.LockOSThread()
		buf := make([]byte, largestDatagram)
		for {
			if errno := rawAnswerDatagram(fd, buf); errno != 0 && errno != unix.EINTR {
				log.Fatal("raw udp: ", errno)
			}
		}
	}()
	return subject{addr: fmt.Sprintf("127.0.0.1:%d", sa.(*unix.SockaddrInet4).Port)}, nil
}
