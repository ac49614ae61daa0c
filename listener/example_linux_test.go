package listener_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"time"

	"github.com/a57b2d82/netpoller"
)

// Backlog connections may wait to be accepted. A ListenConfig without a Backlog lets as many
// wait as the kernel allows, as package net does.
func ExampleListenConfig() {
	lc := netpoller.ListenConfig{Backlog: 16}
	ln, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer ln.Close()

	for range 3 { // nobody accepts yet
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			log.Fatal(err)
		}
		defer c.Close()
	}
	accepted := 0
	for range 3 {
		c, err := ln.Accept()
		if err != nil {
			log.Fatal(err)
		}
		c.Close()
		accepted++
	}
	fmt.Println("accepted", accepted)
	// Output: accepted 3
}

// Several listeners with ReusePort have the same address, and the kernel spreads new
// connections over them. Each listener here has a reactor of its own, which also watches
// the connections that the listener accepts.
func ExampleListenConfig_reusePort() {
	addr := "127.0.0.1:0" // any port for the first; the second takes the same
	for range 2 {
		group := netpoller.NewPollerGroup(netpoller.PollerConfig{Pollers: 1})
		defer group.Close()
		lc := netpoller.ListenConfig{ReusePort: true, Poller: group}
		ln, err := lc.Listen(context.Background(), "tcp", addr)
		if err != nil {
			log.Fatal(err)
		}
		defer ln.Close()
		fmt.Println("the same address:", addr == ln.Addr().String())
		addr = ln.Addr().String()
	}
	// Output:
	// the same address: false
	// the same address: true
}

// A deadline ends an Accept that waits. The listener accepts again when it has a later
// deadline, or none.
func ExampleTCPListener_SetDeadline() {
	ln, err := netpoller.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		log.Fatal(err)
	}
	defer ln.Close()

	ln.SetDeadline(time.Now().Add(time.Millisecond))
	_, err = ln.Accept()
	fmt.Println(errors.Is(err, os.ErrDeadlineExceeded))

	ln.SetDeadline(time.Time{})
	peer, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	defer peer.Close()
	c, err := ln.Accept()
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	fmt.Println("accepted")
	// Output:
	// true
	// accepted
}
