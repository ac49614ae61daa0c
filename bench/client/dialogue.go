//go:build linux

package client

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/a57b2d82/netpoller/bench/servers"
)

// dialogue is what a client says and what it must hear. Every request has a number, which is stamped into the request and
// into the reply that is expected; all else is the same in all of them, so one copy serves all connections.
type dialogue struct {
	network string // "tcp" or "udp"
	request []byte
	reply   []byte // nil if nobody looks at the reply
	length  int    // of the reply
	stamp   func(seq uint64)
	units   int // what a request counts for
}

// stampEvery is the distance between copies of the number in a long message: one that mixes two requests is noticed.
const stampEvery = 4096

// echoDialogue expects every byte of a request back.
func echoDialogue(size int) *dialogue {
	message := make([]byte, size)
	for i := range message {
		message[i] = byte(i * 31)
	}
	stamp := func(seq uint64) {
		var number [8]byte
		binary.LittleEndian.PutUint64(number[:], seq)
		for i := 0; i < size; i += stampEvery {
			copy(message[i:], number[:])
		}
	}
	return &dialogue{network: "tcp", request: message, reply: message, length: size, stamp: stamp, units: 1}
}

// emptyDialogue says and expects nothing.
func emptyDialogue() *dialogue {
	return &dialogue{network: "tcp", units: 1, stamp: func(uint64) {}}
}

// httpDialogue is minimal HTTP/1.1 for servers.HTTP.
func httpDialogue(size int) *dialogue {
	return newHTTPDialogue("HTTP/1.1", "Host: bench\r\n", size)
}

// oneShotHTTPDialogue is the same in HTTP/1.0, where a connection ends with its reply.
func oneShotHTTPDialogue(size int) *dialogue { return newHTTPDialogue("HTTP/1.0", "", size) }

func newHTTPDialogue(version, header string, size int) *dialogue {
	const number = "0000000000000000"
	size = max(size, len("/"+number))
	request := []byte("GET /" + number + " " + version + "\r\n" + header + "\r\n")
	reply := fmt.Appendf(nil, "%s 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n", version, size)
	body := len(reply)
	reply = fmt.Appendf(reply, "%-*s", size, "/"+number)
	return &dialogue{network: "tcp", request: request, reply: reply, length: len(reply), units: 1, stamp: func(seq uint64) {
		stampHex(request[len("GET /"):], seq)
		stampHex(reply[body+1:], seq)
	}}
}

// stampHex writes 16 digits.
func stampHex(p []byte, seq uint64) {
	const digits = "0123456789abcdef"
	for i := 15; i >= 0; i-- {
		p[i] = digits[seq&15]
		seq >>= 4
	}
}

// streamDialogue asks for servers.StreamLength bytes, which are not looked at.
func streamDialogue() *dialogue {
	request := make([]byte, 8)
	return &dialogue{network: "tcp", request: request, length: servers.StreamLength, units: servers.StreamLength >> 20,
		stamp: func(seq uint64) { binary.LittleEndian.PutUint64(request, seq) }}
}

// check compares a piece of the reply to request seq.
func (d *dialogue) check(seq uint64, offset int, piece []byte) error {
	if d.reply == nil {
		return nil
	}
	d.stamp(seq)
	want := d.reply[offset : offset+len(piece)]
	if !bytes.Equal(want, piece) {
		head := min(32, len(piece))
		return fmt.Errorf("wrong reply: expected %x at byte %d, got %x", want[:head], offset, piece[:head])
	}
	return nil
}
