// Command sanitized sends or receives with memory from C, over a connection of package net
// or of ours. It is built with -msan or -asan, by TestSanitizers.
package main

// #include <stdlib.h>
import "C"

import (
	"fmt"
	"io"
	"net"
	"os"
	"unsafe"

	"github.com/a57b2d82/netpoller"
)

const size = 100

func main() {
	pkg, mode := os.Args[1], os.Args[2]
	listen, dial := net.Listen, net.Dial
	if pkg == "netpoller" {
		listen, dial = netpoller.Listen, netpoller.Dial
	}
	ln, err := listen("tcp", "127.0.0.1:0")
	check(err)
	c, err := dial("tcp", ln.Addr().String())
	check(err)
	peer, err := ln.Accept()
	check(err)

	memory := C.malloc(size) // without a value
	p := unsafe.Slice((*byte)(memory), size)
	switch mode {
	case "receive":
		receive(c, peer, p)
		sum := 0
		for _, b := range p {
			sum += int(b)
		}
		if sum != size*'x' {
			panic(sum)
		}
		C.free(memory)
	case "send":
		for i := range p {
			p[i] = 'x'
		}
		_, err = c.Write(p)
		check(err)
		C.free(memory)
	case "send without a value":
		_, err = c.Write(p)
		check(err)
	case "receive into what was freed":
		C.free(memory)
		receive(c, peer, p)
	case "send what was freed":
		C.free(memory)
		_, err = c.Write(p)
		check(err)
	}
	fmt.Println("not reported")
}

func receive(c, peer net.Conn, p []byte) {
	data := make([]byte, len(p))
	for i := range data {
		data[i] = 'x'
	}
	_, err := peer.Write(data)
	check(err)
	_, err = io.ReadFull(c, p)
	check(err)
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
