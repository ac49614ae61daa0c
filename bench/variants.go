//go:build linux

package main

import (
	"context"
	"net"

	"github.com/a57b2d82/netpoller"
)

// variant is one way to write the echo server.
type variant struct {
	key   string // in flags, JSON and the server's environment
	title string // in the table
	// start serves echo on a loopback address in the background, for as long as the process lives.
	start func() (addr string, err error)
}

var variants = []variant{
	{"net", "net", startNet},
	{"parked", "netpoller parked", func() (string, error) { return startNetpoller(netpoller.WaitParked) }},
	{"thread", "netpoller thread", func() (string, error) { return startNetpoller(netpoller.WaitThread) }},
	{"raw", "raw epoll", startRaw},
}

// baseline is the variant the others are compared with.
const baseline = "net"

func variantByKey(key string) (variant, bool) {
	for _, v := range variants {
		if v.key == key {
			return v, true
		}
	}
	return variant{}, false
}

func variantKeys() []string {
	var keys []string
	for _, v := range variants {
		keys = append(keys, v.key)
	}
	return keys
}

func startNet() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	return startListener(ln, err)
}

func startNetpoller(wait netpoller.Wait) (string, error) {
	lc := netpoller.ListenConfig{Poller: netpoller.NewGroup(netpoller.Config{Wait: wait})}
	ln, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
	return startListener(ln, err)
}

// startListener is the server as most programs write it: a goroutine per connection. The same code serves net and
// netpoller, so that nothing but the package differs.
func startListener(ln net.Listener, err error) (string, error) {
	if err != nil {
		return "", err
	}
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go echo(c)
		}
	}()
	return ln.Addr().String(), nil
}

// bufferSize is what every variant reads into: larger than the usual request, as in real servers.
const bufferSize = 4096

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
