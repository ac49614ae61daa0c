//go:build linux

package main

import (
	"context"
	"net"
	"time"

	"github.com/a57b2d82/netpoller"
)

// variant is one way to do the work.
type variant struct {
	key   string // in flags, JSON and the subject's environment
	title string // in tables
	// sockets makes sockets of package net's kind; nil where there are none.
	sockets func() sockets
}

// sockets are what a package offers. The work is done by the same code for all that have them, so that nothing but the
// package differs.
type sockets struct {
	listen       func(network, addr string) (net.Listener, error)
	listenPacket func(network, addr string) (net.PacketConn, error)
	dial         func(network, addr string) (net.Conn, error)
	limitReads   func(c net.Conn, d time.Duration) net.Conn
}

var variants = []variant{
	{"net", "net", netSockets},
	{"nested", "netpoller nested", func() sockets { return netpollerSockets(netpoller.PollerNested) }},
	{"thread", "netpoller thread", func() sockets { return netpollerSockets(netpoller.PollerThread) }},
	{"cloudwego", "cloudwego/netpoll", nil},
	{"raw", "raw epoll", nil},
}

const (
	// baseline is the variant the others are compared with.
	baseline = "net"
	// overviewVariants are those that run if nothing else is asked for.
	overviewVariants = "net,nested,thread,raw"
)

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

func netSockets() sockets {
	return sockets{
		listen:       net.Listen,
		listenPacket: net.ListenPacket,
		dial:         net.Dial,
		limitReads:   func(c net.Conn, d time.Duration) net.Conn { return limitedConn{c, d} },
	}
}

// limitedConn is how a limit for each Read is written with package net.
type limitedConn struct {
	net.Conn
	limit time.Duration
}

func (c limitedConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.limit)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

func netpollerSockets(wait netpoller.PollerStrategy) sockets {
	group := netpoller.NewPollerGroup(netpoller.PollerConfig{Strategy: wait})
	lc := netpoller.ListenConfig{Poller: group}
	d := netpoller.Dialer{Poller: group}
	return sockets{
		listen: func(network, addr string) (net.Listener, error) {
			return lc.Listen(context.Background(), network, addr)
		},
		listenPacket: func(network, addr string) (net.PacketConn, error) {
			return lc.ListenPacket(context.Background(), network, addr)
		},
		dial: d.Dial,
		limitReads: func(c net.Conn, d time.Duration) net.Conn {
			return netpoller.WithTimeout(c, d, 0)
		},
	}
}
