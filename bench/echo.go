//go:build linux

package main

import (
	"net"
	"time"
)

var echoScenario = scenario{
	key: "echo", title: "Echo", unit: "request",
	shows: "A server reads a request and writes it back: what a request costs where the socket is all there is to pay for. " +
		"Closed loop: a request goes out when the reply to the one before is complete.",
	points:    crossed([]int{1, 64, 1000, 10000}, []int{64, 4 << 10, 64 << 10}),
	start:     serveEach(echo),
	raw:       startRaw(rawEcho),
	cloudwego: startCloudwego,
	load:      loadEcho,
	compared:  []string{"per_second", "cpu"},
	others:    []string{"p50", "p99", "p99_9", "allocs"},
}

var deadlineScenario = scenario{
	key: "deadline", title: "Echo with a deadline before each Read", unit: "request",
	shows: "SetReadDeadline(now + 30 s) before each Read, as a server does that gives up on a silent peer. Beside echo " +
		"it shows what the deadline costs.",
	points:   crossed([]int{1, 64, 1000}, []int{64}),
	start:    serveEach(func(c net.Conn) { echo(limitedConn{c, readLimit}) }),
	load:     loadEcho,
	compared: echoScenario.compared,
	others:   echoScenario.others,
}

var timeoutScenario = scenario{
	key: "timeout", title: "Echo with a limit for each Read", unit: "request",
	shows: "The same promise by netpoller.WithTimeout, which arms nothing while data is there. With net it takes a " +
		"SetReadDeadline before each Read.",
	points: deadlineScenario.points,
	start: func(v variant, p point) (subject, error) {
		s := v.sockets()
		return serveWith(s, func(c net.Conn) { echo(s.limitReads(c, readLimit)) })
	},
	load:     loadEcho,
	compared: echoScenario.compared,
	others:   echoScenario.others,
}

const (
	readLimit = 30 * time.Second
	// bufferSize is what every variant reads into: larger than the usual request, as in real servers.
	bufferSize = 4096
)

// serveEach is a server as most programs write it: a goroutine per connection.
func serveEach(handle func(net.Conn)) starter {
	return func(v variant, p point) (subject, error) { return serveWith(v.sockets(), handle) }
}

func serveWith(s sockets, handle func(net.Conn)) (subject, error) {
	ln, err := s.listen("tcp", "127.0.0.1:0")
	if err != nil {
		return subject{}, err
	}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go handle(c)
		}
	}()
	return subject{addr: ln.Addr().String()}, nil
}

func echo(c net.Conn) {
	defer c.Close()
	buf := make([]byte, bufferSize)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if _, err := c.Write(buf[:n]); err != nil {
			return
		}
	}
}

func loadEcho(srv *server, p point) (loader, error) {
	return newClient(srv.hello.Addr, p.Conns, echoDialogue(p.Size))
}
