package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

const streamLength = 16 << 20

var streamScenario = scenario{
	key: "stream", title: "Streaming: Write", unit: "MiB",
	shows: "The server answers a request of 8 bytes with 16 MiB, in Writes of the given size; the client takes them off " +
		"the socket without copying, so the writing side is the slow one. Per MiB.",
	points: []point{
		{Conns: 1, Size: 64 << 10}, {Conns: 1, Size: 256 << 10}, {Conns: 1, Size: 1 << 20},
		{Conns: 8, Size: 64 << 10}, {Conns: 8, Size: 1 << 20},
	},
	start: func(v variant, p point) (subject, error) {
		return serveWith(v.sockets(), func(c net.Conn) { onRequest(c, writerOf(p.Size)) })
	},
	raw: func(v variant, p point) (subject, error) { return startRaw(rawStream(p.Size))(v, p) },
	load: func(srv *server, p point) (loader, error) {
		return newClient(srv.hello.Addr, p.Conns, streamDialogue())
	},
	compared: []string{"per_second", "cpu"},
}

var sendfileScenario = scenario{
	key: "sendfile", title: "Sending a file", unit: "MiB",
	shows:  "The same with io.Copy from a file of 16 MiB in memory, which both packages hand to sendfile.",
	points: []point{{Conns: 1}, {Conns: 8}},
	start: func(v variant, _ point) (subject, error) {
		file, err := memoryFile()
		if err != nil {
			return subject{}, err
		}
		return serveWith(v.sockets(), func(c net.Conn) { sendFile(c, file) })
	},
	raw: func(v variant, p point) (subject, error) {
		file, err := memoryFile()
		if err != nil {
			return subject{}, err
		}
		return startRaw(rawSendfile(int(file.Fd())))(v, p)
	},
	load:     streamScenario.load,
	compared: []string{"per_second", "cpu"},
}

// streamDialogue asks for streamLength bytes, which are not looked at.
func streamDialogue() *dialogue {
	request := make([]byte, 8)
	return &dialogue{network: "tcp", request: request, length: streamLength, units: streamLength >> 20,
		stamp: func(seq uint64) { binary.LittleEndian.PutUint64(request, seq) }}
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
		for left := streamLength; left > 0; {
			n, err := c.Write(chunk[:min(left, size)])
			if err != nil {
				return err
			}
			left -= n
		}
		return nil
	}
}

// memoryFile returns a file of streamLength bytes that no disk knows of.
func memoryFile() (*os.File, error) {
	fd, err := unix.MemfdCreate("bench", unix.MFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("memfd_create: %w", err)
	}
	f := os.NewFile(uintptr(fd), "bench")
	_, err = f.Write(make([]byte, streamLength))
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
		if err == nil && n != streamLength {
			err = io.ErrShortWrite
		}
		return err
	})
}

// rawStream and rawSendfile serve one connection after the other; with eight the others wait.
func rawStream(size int) rawHandler {
	chunk := make([]byte, size)
	return onRawRequest(func(fd int) bool {
		for left := streamLength; left > 0; left -= size {
			if !rawSend(fd, chunk[:min(left, size)]) {
				return false
			}
		}
		return true
	})
}

func rawSendfile(file int) rawHandler {
	return onRawRequest(func(fd int) bool {
		for offset := int64(0); offset < streamLength; {
			_, err := unix.Sendfile(fd, file, &offset, streamLength-int(offset))
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
			n, errno := rawRead(fd, buf[:8])
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
