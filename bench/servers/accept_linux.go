package servers

import (
	"fmt"
	"log"
	"net"
	"runtime"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/bench/sys"
)

// AcceptAndClose closes each connection as soon as it has it.
func AcceptAndClose(v Variant, _ Point) (Subject, error) {
	return serveWith(v.sockets(), func(c net.Conn) { c.Close() })
}

// RawAcceptAndClose is the floor: one thread that blocks in accept4.
func RawAcceptAndClose(Variant, Point) (Subject, error) {
	ln, port, err := sys.Listen()
	if err != nil {
		return Subject{}, err
	}
	if err := unix.SetNonblock(ln, false); err != nil {
		return Subject{}, err
	}
	go func() {
		runtime.LockOSThread()
		for {
			fd, _, err := unix.Accept4(ln, unix.SOCK_CLOEXEC)
			switch err {
			case nil:
				unix.Close(fd)
			case unix.EINTR, unix.ECONNABORTED:
			default:
				log.Fatal("raw accept: ", err)
			}
		}
	}()
	return Subject{Addr: fmt.Sprintf("127.0.0.1:%d", port)}, nil
}
