package servers

import (
	"fmt"
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"

	"github.com/a57b2d82/netpoller/bench/sys"
)

// StreamLength is the bytes of an answer of Stream and SendFile.
const StreamLength = 16 << 20

// Stream answers each request with StreamLength bytes, in Writes of the point's size.
func Stream(v Variant, p Point) (Subject, error) {
	return serveWith(v.sockets(), func(c net.Conn) { onRequest(c, writerOf(p.Size)) })
}

// RawStream serves one connection after the other, as RawSendFile does; with eight the others wait.
func RawStream(_ Variant, p Point) (Subject, error) { return startRaw(rawStream(p.Size)) }

// SendFile answers each request with a file of StreamLength bytes, by io.Copy.
func SendFile(v Variant, _ Point) (Subject, error) {
	file, err := memoryFile()
	if err != nil {
		return Subject{}, err
	}
	return serveWith(v.sockets(), func(c net.Conn) { sendFile(c, file) })
}

// RawSendFile answers with sendfile.
func RawSendFile(Variant, Point) (Subject, error) {
	file, err := memoryFile()
	if err != nil {
		return Subject{}, err
	}
	return startRaw(rawSendfile(int(file.Fd())))
}

// onRequest calls answer for each request until one fails.
func onRequest(c net.Conn, answer func(net.Conn) error) {
	defer c.Close()
	var request [8]byte
	for {
		if _, err := io.ReadFull(c, request[:]); err != nil {
			return
		}
		if err := answer(c); err != nil {
			return
		}
	}
}

func writerOf(size int) func(net.Conn) error {
	chunk := make([]byte, size)
	return func(c net.Conn) error {
		for left := StreamLength; left > 0; {
			n, err := c.Write(chunk[:min(left, size)])
			if err != nil {
				return err
			}
			left -= n
		}
		return nil
	}
}

// memoryFile returns a file of StreamLength bytes that no disk knows of.
func memoryFile() (*os.File, error) {
	fd, err := unix.MemfdCreate("bench", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	f := os.NewFile(uintptr(fd), "bench")
	_, err = f.Write(make([]byte, StreamLength))
	return f, err
}

// sendFile opens the file anew: each connection has its own place in it.
func sendFile(c net.Conn, file *os.File) {
	own, err := os.Open(fmt.Sprintf("/proc/self/fd/%d", file.Fd()))
	if err != nil {
		c.Close()
		return
	}
	defer own.Close()
	onRequest(c, func(c net.Conn) error {
		if _, err := own.Seek(0, io.SeekStart); err != nil {
			return err
		}
		n, err := io.Copy(c, own)
		if err == nil && n != StreamLength {
			err = io.ErrShortWrite
		}
		return err
	})
}

func rawStream(size int) rawHandler {
	chunk := make([]byte, size)
	return onRawRequest(func(fd int) bool {
		for left := StreamLength; left > 0; left -= size {
			if !rawSend(fd, chunk[:min(left, size)]) {
				return false
			}
		}
		return true
	})
}

func rawSendfile(file int) rawHandler {
	return onRawRequest(func(fd int) bool {
		for offset := int64(0); offset < StreamLength; {
			_, err := unix.Sendfile(fd, file, &offset, StreamLength-int(offset))
			switch err {
			case nil, unix.EINTR:
			case unix.EAGAIN:
				unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, -1)
			default:
				return false
			}
		}
		return true
	})
}

// onRawRequest relies on a request being one segment, which eight bytes on loopback are.
func onRawRequest(answer func(fd int) bool) rawHandler {
	return func(fd int, _ uint32, buf []byte) bool {
		for {
			n, errno := sys.Read(fd, buf[:8])
			switch {
			case errno == unix.EAGAIN:
				return true
			case errno == unix.EINTR:
			case errno != 0 || n != 8 || !answer(fd):
				return false
			}
		}
	}
}
