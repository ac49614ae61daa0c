//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
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
