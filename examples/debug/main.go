//go:build linux

// Command debug serves the page of package debug, and makes something to see: echoes, connections
// that only wait, deadlines that pass, a peer that does not read.
//
//	go run ./examples/debug
//	go run ./examples/debug -listen 127.0.0.1:7070 -conns 1000
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"net/http"
	"time"

	net "github.com/a57b2d82/netpoller"
	"github.com/a57b2d82/netpoller/debug"
)

func main() {
	address := flag.String("listen", "127.0.0.1:7070", "where the page is")
	conns := flag.Int("conns", 100, "connections that only wait")
	flag.Parse()
	log.SetFlags(0)

	group := net.NewPollerGroup(net.PollerConfig{Pollers: 2})
	http.Handle("/debug/netpoller/", http.StripPrefix("/debug/netpoller", debug.Handler(group)))
	page, err := net.Listen("tcp", *address) // of the default group: the page does not show itself
	check(err)
	fmt.Printf("http://%s/debug/netpoller/\n", page.Addr())

	ln, err := (&net.ListenConfig{Poller: group}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	check(err)
	go serve(ln)
	dial := func() net.Conn {
		c, err := (&net.Dialer{Poller: group}).Dial("tcp", ln.Addr().String())
		check(err)
		return c
	}
	for i := range 4 {
		go ask(dial(), time.Duration(50*(i+1))*time.Millisecond)
	}
	go waitInVain(dial())
	go flood(dial())
	for range *conns {
		dial().(*net.TCPConn).NotifyReadable(func() {}) // without a goroutine
	}
	log.Fatal(http.Serve(page, nil))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// serve sends back whatever each connection sends.
func serve(ln net.Listener) {
	for {
		c, err := ln.Accept()
		check(err)
		go func() {
			defer c.Close()
			buffer := make([]byte, 1024)
			for {
				n, err := c.Read(buffer)
				if err != nil {
					return
				}
				if _, err := c.Write(buffer[:n]); err != nil {
					return
				}
			}
		}()
	}
}

// ask sends a question and waits for its echo, with a deadline, each pause again.
func ask(c net.Conn, pause time.Duration) {
	answer := make([]byte, 5)
	for {
		check(c.SetDeadline(time.Now().Add(5 * time.Second)))
		_, err := c.Write([]byte("hello"))
		check(err)
		_, err = io.ReadFull(c, answer)
		check(err)
		time.Sleep(pause)
	}
}

// waitInVain reads until a deadline passes, again and again.
func waitInVain(c net.Conn) {
	for {
		check(c.SetReadDeadline(time.Now().Add(2 * time.Second)))
		c.Read(make([]byte, 1))
		time.Sleep(500 * time.Millisecond)
	}
}

// flood writes and never reads the echo: soon the buffers are full, and both ends wait to write.
func flood(c net.Conn) {
	for {
		_, err := c.Write(make([]byte, 1<<16))
		check(err)
	}
}
