package servers

import (
	"fmt"
	"log"
	"net"
	"runtime"

	"golang.org/x/sys/unix"
)

// AcceptAndClose closes each connection as soon as it has it.
func AcceptAndClose(v Variant, _ Point) (Subject, error) {
	return serveWith(v.sockets(), func(c net.Conn) { c.Close() })
}

// RawAcceptAndClose is the floor: one thread that blocks in accept4.
func RawAcceptAndClose(Variant, Point) (Subject, error) { return rawOneByOne(func(int, []byte) {}) }

// RawOneShot is the floor: one thread that blocks in accept4 and in read, where the request is already or comes soon.
func RawOneShot(Variant, Point) (Subject, error) {
	return rawOneByOne(func(fd int, buf []byte) {
		if n, err := unix.Read(fd, buf); err == nil && n > 0 {
			rawSend(fd, buf[:n])
		}
	})
}

// rawOneByOne serves one connection after the other, with system calls that block, and closes each.
func rawOneByOne(serve func(fd int, buf []byte)) (Subject, error) {
	ln, port, err := rawListen()
	if err != nil {
		return Subject{}, err
	}
	if err := unix.SetNonblock(ln, false); err != nil {
		return Subject{}, err
	}
	go func() {
		runtime.LockOSThread()
		for buf := make([]byte, BufferSize); ; {
			fd, _, err := unix.Accept4(ln, unix.SOCK_CLOEXEC)
			switch err {
			case nil:
				serve(fd, buf)
				unix.Close(fd)
			case unix.EINTR, unix.ECONNABORTED:
			default:
				log.Fatal("raw accept: ", err)
			}
		}
	}()
	return Subject{Addr: fmt.Sprintf("127.0.0.1:%d", port)}, nil
}
