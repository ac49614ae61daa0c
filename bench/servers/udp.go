//go:build linux

package servers

import (
	"fmt"
	"log"
	"net"
	"net/netip"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/bench/sys"
)

const largestDatagram = 65507

// udpConn is what UDPConn of either package has.
type udpConn interface {
	ReadFromUDPAddrPort(b []byte) (int, netip.AddrPort, error)
	WriteToUDPAddrPort(b []byte, addr netip.AddrPort) (int, error)
}

// Datagrams echoes datagrams: one socket, one goroutine.
func Datagrams(v Variant, _ Point) (Subject, error) {
	pc, err := v.sockets().listenPacket("udp", "127.0.0.1:0")
	if err != nil {
		return Subject{}, err
	}
	c, ok := pc.(udpConn)
	if !ok {
		return Subject{}, fmt.Errorf("%T is no UDPConn", pc)
	}
	go echoDatagrams(c)
	return Subject{Addr: pc.LocalAddr().(*net.UDPAddr).String()}, nil
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

// RawDatagrams is the floor: one thread that blocks in recvfrom.
func RawDatagrams(Variant, Point) (Subject, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return Subject{}, fmt.Errorf("socket: %w", err)
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return Subject{}, fmt.Errorf("bind: %w", err)
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return Subject{}, fmt.Errorf("getsockname: %w", err)
	}
	go func() {
		runtime.LockOSThread()
		buf := make([]byte, largestDatagram)
		for {
			if errno := sys.AnswerDatagram(fd, buf); errno != 0 && errno != unix.EINTR {
				log.Fatal("raw udp: ", errno)
			}
		}
	}()
	return Subject{Addr: fmt.Sprintf("127.0.0.1:%d", sa.(*unix.SockaddrInet4).Port)}, nil
}
